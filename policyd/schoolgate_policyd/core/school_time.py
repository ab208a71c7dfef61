"""
What the school is doing for whom: calendar, timetables, one-off days, and who belongs to which.

Several timetables may run at once, and what is not known of a subject (their year group, their
class) leaves several possible for them. Nothing here chooses among those: a rule that blocks in
one of the possible periods blocks.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

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

# Each memory is emptied when it is full: a flood of different subjects costs time, never memory.
MOST_SUBJECTS = 65_536
MOST_TIMELINES = 1024

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


# Whether a pupil, which timetables could be theirs, and of each one-off day whether it could be
# theirs and whether it is: subjects of the same have the same days.
type MembershipClass = tuple[bool, tuple[bool, ...], tuple[tuple[bool, bool], ...]]


class SchoolTime(msgspec.Struct, frozen=True):
    """
    The school's zone, calendar and timetables, and the working hours staff have by default.

    At least one timetable is in regular use.
    """

    zone: str
    calendar: Calendar
    timetables: tuple[TimetableUse, ...]
    staff_hours: WorkingHours
    one_off: tuple[OneOff, ...] = ()

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
        zone = ZoneInfo(self.zone)
        day = local_date(moment, zone)
        found = set[Possible]()
        for bells in self.possible_bells(day, subject):
            period = Period.CLOSED
            for bell in bells:
                if moment_of(day, bell.at, zone) <= moment:
                    period = bell.period
            found.add(Possible(period, is_school_day=bool(bells)))
        return _in_order(found)

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


class Timeline:
    """What it may be for one kind of subject over the whole calendar, ready for bisection."""

    def __init__(self, school_time: SchoolTime, subject: Subject) -> None:
        self._zone = ZoneInfo(school_time.zone)
        # Before the first and after the last day that the calendar knows, it is closed.
        self._starts: list[datetime] = []
        self._possible: list[tuple[Possible, ...]] = [_CLOSED]
        self._bells: list[datetime] = []
        self._rung: dict[tuple[Bells, ...], tuple[tuple[time, tuple[Possible, ...]], ...]] = {}
        for term in sorted(school_time.calendar.terms, key=lambda each: each.first):
            for offset in range((term.last - term.first).days + 1):
                day = term.first + timedelta(days=offset)
                self._add(day, school_time.possible_bells(day, subject))
            self._add(term.last + timedelta(days=1), ((),))

    def possible_at(self, moment: datetime) -> tuple[Possible, ...]:
        """Return what it may be at *moment* (aware)."""
        return self._possible[bisect_right(self._starts, moment)]

    def periods_at(self, moment: datetime) -> tuple[Period, ...]:
        """Return every period that it may be at *moment* (aware)."""
        return periods_in(self.possible_at(moment))

    def bells_after(self, moment: datetime) -> Iterator[datetime]:
        """Yield, in order, the moments after *moment* at which a possible period changes."""
        for position in range(bisect_right(self._bells, moment), len(self._bells)):
            yield self._bells[position]

    def _add(self, day: date, possible_bells: tuple[Bells, ...]) -> None:
        # Most days of a year are like others: what it may be from which time on is known by then.
        rung = self._rung.get(possible_bells)
        if rung is None:
            rung = self._rung[possible_bells] = tuple(_rung(possible_bells))
        # Two bells of the wall clock may be one moment, in the hour that is skipped in spring.
        moments = {moment_of(day, at, self._zone): possible for at, possible in rung}
        for moment, possible in moments.items():
            current = self._possible[-1]
            if possible != current:
                self._starts.append(moment)
                self._possible.append(possible)
                if periods_in(possible) != periods_in(current):
                    self._bells.append(moment)


class Timelines:
    """The timelines of a school, each made when it is first asked for."""

    def __init__(
        self,
        school_time: SchoolTime,
        *,
        most_subjects: int = MOST_SUBJECTS,
        most_timelines: int = MOST_TIMELINES,
    ) -> None:
        ZoneInfo(school_time.zone)  # one that nobody knows is told now, not when a bell rings
        self._school_time = school_time
        self._most_subjects = most_subjects
        self._most_timelines = most_timelines
        self._by_class: dict[MembershipClass, Timeline] = {}
        self._by_subject: dict[Subject, Timeline] = {}

    def of(self, subject: Subject) -> Timeline:
        """Return *subject*'s."""
        timeline = self._by_subject.get(subject)
        if timeline is not None:
            return timeline
        if len(self._by_subject) >= self._most_subjects:
            self._by_subject.clear()
        if len(self._by_class) >= self._most_timelines:
            self._by_class.clear()
        shared = self._school_time.class_of(subject)
        timeline = self._by_class.get(shared)
        if timeline is None:
            timeline = self._by_class[shared] = Timeline(self._school_time, subject)
        self._by_subject[subject] = timeline
        return timeline


_CLOSED = (Possible(Period.CLOSED, is_school_day=False),)


def periods_in(possible: tuple[Possible, ...]) -> tuple[Period, ...]:
    """Return the periods of *possible*, each once."""
    if len(possible) == 1:
        return (possible[0].period,)
    return tuple(dict.fromkeys(each.period for each in possible))


def _rung(possible_bells: tuple[Bells, ...]) -> Iterator[tuple[time, tuple[Possible, ...]]]:
    """Yield what it may be from each time on at which a bell of a possible day rings."""
    ringing = {bell.at for bells in possible_bells for bell in bells}
    for at in sorted({time(0), *ringing}):
        yield at, _in_order({_possible_by(bells, at) for bells in possible_bells})


def _possible_by(bells: Bells, at: time) -> Possible:
    """Return what it is by *bells* from *at* on."""
    rung = [bell.period for bell in bells if bell.at <= at]
    return Possible(rung[-1] if rung else Period.CLOSED, is_school_day=bool(bells))


def _in_order(possible: set[Possible]) -> tuple[Possible, ...]:
    return tuple(sorted(possible, key=lambda each: (_ORDER[each.period], each.is_school_day)))
