"""A week as a grid and as a table: what stands where, days of clock changes, times alike."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import strategies as worlds
import test_decide as cases
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core.decision import Request, Verdict
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.week import Stretch, Week, WeekDay, week_of
from schoolgate_policyd.week_grid import MIDNIGHT, Band, clock, grid_of
from schoolgate_policyd.week_table import Line, groups_of

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 16)
ALLOW, BLOCK = Verdict.ALLOW, Verdict.BLOCK


def staff_week(monday: date = MONDAY) -> Week:
    request = cases.asked(cases.TEACHER, "chat.example")
    return week_of(request.subject, request.resource, cases.snapshot_with(), monday)


def of_one_day(day: date, *edges: tuple[datetime, Verdict]) -> Week:
    """Return a week of which one day has these verdicts, each from its moment on."""
    ends = datetime.combine(day + timedelta(days=1), time(0), LONDON).astimezone(UTC)
    moments = [*(at for at, _ in edges), ends]
    stretches = [
        Stretch(start, end, verdict, (Period.CLOSED,), "r", "Policy, §1")
        for (start, verdict), end in zip(edges, moments[1:], strict=True)
    ]
    return Week("Europe/London", (WeekDay(day, tuple(stretches)),))


def test_the_hours_shown_are_those_in_which_something_changes() -> None:
    grid = grid_of(staff_week())

    assert (8 * 60, 18 * 60) == (grid.first, grid.last)
    assert (
        Band(0, 630, BLOCK),
        Band(630, 645, ALLOW),
        Band(645, 735, BLOCK),
        Band(735, 795, ALLOW),
        Band(795, MIDNIGHT, BLOCK),
    ) == grid.days[0].bands
    assert ALLOW is grid.days[0].at(644.5)
    assert BLOCK is grid.days[0].at(645)


def test_a_week_without_any_change_is_shown_whole() -> None:
    grid = grid_of(staff_week(date(2031, 1, 6)))

    assert (0, MIDNIGHT) == (grid.first, grid.last)
    assert {(Band(0, MIDNIGHT, BLOCK),)} == {day.bands for day in grid.days}


def test_time_never_goes_back_in_the_picture_and_the_table_says_which_clock() -> None:
    """On 25 October 2026 at 02:00 the clocks go back to 01:00."""
    day = date(2026, 10, 25)
    starts = datetime(2026, 10, 24, 23, tzinfo=UTC)  # 00:00 BST
    allowed = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 01:30 BST
    blocked = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 01:10 GMT
    week = of_one_day(day, (starts, BLOCK), (allowed, ALLOW), (blocked, BLOCK))

    (shown,) = grid_of(week).days
    (group,) = groups_of(week)

    assert 25 == shown.hours
    assert (Band(0, MIDNIGHT, BLOCK),) == shown.bands
    assert [("00:00 BST", "01:30 BST"), ("01:30 BST", "01:10 GMT"), ("01:10 GMT", "24:00")] == [
        (line.start, line.end) for line in group.lines
    ]


def test_the_hour_that_is_skipped_is_no_gap() -> None:
    """On 28 March 2027 at 01:00 the clocks go forward to 02:00."""
    midnight = datetime(2027, 3, 28, tzinfo=UTC)
    week = of_one_day(date(2027, 3, 28), (midnight, BLOCK), (midnight + timedelta(hours=1), ALLOW))

    (shown,) = grid_of(week).days

    assert 23 == shown.hours
    assert (Band(0, 120, BLOCK), Band(120, MIDNIGHT, ALLOW)) == shown.bands


def test_days_alike_share_a_group_of_lines() -> None:
    groups = groups_of(staff_week())

    assert [("Monday to Friday", "Mon-Fri", 9), ("Saturday and Sunday", "Sat-Sun", 1)] == [
        (each.days, each.short_days, len(each.lines)) for each in groups
    ]
    assert (
        Line("10:30", "10:45", ALLOW, "break", "staff-messaging", "Policy, §1")
        == groups[0].lines[3]
    )


def test_a_day_unlike_its_neighbours_stands_alone() -> None:
    days = [each.days for each in groups_of(staff_week(date(2026, 11, 9)))]

    pairs = ["Monday and Tuesday", "Wednesday", "Thursday and Friday", "Saturday and Sunday"]
    assert pairs == days


def test_seconds_are_shown_where_they_matter() -> None:
    starts = datetime(2026, 11, 16, tzinfo=UTC)
    ends = starts + timedelta(hours=9, seconds=30)
    (group,) = groups_of(of_one_day(MONDAY, (starts, BLOCK), (ends, ALLOW)))

    assert ["09:00:30", "24:00"] == [line.end for line in group.lines]


def test_a_minute_is_written_as_a_clock_shows_it() -> None:
    assert ["00:00", "10:05", "24:00"] == [clock(0), clock(605), clock(MIDNIGHT)]


@given(
    worlds.situations(),
    st.sampled_from([date(2026, 10, 19), date(2026, 10, 26), MONDAY]),
    st.integers(0, MIDNIGHT - 1),
)
def test_outside_the_hours_shown_each_day_has_one_verdict(
    situation: tuple[Source, Request, datetime], monday: date, minute: int
) -> None:
    source, request, _ = situation
    week = week_of(request.subject, request.resource, compile_snapshot(source), monday)
    grid = grid_of(week)

    for day in grid.days:
        assert (0, MIDNIGHT) == (day.bands[0].start, day.bands[-1].end)
        assert all(a.end == b.start for a, b in zip(day.bands, day.bands[1:], strict=False))
        if minute < grid.first:
            assert day.at(0) is day.at(minute)
        if minute >= grid.last:
            assert day.at(minute) is day.at(MIDNIGHT - 1)
