"""
Periods of the school day, the calendar, and the moments at which a bell rings.

Times of day are the school's wall clock; moments are aware; intervals are half-open. On the
night the clocks go back a wall-clock time happens twice: a period starts at the first. On the
night they go forward some never happen: their bells ring as the clocks change.
"""

import functools
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec


class Period(StrEnum):
    """What the school is doing for a subject."""

    LESSON = "lesson"
    BREAK = "break"
    LUNCH = "lunch"
    BEFORE_SCHOOL = "before-school"
    AFTER_SCHOOL = "after-school"
    CLOSED = "closed"


class WorkingHours(msgspec.Struct, frozen=True):
    """A person's own working hours on a school day, [start, end) on the school's wall clock."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"working hours must start before they end: {self.start}-{self.end}")


class PeriodStart(msgspec.Struct, frozen=True):
    """A bell: from *at* on, until the next one of the day, it is *period*."""

    at: time
    period: Period


class Timetable(msgspec.Struct, frozen=True):
    """
    The bells of each weekday, Monday first, each day's in order.

    Before a day's first bell it is closed; a day without bells is closed all day.
    """

    id: str
    days: tuple[tuple[PeriodStart, ...], ...]

    def __post_init__(self) -> None:
        if len(self.days) != 7:  # noqa: PLR2004 - a week has seven days
            raise ValueError(f"timetable `{self.id}` must name seven days, Monday first")
        for bells in self.days:
            if any(a.at >= b.at for a, b in pairwise(bells)):
                raise ValueError(f"timetable `{self.id}`: the bells of a day must be in order")


class DateRange(msgspec.Struct, frozen=True):
    """Days from *first* to *last*, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"{self.first} is after {self.last}")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


class Calendar(msgspec.Struct, frozen=True):
    """
    Which days are school days.

    Outside *terms*, in *half_terms* and on *bank_holidays* the school is closed for everybody;
    on *inset_days* for pupils alone.
    """

    id: str
    terms: tuple[DateRange, ...]
    half_terms: tuple[DateRange, ...] = ()
    bank_holidays: frozenset[date] = frozenset()
    inset_days: frozenset[date] = frozenset()

    def is_school_day(self, day: date, *, for_pupils: bool) -> bool:
        """Whether the timetable runs on *day*, weekends aside."""
        if not any(day in term for term in self.terms):
            return False
        if day in self.bank_holidays or any(day in half_term for half_term in self.half_terms):
            return False
        return not (for_pupils and day in self.inset_days)


def require_aware(moment: datetime) -> datetime:
    """Return *moment* in UTC. Raises ValueError if it is naive."""
    if moment.tzinfo is None:
        raise ValueError("moment must be timezone-aware")
    return moment.astimezone(UTC)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """Return the school's date at *moment* (aware)."""
    require_aware(moment)
    return moment.astimezone(zone).date()


# A year has a few thousand bells, and each is asked for again and again.
@functools.lru_cache(maxsize=16_384)
def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """
    Return the moment, in UTC, at which the school's clock first shows *at* or later on *day*.

    A time that is skipped when the clocks go forward comes with the first one after it.
    """
    local = datetime.combine(day, at.replace(fold=0), tzinfo=zone)
    first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    # Of a time that comes twice the second is later; of one that never comes, `fold` reckons with
    # the clock as it was and as it will be, so that the change lies between them.
    return first if first <= second else _change_between(second, first, zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment in (before, after] at which the clocks change."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
