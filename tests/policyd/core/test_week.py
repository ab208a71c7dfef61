"""A week of one subject with one resource."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import strategies as worlds
import test_decide as cases
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Request, Verdict, deciding_rule
from schoolgate_policyd.core.names import parse_domain
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.rules import HostScope
from schoolgate_policyd.core.school_time import OneOff
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.times import DateRange, Period, PeriodStart, Timetable
from schoolgate_policyd.core.week import Week, monday_of, week_of

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 16)
ALLOW, BLOCK = Verdict.ALLOW, Verdict.BLOCK


def week(snapshot: Snapshot, monday: date = MONDAY, *, subject: Subject = cases.TEACHER) -> Week:
    return week_of(subject, cases.asked(subject, "chat.example").resource, snapshot, monday)


def shown(found: Week, day: int) -> list[tuple[str, Verdict]]:
    """Return each stretch of a day as the wall clock shows its start, alike ones joined."""
    stretches = found.days[day].stretches
    lines = [(f"{each.start.astimezone(LONDON):%H:%M}", each.verdict) for each in stretches]
    return [
        line for place, line in enumerate(lines) if not place or line[1] != lines[place - 1][1]
    ]


def test_staff_have_it_at_break_and_lunch_of_school_days() -> None:
    found = week(cases.snapshot_with())

    opened = [
        ("00:00", BLOCK),
        ("10:30", ALLOW),
        ("10:45", BLOCK),
        ("12:15", ALLOW),
        ("13:15", BLOCK),
    ]
    assert [opened] * 5 == [shown(found, day) for day in range(5)]
    assert [[("00:00", BLOCK)]] * 2 == [shown(found, day) for day in (5, 6)]
    assert [MONDAY + timedelta(days=each) for each in range(7)] == [
        each.day for each in found.days
    ]


def test_each_stretch_says_its_period_and_deciding_rule() -> None:
    monday = week(cases.snapshot_with()).days[0].stretches

    assert [(Period.CLOSED,), (Period.BEFORE_SCHOOL,), (Period.LESSON,), (Period.BREAK,)] == [
        each.periods for each in monday[:4]
    ]
    assert {("staff-messaging", "Policy, §1")} == {(each.rule, each.citation) for each in monday}


def test_what_no_rule_speaks_of_has_no_rule() -> None:
    found = week(cases.snapshot_with(), subject=replace(cases.TEACHER, audience="visitor"))

    assert {(ALLOW, None, "")} == {
        (each.verdict, each.rule, each.citation) for day in found.days for each in day.stretches
    }


@pytest.mark.parametrize(
    ("monday", "hours"), [(date(2026, 10, 19), 25), (date(2027, 3, 22), 23), (MONDAY, 24)]
)
def test_the_day_of_a_clock_change_has_another_length(monday: date, hours: int) -> None:
    sunday = week(cases.snapshot_with(), monday).days[6].stretches

    assert timedelta(hours=hours) == sunday[-1].end - sunday[0].start


def test_half_term_and_bank_holidays_are_closed() -> None:
    half_term = week(cases.snapshot_with(), date(2026, 10, 26))
    with_holiday = week(cases.snapshot_with(), date(2026, 11, 9))

    assert [[("00:00", BLOCK)]] * 7 == [shown(half_term, day) for day in range(7)]
    assert [("00:00", BLOCK)] == shown(with_holiday, 2)
    assert 5 == len(shown(with_holiday, 3))


def test_a_one_off_day_has_its_own_bells() -> None:
    day = MONDAY + timedelta(days=1)
    bells = (PeriodStart(time(9), Period.LESSON), PeriodStart(time(11), Period.BREAK))
    exams = OneOff(DateRange(day, day), "Exams", Timetable("exams", (bells,) * 7))
    source = worlds.source_of(cases.RULES, cases.PERMITTED)
    school_time = replace(source.policy.school_time, one_off=(exams,))
    snapshot = compile_snapshot(
        replace(source, policy=replace(source.policy, school_time=school_time))
    )

    assert [("00:00", BLOCK), ("11:00", ALLOW)] == shown(week(snapshot), 1)
    assert 5 == len(shown(week(snapshot), 2))


def test_the_edges_of_a_grant_are_edges_of_stretches() -> None:
    grant = cases.grant_of(HostScope(parse_domain("chat.example")))
    friday = week(cases.snapshot_with(grant)).days[4].stretches

    assert grant.starts_at in [each.start for each in friday]
    assert grant.ends_at in [each.end for each in friday]


def test_a_grant_for_what_is_open_anyway_divides_nothing() -> None:
    noon = datetime(2026, 11, 20, 12, 20, tzinfo=UTC)
    at_lunch = replace(
        cases.grant_of(HostScope(parse_domain("chat.example"))),
        starts_at=noon,
        ends_at=noon + timedelta(minutes=20),
    )

    assert week(cases.snapshot_with()) == week(cases.snapshot_with(at_lunch))


def test_what_is_known_of_somebody_counts_for_the_whole_week() -> None:
    """A device claim that ends in it would else leave the rest of the week undecided."""
    claimed = replace(cases.TEACHER, known_until=cases.LESSON)

    assert week(cases.snapshot_with()) == week(cases.snapshot_with(), subject=claimed)


def test_beyond_the_calendar_it_is_closed_day_by_day() -> None:
    found = week(cases.snapshot_with(), date(2031, 1, 6))

    assert [[("00:00", BLOCK)]] * 7 == [shown(found, day) for day in range(7)]


def test_a_week_starts_on_monday() -> None:
    assert MONDAY == monday_of(MONDAY) == monday_of(MONDAY + timedelta(days=6))
    with pytest.raises(ValueError, match="2026-11-17 is not a Monday"):
        week(cases.snapshot_with(), MONDAY + timedelta(days=1))


@given(
    worlds.situations(),
    st.sampled_from([date(2026, 10, 12) + timedelta(weeks=each) for each in range(8)]),
    st.data(),
)
def test_every_stretch_is_what_is_decided_within_it(
    situation: tuple[Source, Request, datetime], monday: date, data: st.DataObject
) -> None:
    source, request, _ = situation
    snapshot = compile_snapshot(source)
    found = week_of(request.subject, request.resource, snapshot, monday)
    stretches = [each for day in found.days for each in day.stretches]

    starts = datetime.combine(monday, time(0), LONDON).astimezone(UTC)
    ends = datetime.combine(monday + timedelta(days=7), time(0), LONDON).astimezone(UTC)
    assert [starts, *(each.end for each in stretches)] == [
        *(each.start for each in stretches),
        ends,
    ]
    for stretch in data.draw(st.lists(st.sampled_from(stretches), min_size=1, max_size=8)):
        seconds = int((stretch.end - stretch.start).total_seconds())
        at = stretch.start + timedelta(seconds=data.draw(st.integers(0, seconds - 1)))
        decision = decide(request, snapshot, at)
        rule = deciding_rule(decision)
        assert decision.verdict is stretch.verdict
        assert snapshot.periods_of(request.subject, at) == stretch.periods
        if decision.verdict is not Verdict.ALLOW:
            assert rule is not None
            assert rule.id == stretch.rule
