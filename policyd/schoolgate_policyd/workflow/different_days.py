"""
"Today is different": days that the head directs at once, in a few presses.

A snow day, an INSET day or an exam day needs no draft: the head says it, and policyd takes it up
as a one-off day of the policy in force, which is proved again with it before it is. Only whole
days out of what every school knows are offered, so that nothing new can be written this way;
bells of their own, trips and other plans are drafted.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.school_time import OneOff, SchoolTime, TimetableUse
from schoolgate_policyd.core.subjects import OLDEST_YEAR, YOUNGEST_YEAR, Audience
from schoolgate_policyd.core.times import DateRange, Period, PeriodStart, Timetable
from schoolgate_policyd.workflow.entries import Entry

FIELDS = ("kind", "first", "last", "years", "name")
LONGEST = timedelta(days=14)
FURTHEST = timedelta(days=400)
MAX_NAME = 80
MOST_AT_ONCE = 40

_FREE = frozenset({Period.BREAK, Period.LUNCH})


class DayKind(StrEnum):
    """How such a day goes."""

    CLOSED = "closed"
    CLOSED_FOR_PUPILS = "closed-for-pupils"
    LESSONS = "lessons"


class DayEntry(msgspec.Struct, frozen=True):
    """Days from *first* to *last* that are different; *years* None means every year group."""

    kind: DayKind
    first: date
    last: date
    name: str
    years: tuple[int, int] | None = None


class DifferentDay(msgspec.Struct, frozen=True):
    """A day that the head directed (*at*: machine time, aware)."""

    id: int
    entry: DayEntry
    directed_by: str
    at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None


def parse_day(raw: Mapping[str, str], *, today: date) -> DayEntry:
    """Return what was entered on *today*. Raises InvalidForm with every mistake."""
    entry = Entry(raw, FIELDS)
    kinds = {each.value: each.value for each in DayKind}
    kind = entry.choice("kind", kinds, "Say how the day goes.")
    first = entry.day("first", "Enter the day.")
    last = entry.day("last", "") if raw.get("last", "").strip() else first
    if first is not None and not today <= first <= today + FURTHEST:
        entry.mistake("first", "Enter today or a later day within about a year.")
    if first is not None and last is not None and not first <= last <= first + LONGEST:
        entry.mistake("last", "The last day must be at most two weeks after the first.")
    years = _years_in(entry, raw.get("years", ""))
    if years is not None and kind == DayKind.CLOSED:
        entry.mistake("years", "A closed school is closed for everybody: leave this empty.")
    name = entry.line("name", "Say what it is, like Snow.", MAX_NAME)
    entry.raise_mistakes()
    return DayEntry(
        DayKind(kind or DayKind.CLOSED), first or today, last or first or today, name, years
    )


def one_offs(days: tuple[DayEntry, ...], time: SchoolTime) -> tuple[OneOff, ...]:
    """Return the one-off days that *days* are in the school's *time*."""
    return tuple(one_off for each in days for one_off in _one_offs_of(each, time))


def with_days(time: SchoolTime, days: tuple[DayEntry, ...]) -> SchoolTime:
    """Return *time* with *days* beside its own one-off days."""
    added = one_offs(days, time)
    return msgspec.structs.replace(time, one_off=(*time.one_off, *added)) if added else time


def _one_offs_of(day: DayEntry, time: SchoolTime) -> Iterator[OneOff]:
    dates = DateRange(day.first, day.last)
    match day.kind:
        case DayKind.CLOSED:
            yield OneOff(dates, day.name, _CLOSED)
        case DayKind.CLOSED_FOR_PUPILS:
            pupils = Membership(audience=frozenset({Audience.PUPIL}), year_groups=day.years)
            yield OneOff(dates, day.name, _CLOSED, pupils)
        case DayKind.LESSONS:
            for use in time.timetables:
                yield OneOff(dates, day.name, _without_breaks(use), _members(use, day.years))


def _members(use: TimetableUse, years: tuple[int, int] | None) -> Membership:
    """Return whom *use* is for; with *years*, those of them in these year groups."""
    if years is None:
        return use.members
    return Membership(frozenset({Audience.PUPIL}), years, use.members.classes)


def _without_breaks(use: TimetableUse) -> Timetable:
    days = tuple(
        tuple(
            PeriodStart(bell.at, Period.LESSON if bell.period in _FREE else bell.period)
            for bell in bells
        )
        for bells in use.timetable.days
    )
    return Timetable(f"{use.timetable.id}-without-breaks", days)


def _years_in(entry: Entry, text: str) -> tuple[int, int] | None:
    text = text.replace("\N{EN DASH}", "-").strip()
    if not text:
        return None
    first, _, last = (part.strip() for part in text.partition("-"))
    ends = [first, last or first]
    if not all(each.isascii() and each.isdecimal() and len(each) <= 2 for each in ends):  # noqa: PLR2004 - two digits
        entry.mistake("years", "Enter year groups like 3-6, or one like 4.")
        return None
    found = (int(ends[0]), int(ends[1]))
    if not YOUNGEST_YEAR <= found[0] <= found[1] <= OLDEST_YEAR:
        entry.mistake("years", f"Year groups go from {YOUNGEST_YEAR} to {OLDEST_YEAR}, in order.")
        return None
    return found


_CLOSED = Timetable("closed", ((),) * 7)
