"""From when until when a new request asks by itself."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from web_school import policy

from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.school_time import OneOff, TimetableUse
from schoolgate_policyd.core.times import DateRange, Period, PeriodStart, Timetable
from schoolgate_webui.windows import default_window

TIME = policy().school_time


def utc(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        (utc(20, 7), utc(20, 7), utc(20, 15, 20)),
        (utc(20, 10), utc(20, 10), utc(20, 15, 20)),
        (utc(20, 15, 20), utc(20, 15, 20), utc(20, 17, 30)),
        (utc(20, 17, 30), utc(23, 8), utc(23, 15, 20)),
        (utc(21, 12), utc(23, 8), utc(23, 15, 20)),
        # In September the school's clock is an hour ahead of UTC.
        (utc(30, 20, month=8), utc(1, 7, month=9), utc(1, 14, 20, month=9)),
    ],
)
def test_it_ends_with_the_lessons_or_the_day_or_is_the_next_school_day(
    moment: datetime, start: datetime, end: datetime
) -> None:
    assert (start, end) == default_window(TIME, moment)


def test_without_a_school_day_ahead_it_is_an_hour() -> None:
    moment = datetime(2027, 1, 5, 9, tzinfo=UTC)

    assert (moment, moment + timedelta(hours=1)) == default_window(TIME, moment)


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        (utc(20, 10), utc(20, 10), utc(20, 15, 20)),
        (utc(20, 12, 30), utc(20, 12, 30), utc(20, 15, 20)),
        # On Monday the school opens later and closes at noon, for all.
        (utc(22, 10), utc(23, 8, 30), utc(23, 12)),
        (utc(23, 12), utc(24, 8), utc(24, 15, 20)),
    ],
)
def test_of_several_possible_timetables_it_lasts_for_the_longest(
    moment: datetime, start: datetime, end: datetime
) -> None:
    bells = (PeriodStart(time(8, 30), Period.LESSON), PeriodStart(time(12), Period.CLOSED))
    half_day = Timetable("half-day", days=(bells,) * 5 + ((), ()))
    several = msgspec.structs.replace(
        TIME,
        timetables=(
            TimetableUse(half_day, Membership(year_groups=(0, 0))),
            TimetableUse(TIME.timetables[0].timetable, Membership(year_groups=(1, 6))),
        ),
        one_off=(OneOff(DateRange(date(2026, 11, 23), date(2026, 11, 23)), "Early", half_day),),
    )

    assert (start, end) == default_window(several, moment)
