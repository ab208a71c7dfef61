"""Periods, the calendar, and both nights on which the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
import strategies as worlds
from hypothesis import given

from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    SchoolTime,
    Timeline,
    Timetable,
    WorkingHours,
    local_date,
    moment_of,
    require_aware,
)

LONDON = ZoneInfo("Europe/London")
PUPILS = Timeline(worlds.SCHOOL_TIME, for_pupils=True)
STAFF = Timeline(worlds.SCHOOL_TIME, for_pupils=False)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-20T07:59:59", Period.CLOSED),
        ("2026-11-20T08:00", Period.BEFORE_SCHOOL),
        ("2026-11-20T08:50", Period.LESSON),
        ("2026-11-20T10:29:59", Period.LESSON),
        ("2026-11-20T10:30", Period.BREAK),
        ("2026-11-20T10:44:59", Period.BREAK),
        ("2026-11-20T10:45", Period.LESSON),
        ("2026-11-20T12:15", Period.LUNCH),
        ("2026-11-20T13:15", Period.LESSON),
        ("2026-11-20T15:20", Period.AFTER_SCHOOL),
        ("2026-11-20T17:29:59", Period.AFTER_SCHOOL),
        ("2026-11-20T17:30", Period.CLOSED),
        ("2026-11-21T10:30", Period.CLOSED),  # a Saturday
        ("2026-10-28T10:30", Period.CLOSED),  # half-term
        ("2026-11-11T10:30", Period.CLOSED),  # a bank holiday
        ("2026-11-02T10:30", Period.CLOSED),  # an INSET day
        ("2026-12-01T10:30", Period.CLOSED),  # after the last term
        ("2026-10-01T10:30", Period.CLOSED),  # before the first
        ("2026-10-23T10:30", Period.BREAK),  # British Summer Time
    ],
)
def test_every_bell_starts_its_period(local: str, expected: Period) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=LONDON)

    assert expected is PUPILS.period_at(moment)


def test_staff_keep_the_timetable_on_an_inset_day() -> None:
    moment = datetime(2026, 11, 2, 10, 30, tzinfo=LONDON)

    assert Period.BREAK is STAFF.period_at(moment)
    assert Period.CLOSED is PUPILS.period_at(moment)


@given(worlds.moments())
def test_the_timeline_agrees_with_the_slow_definition(moment: datetime) -> None:
    for for_pupils, timeline in ((True, PUPILS), (False, STAFF)):
        expected = worlds.SCHOOL_TIME.period_at(moment, for_pupils=for_pupils)
        assert expected is timeline.period_at(moment)


@given(worlds.moments())
def test_the_period_is_constant_until_the_next_bell(moment: datetime) -> None:
    now = PUPILS.period_at(moment)
    bell = next(PUPILS.bells_after(moment), None)

    if bell is not None:
        assert bell > moment
        assert now is PUPILS.period_at(bell - timedelta(microseconds=1))
        assert now is not PUPILS.period_at(bell)


def school_open_all_night(*bells: PeriodStart) -> SchoolTime:
    return SchoolTime(
        zone="Europe/London",
        calendar=Calendar(id="year", terms=(DateRange(date(2026, 10, 24), date(2027, 3, 29)),)),
        timetable=Timetable(id="night", days=(bells,) * 7),
        staff_hours=WorkingHours(time(8, 30), time(16)),
    )


def test_a_bell_in_the_hour_that_comes_twice_rings_once_and_first() -> None:
    """On 25 October 2026 the clocks go back at 02:00, so 01:30 comes twice."""
    night = Timeline(
        school_open_all_night(PeriodStart(time(1, 30), Period.LESSON)), for_pupils=True
    )
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert Period.CLOSED is night.period_at(first - timedelta(seconds=1))
    assert Period.LESSON is night.period_at(first)
    assert Period.LESSON is night.period_at(first + timedelta(minutes=45))  # 01:15, again


def test_a_bell_in_the_hour_that_is_skipped_rings_when_it_is_over() -> None:
    """On 28 March 2027 the clocks go forward at 01:00, so 01:30 never comes."""
    night = Timeline(
        school_open_all_night(PeriodStart(time(1, 30), Period.LESSON)), for_pupils=True
    )
    skipped = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)

    assert Period.CLOSED is night.period_at(skipped - timedelta(seconds=1))
    assert Period.LESSON is night.period_at(skipped)


def test_the_day_ends_at_the_school_s_midnight() -> None:
    open_late = school_open_all_night(PeriodStart(time(1), Period.LESSON))
    timeline = Timeline(open_late, for_pupils=True)

    assert Period.LESSON is timeline.period_at(datetime(2026, 11, 20, 23, 59, tzinfo=LONDON))
    assert Period.CLOSED is timeline.period_at(datetime(2026, 11, 21, 0, 0, tzinfo=LONDON))
    assert Period.CLOSED is timeline.period_at(datetime(2027, 3, 30, 0, 0, tzinfo=LONDON))


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-20T08:29:59", False),
        ("2026-11-20T08:30", True),
        ("2026-11-20T15:59:59", True),
        ("2026-11-20T16:00", False),
        ("2026-11-21T10:00", False),
        ("2026-11-02T10:00", True),
    ],
)
def test_working_hours_are_half_open_and_on_school_days_alone(local: str, expected: bool) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=LONDON)

    assert expected is worlds.SCHOOL_TIME.is_within(worlds.SCHOOL_TIME.staff_hours, moment)


def test_the_horizon_is_the_calendar_s_end_and_then_midnight() -> None:
    within = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    beyond = datetime(2027, 8, 1, 22, 30, tzinfo=UTC)

    assert datetime(2026, 11, 28, tzinfo=LONDON) == worlds.SCHOOL_TIME.horizon(within)
    assert datetime(2027, 8, 2, tzinfo=LONDON) == worlds.SCHOOL_TIME.horizon(beyond)


def test_a_naive_moment_is_refused() -> None:
    naive = datetime(2026, 11, 20, 10, 0)  # noqa: DTZ001 - that is the point

    with pytest.raises(ValueError, match="aware"):
        require_aware(naive)
    with pytest.raises(ValueError, match="aware"):
        local_date(naive, LONDON)


def test_moments_are_of_the_first_fold() -> None:
    assert datetime(2026, 10, 25, 0, 30, tzinfo=UTC) == moment_of(
        date(2026, 10, 25), time(1, 30, fold=1), LONDON
    )


def test_values_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="start before they end"):
        WorkingHours(time(16), time(8))
    with pytest.raises(ValueError, match="seven days"):
        Timetable(id="short", days=((),))
    bells = (PeriodStart(time(9), Period.LESSON), PeriodStart(time(9), Period.BREAK))
    with pytest.raises(ValueError, match="in order"):
        Timetable(id="twice", days=(bells,) * 7)
    with pytest.raises(ValueError, match="after"):
        DateRange(date(2026, 2, 1), date(2026, 1, 1))


def test_a_calendar_without_terms_is_closed_for_ever() -> None:
    empty = msgspec.structs.replace(worlds.SCHOOL_TIME, calendar=Calendar(id="none", terms=()))
    moment = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)

    assert Period.CLOSED is Timeline(empty, for_pupils=True).period_at(moment)
    assert datetime(2026, 11, 21, tzinfo=LONDON) == empty.horizon(moment)
