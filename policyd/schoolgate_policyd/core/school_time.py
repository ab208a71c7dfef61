"""
What the school is doing for whom: calendar, timetables, one-off days, and who belongs to which.

Several timetables may run at once, and what is not known of a subject (their year group, their
class) leaves several possible for them. Nothing here chooses among those: a rule that blocks in
one of the possible periods blocks.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
    local_date,
    moment_of,
)

type Bells = tuple[PeriodStart, ...]

_ORDER = {period: position for position, period in enumerate(Period)}


class TimetableUse(msgspec.Struct, frozen=True):
    """A timetable and whom it is for."""

    timetable: Timetable
    members: Membership = Membership()


class OneOff(msgspec.Struct, frozen=True):
    """Days (a trip, an early closing, exams) on which some have a timetable of their own."""

    days: DateRange
    name: str
    timetable: Timetable
    members: Membership = Membership()


class Possible(msgspec.Struct, frozen=True):
    """A period that it may be for a subject; *is_school_day* says that bells ring that day."""

    period: Period
    is_school_day: bool


_LESSON = Possible(Period.LESSON, is_school_day=True)

# Whether a pupil, which timetables could be theirs, and of each one-off day whether it could be
# theirs and whether it is: subjects of the same have the same days.
type MembershipClass = tuple[bool, tuple[bool, ...], tuple[tuple[bool, bool], ...]]


class SchoolTime(msgspec.Struct, frozen=True):
    """
    The school's zone, calendar and timetables, and the working hours staff have by default.

    At least one timetable is in regular use. Since *doubted_since* (aware) nobody knows what time
    it is (`doubt`): at every moment it may be what it was then, or lesson.
    """

    zone: str
    calendar: Calendar
    timetables: tuple[TimetableUse, ...]
    staff_hours: WorkingHours
    one_off: tuple[OneOff, ...] = ()
    doubted_since: datetime | None = None

    def __post_init__(self) -> None:
        if not self.timetables:
            raise ValueError("a school needs a timetable")

    def regular_for(self, subject: Subject) -> tuple[TimetableUse, ...]:
        """
        Return the timetables that could be *subject*'s on an ordinary day, at least one.

        Where none could be, every timetable of their audience may be theirs, or every one.
        """
        uses = self.timetables
        could = tuple(each for each in uses if each.members.could_hold(subject))
        return could or tuple(e for e in uses if e.members.has_audience_of(subject)) or uses

    def possible_bells(self, day: date, subject: Subject) -> tuple[Bells, ...]:
        """Return the different days that *day* may be for *subject*; without bells: closed."""
        is_pupil = subject.audience is Audience.PUPIL
        if not self.calendar.is_school_day(day, for_pupils=is_pupil):
            return ((),)
        one_off = [e for e in self.one_off if day in e.days and e.members.could_hold(subject)]
        timetables = [each.timetable for each in one_off]
        # A one-off day that is theirs for certain replaces what is usual.
        if not any(each.members.holds(subject) for each in one_off):
            timetables += [each.timetable for each in self.regular_for(subject)]
        return tuple(dict.fromkeys(each.days[day.weekday()] for each in timetables))

    def possible_at(self, moment: datetime, subject: Subject) -> tuple[Possible, ...]:
        """Return what it may be at *moment* (aware) for *subject*, in the order of `Period`."""
        if self.doubted_since is not None:
            known = replace(self, doubted_since=None)
            return in_order({_LESSON, *known.possible_at(self.doubted_since, subject)})
        zone = ZoneInfo(self.zone)
        day = local_date(moment, zone)
        found = set[Possible]()
        for bells in self.possible_bells(day, subject):
            period = Period.CLOSED
            for bell in bells:
                if moment_of(day, bell.at, zone) <= moment:
                    period = bell.period
            found.add(Possible(period, is_school_day=bool(bells)))
        return in_order(found)

    def periods_at(self, moment: datetime, subject: Subject) -> tuple[Period, ...]:
        """
        Return every period that it may be at *moment* (aware) for *subject*, in their order.

        Slow and obvious: the definition of `Timeline`.
        """
        return periods_in(self.possible_at(moment, subject))

    def is_within(self, hours: WorkingHours, moment: datetime) -> bool:
        """Whether *moment* (aware) is in *hours* of its day."""
        zone = ZoneInfo(self.zone)
        day = local_date(moment, zone)
        return moment_of(day, hours.start, zone) <= moment < moment_of(day, hours.end, zone)

    def hours_of(self, subject: Subject) -> WorkingHours | None:
        """Return *subject*'s working hours, which staff alone have."""
        if subject.audience is not Audience.STAFF:
            return None
        return subject.hours or self.staff_hours

    def horizon(self, moment: datetime) -> datetime:
        """
        Return the moment up to which the calendar says what days there are.

        Beyond the calendar's end no day is known, so there a decision holds until midnight.
        """
        zone = ZoneInfo(self.zone)
        days = [local_date(moment, zone), *(term.last for term in self.calendar.terms)]
        return moment_of(max(days) + timedelta(days=1), time(0), zone)

    def class_of(self, subject: Subject) -> MembershipClass:
        """Return what *subject* shares with everybody whose days are possibly the same."""
        regular = self.regular_for(subject)
        members = [each.members for each in self.one_off]
        return (
            subject.audience is Audience.PUPIL,
            tuple(each in regular for each in self.timetables),
            tuple((each.could_hold(subject), each.holds(subject)) for each in members),
        )


def periods_in(possible: tuple[Possible, ...]) -> tuple[Period, ...]:
    """Return the periods of *possible*, each once."""
    if len(possible) == 1:
        return (possible[0].period,)
    return tuple(dict.fromkeys(each.period for each in possible))


def in_order(possible: set[Possible]) -> tuple[Possible, ...]:
    """Return *possible* in the order of `Period`."""
    return tuple(sorted(possible, key=lambda each: (_ORDER[each.period], each.is_school_day)))
