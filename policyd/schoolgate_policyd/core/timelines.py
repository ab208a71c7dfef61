"""
A subject's school year, ready for bisection: what it may be, and when it may next be otherwise.

A year has thousands of bells and a few dozen different times. So a question about the rest of it
is asked once for each time that some rules can tell apart, not once for each bell.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.school_time import (
    Bells,
    MembershipClass,
    Possible,
    SchoolTime,
    in_order,
    periods_in,
)
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.times import Period, WorkingHours, moment_of

# Each memory is emptied when it is full: a flood of different subjects costs time, never memory.
MOST_SUBJECTS = 65_536
MOST_TIMELINES = 1024
MOST_DIVISIONS = 64

type PeriodSets = frozenset[frozenset[Period]]

_CLOSED = (Possible(Period.CLOSED, is_school_day=False),)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Times:
    """A year divided into times; to some rules those of the same kind are alike."""

    def __init__(self) -> None:
        self._starts: list[datetime] = []
        self._kinds: list[int] = []
        self._starts_of: dict[int, list[datetime]] = {}

    def begin(self, kind: int, start: datetime) -> None:
        """Begin a time of *kind* after all others, unless it goes on."""
        if not self._kinds or self._kinds[-1] != kind:
            self._starts.append(start)
            self._kinds.append(kind)
            self._starts_of.setdefault(kind, []).append(start)

    def others_after(self, moment: datetime) -> list[datetime]:
        """Return, in order, when each kind of time that it is not at *moment* next begins."""
        now = self._kinds[bisect_right(self._starts, moment) - 1]
        found = []
        for kind, starts in self._starts_of.items():
            following = bisect_right(starts, moment)
            if kind != now and following < len(starts):
                found.append(starts[following])
        return sorted(found)


class Timeline:
    """
    What it may be for one kind of subject over the whole calendar, ready for bisection.

    While nobody knows what time it is, no bell rings.
    """

    def __init__(
        self, school_time: SchoolTime, subject: Subject, *, most_divisions: int = MOST_DIVISIONS
    ) -> None:
        self._most_divisions = most_divisions
        self._zone = ZoneInfo(school_time.zone)
        # Before the first and after the last day that the calendar knows, it is closed.
        self._starts: list[datetime] = []
        self._different: list[tuple[Possible, ...]] = [_CLOSED]
        self._states: list[int] = [0]  # positions in what is different
        self._bells: list[datetime] = []
        self._days: list[date] = []
        self._rung: dict[tuple[Bells, ...], tuple[tuple[time, int], ...]] = {}
        self._times: dict[tuple[PeriodSets, WorkingHours | None], Times] = {}
        since = school_time.doubted_since
        if since is not None:
            self._different = [school_time.possible_at(since, subject)]
            return
        for term in sorted(school_time.calendar.terms, key=lambda each: each.first):
            for offset in range((term.last - term.first).days + 1):
                day = term.first + timedelta(days=offset)
                self._add(day, school_time.possible_bells(day, subject))
            self._add(term.last + timedelta(days=1), ((),))

    def possible_at(self, moment: datetime) -> tuple[Possible, ...]:
        """Return what it may be at *moment* (aware)."""
        return self._different[self._states[bisect_right(self._starts, moment)]]

    def periods_at(self, moment: datetime) -> tuple[Period, ...]:
        """Return every period that it may be at *moment* (aware)."""
        return periods_in(self.possible_at(moment))

    def bells_after(self, moment: datetime) -> Iterator[datetime]:
        """Yield, in order, the moments after *moment* at which a possible period changes."""
        for position in range(bisect_right(self._bells, moment), len(self._bells)):
            yield self._bells[position]

    def times(self, asked: PeriodSets, hours: WorkingHours | None) -> Times:
        """
        Return the year divided into what rules can tell apart that ask for sets of periods.

        They ask for the working hours *hours* too, unless those are None.
        """
        key = (asked, hours)
        times = self._times.get(key)
        if times is None:
            if len(self._times) >= self._most_divisions:
                self._times.clear()
            times = self._times[key] = self._divided(tuple(asked), hours)
        return times

    def _divided(self, asked: tuple[frozenset[Period], ...], hours: WorkingHours | None) -> Times:
        kinds: dict[object, int] = {}
        known: dict[tuple[int, bool], int] = {}
        times = Times()
        for start, state, is_at_work in self._edges(hours):
            kind = known.get((state, is_at_work))
            if kind is None:
                answers = frozenset(
                    (*(each.period in one for one in asked), is_at_work and each.is_school_day)
                    for each in self._different[state]
                )
                kind = known[state, is_at_work] = kinds.setdefault(answers, len(kinds))
            times.begin(kind, start)
        return times

    def _edges(self, hours: WorkingHours | None) -> Iterator[tuple[datetime, int, bool]]:
        """Yield, in order, since when it may be what, and is within *hours* of the day or not."""
        work = dict[datetime, bool]()
        if hours is not None:
            for day in self._days:
                # Both may be one moment, in the hour that is skipped in spring: nobody works then.
                work[moment_of(day, hours.start, self._zone)] = True
                work[moment_of(day, hours.end, self._zone)] = False
        states = dict(zip(self._starts, self._states[1:], strict=True))
        state, is_at_work = self._states[0], False
        yield _LONG_AGO, state, is_at_work
        for start in sorted({*states, *work}):
            state = states.get(start, state)
            is_at_work = work.get(start, is_at_work)
            yield start, state, is_at_work

    def _add(self, day: date, possible_bells: tuple[Bells, ...]) -> None:
        self._days.append(day)
        # Most days of a year are like others: what it may be from which time on is known by then.
        rung = self._rung.get(possible_bells)
        if rung is None:
            rung = self._rung[possible_bells] = tuple(
                (at, self._state_of(possible)) for at, possible in _rung(possible_bells)
            )
        # Two bells of the wall clock may be one moment, in the hour that is skipped in spring.
        moments = {moment_of(day, at, self._zone): state for at, state in rung}
        for moment, state in moments.items():
            current = self._states[-1]
            if state != current:
                self._starts.append(moment)
                self._states.append(state)
                before, after = self._different[current], self._different[state]
                if periods_in(before) != periods_in(after):
                    self._bells.append(moment)

    def _state_of(self, possible: tuple[Possible, ...]) -> int:
        if possible not in self._different:
            self._different.append(possible)
        return self._different.index(possible)


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

    def forget(self) -> None:
        """Forget whose is whose."""
        self._by_subject.clear()
        self._by_class.clear()


def _rung(possible_bells: tuple[Bells, ...]) -> Iterator[tuple[time, tuple[Possible, ...]]]:
    """Yield what it may be from each time on at which a bell of a possible day rings."""
    ringing = {bell.at for bells in possible_bells for bell in bells}
    for at in sorted({time(0), *ringing}):
        yield at, in_order({_possible_by(bells, at) for bells in possible_bells})


def _possible_by(bells: Bells, at: time) -> Possible:
    """Return what it is by *bells* from *at* on."""
    rung = [bell.period for bell in bells if bell.at <= at]
    return Possible(rung[-1] if rung else Period.CLOSED, is_school_day=bool(bells))
