"""
Periods of the school day, the calendar, and the moments at which a bell rings.

Times of day are the school's wall clock; moments are aware; intervals are half-open. On the
night the clocks go back a wall-clock time happens twice: a period starts at the first.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator


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


class SchoolTime(msgspec.Struct, frozen=True):
    """The school's zone, calendar and timetable, and the working hours staff have by default."""

    zone: str
    calendar: Calendar
    timetable: Timetable
    staff_hours: WorkingHours

    def bells_on(self, day: date, *, for_pupils: bool) -> tuple[PeriodStart, ...]:
        """Return the bells of *day*: none when the school is closed."""
        if not self.calendar.is_school_day(day, for_pupils=for_pupils):
            return ()
        return self.timetable.days[day.weekday()]

    def period_at(self, moment: datetime, *, for_pupils: bool) -> Period:
        """Return the period at *moment*: slow and obvious, the definition of `Timeline`."""
        zone = ZoneInfo(self.zone)
        period = Period.CLOSED
        day = local_date(moment, zone)
        for bell in self.bells_on(day, for_pupils=for_pupils):
            if moment_of(day, bell.at, zone) <= moment:
                period = bell.period
        return period

    def is_within(self, hours: WorkingHours, moment: datetime) -> bool:
        """Whether *moment* is in *hours* of a day on which the timetable runs for staff."""
        zone = ZoneInfo(self.zone)
        day = local_date(moment, zone)
        if not self.bells_on(day, for_pupils=False):
            return False
        return moment_of(day, hours.start, zone) <= moment < moment_of(day, hours.end, zone)

    def horizon(self, moment: datetime) -> datetime:
        """
        Return the moment up to which the calendar says what days there are.

        Beyond the calendar's end no day is known, so there a decision holds until midnight.
        """
        zone = ZoneInfo(self.zone)
        days = [local_date(moment, zone), *(term.last for term in self.calendar.terms)]
        return moment_of(max(days) + timedelta(days=1), time(0), zone)


def require_aware(moment: datetime) -> datetime:
    """Return *moment* in UTC. Raises ValueError if it is naive."""
    if moment.tzinfo is None:
        raise ValueError("moment must be timezone-aware")
    return moment.astimezone(UTC)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """Return the school's date at *moment* (aware)."""
    require_aware(moment)
    return moment.astimezone(zone).date()


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which the school's clock first shows *at* on *day*."""
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


class Timeline:
    """The periods of one kind of subject over the whole calendar, ready for bisection."""

    def __init__(self, school_time: SchoolTime, *, for_pupils: bool) -> None:
        zone = ZoneInfo(school_time.zone)
        starts: list[datetime] = []
        periods: list[Period] = []
        current = Period.CLOSED
        for term in sorted(school_time.calendar.terms, key=lambda each: each.first):
            for offset in range((term.last - term.first).days + 1):
                day = term.first + timedelta(days=offset)
                bells = school_time.bells_on(day, for_pupils=for_pupils)
                midnight = PeriodStart(time(0), Period.CLOSED)
                for bell in (midnight, *bells):
                    if bell.period is not current:
                        starts.append(moment_of(day, bell.at, zone))
                        periods.append(bell.period)
                        current = bell.period
            if current is not Period.CLOSED:
                starts.append(moment_of(term.last + timedelta(days=1), time(0), zone))
                periods.append(Period.CLOSED)
                current = Period.CLOSED
        self._starts = starts
        self._periods = periods

    def period_at(self, moment: datetime) -> Period:
        """Return the period at *moment* (aware)."""
        position = bisect_right(self._starts, moment)
        return self._periods[position - 1] if position else Period.CLOSED

    def bells_after(self, moment: datetime) -> Iterator[datetime]:
        """Yield, in order, the moments after *moment* at which the period changes."""
        yield from self._starts[bisect_right(self._starts, moment) :]
