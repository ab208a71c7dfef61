"""
The school year as a prover sees it: spans in which nothing differs for one kind of subject.

Of each set of periods that is possible at some time of the year only the first span is kept: the
others are the same to every rule. What never occurs in the year is never reported.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations, pairwise, product
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.school_time import Possible, SchoolTime
from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.core.timelines import Timeline
from schoolgate_policyd.core.times import moment_of

SOMEBODY = "somebody"
YearGroups = tuple[int, int]
# Stands in for the year of a calendar without terms: any Monday does.
_NO_TERM = date(2026, 9, 7)
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


class Span(msgspec.Struct, frozen=True):
    """
    [start, end) of one day, in which *possible*, one for each policy, stays the same.

    *is_usual* says, for each policy, whether it lies within the working hours that staff have by
    default; the edges of those divide spans where they are asked for.
    """

    possible: tuple[tuple[Possible, ...], ...]
    start: datetime
    end: datetime
    is_usual: tuple[bool, ...]


class Year:
    """The days of *school_times*, one for each policy that is looked at."""

    def __init__(
        self, school_times: tuple[SchoolTime, ...], year_groups: Iterable[YearGroups] = ()
    ) -> None:
        self._school_times = school_times
        self.zone = ZoneInfo(school_times[0].zone)
        memberships = [each for school_time in school_times for each in _memberships(school_time)]
        asked = {each.year_groups for each in memberships if each.year_groups is not None}
        self.kinds = tuple(_kinds({*asked, *year_groups}, memberships))
        self._days = tuple(_days(school_times))
        self._spans: dict[object, tuple[Span, ...]] = {}

    def spans(self, subject: Subject, *, by_hours: bool) -> tuple[Span, ...]:
        """Return the first span of each different time of *subject*'s year."""
        key = (
            by_hours,
            subject.audience is Audience.PUPIL,
            *(school_time.class_of(subject) for school_time in self._school_times),
        )
        if key not in self._spans:
            found: dict[object, Span] = {}
            for span in self._all_spans(subject, by_hours=by_hours):
                found.setdefault((span.possible, span.is_usual), span)
            self._spans[key] = tuple(found.values())
        return self._spans[key]

    @property
    def count(self) -> int:
        """How many different spans were found."""
        return sum(len(spans) for spans in self._spans.values())

    def _all_spans(self, subject: Subject, *, by_hours: bool) -> Iterator[Span]:
        lines = [Timeline(school_time, subject) for school_time in self._school_times]
        hours = [each.staff_hours for each in self._school_times] if by_hours else []
        clock = {time(0), *(end for each in hours for end in (each.start, each.end))}
        edges = {moment_of(day, at, self.zone) for day in self._days for at in clock}
        last = moment_of(self._days[-1] + timedelta(days=1), time(0), self.zone)
        bells = {bell for line in lines for bell in line.bells_after(_LONG_AGO) if bell < last}
        for start, end in pairwise(sorted({*edges, *bells, last})):
            is_usual = tuple(
                each.is_within(each.staff_hours, start) for each in self._school_times if by_hours
            )
            possible = tuple(line.possible_at(start) for line in lines)
            yield Span(possible=possible, start=start, end=end, is_usual=is_usual)


def _memberships(school_time: SchoolTime) -> Iterator[Membership]:
    yield from (each.members for each in school_time.timetables)
    yield from (each.members for each in school_time.one_off)


def _classes(memberships: Iterable[Membership]) -> list[str]:
    return sorted({name for each in memberships for name in each.classes or ()})


def _told_apart(memberships: list[Membership]) -> list[str]:
    """Return one class for each set of memberships that name any."""
    found: dict[tuple[bool, ...], str] = {}
    for name in _classes(memberships):
        found.setdefault(tuple(name in (each.classes or ()) for each in memberships), name)
    return list(found.values())


def _belonging(memberships: list[Membership]) -> list[frozenset[str]]:
    """
    Return each class that *memberships* name, each two that they tell apart, and all of them.

    Two matter: a one-off day of one class replaces the usual day of the other, and what the
    other's blocked is open then, though for nobody who is in one of them alone.
    """
    apart = _told_apart(memberships)
    alone = [frozenset({name}) for name in _classes(memberships)]
    return list(dict.fromkeys([*alone, *map(frozenset, combinations(apart, 2)), frozenset(apart)]))


def _kinds(year_groups: set[YearGroups], memberships: list[Membership]) -> Iterator[Subject]:
    """Yield a subject for each combination that timetables and rules tell apart."""
    belonging: list[tuple[str | None, frozenset[str]]] = [(SOMEBODY, frozenset())]
    if any(each.classes for each in memberships):
        named = _belonging(memberships)
        belonging += [(SOMEBODY, each) for each in named] + [(None, each) for each in named]
        belonging.append((None, frozenset()))
    for audience, year, (person, each) in product(Audience, _years(year_groups), belonging):
        yield Subject(audience=audience, year_group=year, person=person, classes=each)


def _years(asked: set[YearGroups]) -> list[int | None]:
    """Return a year group from each part into which the ranges divide them, and the unknown."""
    found: dict[tuple[bool, ...], int] = {}
    ranges = sorted(asked)
    for first, last in ranges:
        for year in (first, last, first - 1, last + 1):
            if year >= 0:
                found.setdefault(tuple(low <= year <= high for low, high in ranges), year)
    return [*found.values(), None]


def _days(school_times: Iterable[SchoolTime]) -> Iterator[date]:
    """Yield every day from the first of the school year to the day after its last."""
    terms = [term for school_time in school_times for term in school_time.calendar.terms]
    first = min((term.first for term in terms), default=_NO_TERM)
    last = max((term.last for term in terms), default=_NO_TERM)
    for offset in range((last - first).days + 2):
        yield first + timedelta(days=offset)
