"""A year divided into the times that some rules can tell apart."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import msgspec
import pytest
import strategies as worlds
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.core.timelines import Timeline
from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
)

STAFF = Subject(audience=Audience.STAFF)
BREAKS = frozenset({Period.BREAK, Period.LUNCH})
USUAL = WorkingHours(time(8, 30), time(16))
INSTANT = timedelta(microseconds=1)
NIGHT_OF_SPRING = SchoolTime(
    zone="Europe/London",
    calendar=Calendar(id="march", terms=(DateRange(date(2027, 3, 27), date(2027, 3, 29)),)),
    timetables=(TimetableUse(Timetable("night", ((PeriodStart(time(0), Period.LESSON),),) * 7)),),
    staff_hours=USUAL,
)


def told_apart(
    asked: frozenset[frozenset[Period]],
    hours: WorkingHours | None,
    school_time: SchoolTime,
    moment: datetime,
) -> set[tuple[bool, ...]]:
    """Return what rules are answered at *moment* in each possible period, by definition."""
    is_at_work = hours is not None and school_time.is_within(hours, moment)
    return {
        (*(each.period in one for one in asked), is_at_work and each.is_school_day)
        for each in school_time.possible_at(moment, STAFF)
    }


@given(
    worlds.school_times(),
    st.frozensets(st.frozensets(st.sampled_from(Period), min_size=1, max_size=3), max_size=2),
    st.sampled_from([None, USUAL, WorkingHours(time(9, 15), time(10, 30))]),
    worlds.moments(),
    worlds.moments(),
)
def test_every_kind_of_time_is_found_when_it_next_begins(
    school_time: SchoolTime,
    asked: frozenset[frozenset[Period]],
    hours: WorkingHours | None,
    moment: datetime,
    later: datetime,
) -> None:
    def answers(at: datetime) -> set[tuple[bool, ...]]:
        return told_apart(asked, hours, school_time, at)

    found = Timeline(school_time, STAFF).times(asked, hours).others_after(moment)
    kinds = [answers(moment), *map(answers, found)]

    assert all(kinds.count(each) == 1 for each in kinds)
    assert all(one < other for one, other in pairwise([moment, *found]))
    # Each begins then and not earlier.
    for position, start in enumerate(found):
        assert answers(start - INSTANT) in kinds[: position + 1]
    if later > moment:
        assert answers(later) in [answers(moment), *(answers(e) for e in found if e <= later)]


def test_what_is_asked_by_nobody_divides_nothing() -> None:
    times = Timeline(worlds.SCHOOL_TIME, STAFF).times(frozenset(), None)

    assert [] == times.others_after(datetime(2026, 11, 20, 10, tzinfo=UTC))


def test_breaks_and_all_else_are_two_kinds_of_time() -> None:
    times = Timeline(worlds.SCHOOL_TIME, STAFF).times(frozenset({BREAKS}), None)
    break_begins = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    break_ends = datetime(2026, 11, 20, 10, 45, tzinfo=UTC)

    assert [break_begins] == times.others_after(break_begins - INSTANT)
    assert [break_ends] == times.others_after(break_begins)
    assert [] == times.others_after(datetime(2026, 12, 24, tzinfo=UTC))
    assert [datetime(2026, 10, 19, 9, 30, tzinfo=UTC)] == times.others_after(
        datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_hours_that_begin_and_end_as_the_clocks_change_are_none() -> None:
    """In the night of 28 March 2027 one o'clock is followed by two."""
    skipped = WorkingHours(time(1, 10), time(1, 50))
    times = Timeline(NIGHT_OF_SPRING, STAFF).times(frozenset(), skipped)

    assert [datetime(2027, 3, 29, 0, 10, tzinfo=UTC)] == times.others_after(
        datetime(2027, 3, 27, 2, tzinfo=UTC)
    )


def test_the_memory_of_divided_years_is_bounded() -> None:
    """A fresh one is as good."""
    timeline = Timeline(worlds.SCHOOL_TIME, STAFF, most_divisions=2)
    moment = datetime(2026, 11, 20, 10, tzinfo=UTC)
    asked = [frozenset({frozenset({each})}) for each in Period]
    expected = [Timeline(worlds.SCHOOL_TIME, STAFF).times(e, None) for e in asked]

    found = [timeline.times(each, None) for each in (*asked, *asked)]

    assert [e.others_after(moment) for e in expected * 2] == [
        each.others_after(moment) for each in found
    ]
    assert found[0] is not found[len(asked)]
    assert timeline.times(asked[-1], None) is found[-1]


@pytest.mark.parametrize("audience", [Audience.PUPIL, Audience.VISITOR])
def test_nobody_but_staff_has_working_hours(audience: Audience) -> None:
    own = WorkingHours(time(9), time(12))
    school_time = worlds.SCHOOL_TIME

    assert None is school_time.hours_of(Subject(audience=audience, hours=own))
    assert school_time.staff_hours == school_time.hours_of(STAFF)
    assert own == school_time.hours_of(msgspec.structs.replace(STAFF, hours=own))
