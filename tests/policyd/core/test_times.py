"""Moments of the wall clock, on both nights on which the clocks change as well."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from schoolgate_policyd.core.times import (
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
    local_date,
    moment_of,
    require_aware,
)

LONDON = ZoneInfo("Europe/London")


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


def test_a_time_that_is_skipped_comes_as_the_clocks_change() -> None:
    """On 28 March 2027 the clocks go from 01:00 to 02:00; what stands between never shows."""
    change = datetime(2027, 3, 28, 1, tzinfo=UTC)

    for at in (time(1), time(1, 0, 1), time(1, 30), time(1, 59, 59), time(2)):
        assert change == moment_of(date(2027, 3, 28), at, LONDON), at
    assert change - timedelta(minutes=1) == moment_of(date(2027, 3, 28), time(0, 59), LONDON)
    assert change + timedelta(minutes=1) == moment_of(date(2027, 3, 28), time(2, 1), LONDON)


@pytest.mark.parametrize("zone", ["Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo"])
@pytest.mark.parametrize("month", [2, 3, 4, 10, 11])
def test_moments_of_a_day_are_in_the_order_of_its_times(zone: str, month: int) -> None:
    """Lord Howe's clocks change by half an hour; Sao Paulo's changed at midnight, in 2018."""
    for day in range(1, 29):
        moments = [
            moment_of(date(2018, month, day), time(hour, minute), ZoneInfo(zone))
            for hour in range(4)
            for minute in (0, 10, 30, 50)
        ]
        assert sorted(moments) == moments


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
