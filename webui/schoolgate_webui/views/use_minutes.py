"""
Estimated minutes of social media, per person and day.

The method: a minute counts in which at least one name of a social media service was allowed to a
device that was known as that person's, however many names, devices and points. A page that is left
open and asks for itself counts; a video that plays on one connection counts when it begins.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.day_words import weekday_words
from schoolgate_policyd.store.event_figures import DaySums
from schoolgate_webui.views.moments import Now

METHOD = (
    "An estimate: each minute counts once in which a name of a social media service was allowed "
    "to a device that was known as this person’s at that time. A page that is left open and asks "
    "for itself counts too; a long video counts only when it asks for something. Use where the "
    "person was not known, or on mobile data, is not in it."
)
_DAY_MINUTES = 24 * 60


class PersonDay(msgspec.Struct, frozen=True):
    """A person's use on one local day."""

    person: str
    day: date
    minutes: int
    services: frozenset[str]


class DayUse(msgspec.Struct, frozen=True):
    """How many minutes on a day of the school, and with which services, in words."""

    day: str
    minutes: int
    services: str


def person_days(days: Iterable[DaySums], now: Now) -> tuple[PersonDay, ...]:
    """
    Return each person's use on each local day, in the order of days and people.

    A day of the school lies in two of the files, which are days of UTC.
    """
    minutes: defaultdict[tuple[date, str], int] = defaultdict(int)
    services: defaultdict[tuple[date, str], set[str]] = defaultdict(set)
    for sums in days:
        halves = _halves(sums.day, now)
        for use in sums.use:
            for day, mask in halves if use.person else ():
                bits = use.minutes & mask
                if bits:
                    minutes[day, use.person] |= bits << _place(sums.day)
                    services[day, use.person].update(use.services)
    return tuple(
        PersonDay(person, day, bits.bit_count(), frozenset(services[day, person]))
        for (day, person), bits in sorted(minutes.items())
    )


def _halves(day: date, now: Now) -> tuple[tuple[date, int], ...]:
    """Return the local days that *day* (UTC) falls on, each with its minutes as bits."""
    start = datetime.combine(day, time(), UTC)
    whole = (1 << _DAY_MINUTES) - 1
    first = now.recorded(start).date()
    last = now.recorded(start + timedelta(minutes=_DAY_MINUTES - 1)).date()
    if first == last:
        return ((first, whole),)
    midnight = datetime.combine(last, time(), now.zone).astimezone(UTC)
    begins = -(-(midnight - (now.school - now.machine) - start) // timedelta(minutes=1))
    before = (1 << begins) - 1
    return (first, before), (last, whole & ~before)


def _place(day: date) -> int:
    # A local day lies in two days of UTC at most, which follow one another.
    return _DAY_MINUTES * (day.toordinal() % 2)


def day_use(used: PersonDay, services: Mapping[str, Service]) -> DayUse:
    """Return *used* in words."""
    named = sorted(services[each].name if each in services else each for each in used.services)
    day = weekday_words(used.day)
    return DayUse(day, used.minutes, ", ".join(named))
