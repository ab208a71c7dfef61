"""Periods by calendar, timetables, one-off days and membership, and when a bell rings."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
import strategies as worlds
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core import conditions
from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.school_time import (
    OneOff,
    Possible,
    SchoolTime,
    TimetableUse,
)
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Subject
from schoolgate_policyd.core.timelines import Timeline, Timelines
from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
)

LONDON = ZoneInfo("Europe/London")
PUPIL = Subject(audience=Audience.PUPIL)
STAFF = Subject(audience=Audience.STAFF)
YEAR_1 = Subject(audience=Audience.PUPIL, person="ash", year_group=1, classes=frozenset({"1A"}))
YEAR_5 = Subject(audience=Audience.PUPIL, person="elm", year_group=5, classes=frozenset({"5C"}))
ONLY_PUPILS = frozenset({Audience.PUPIL})

DAY = worlds.TIMETABLES[0]
INFANTS = worlds.TIMETABLES[1]
EXAMS = worlds.TIMETABLES[2]
NO_BELLS = worlds.TIMETABLES[3]
STAGGERED = msgspec.structs.replace(
    worlds.SCHOOL_TIME,
    timetables=(
        TimetableUse(INFANTS, Membership(audience=ONLY_PUPILS, year_groups=(0, 2))),
        TimetableUse(DAY, Membership(audience=ONLY_PUPILS, year_groups=(3, 6))),
        TimetableUse(DAY, Membership(audience=frozenset({Audience.STAFF}))),
    ),
)
FRIDAY = date(2026, 11, 20)
PLAIN = Timeline(worlds.SCHOOL_TIME, PUPIL)


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def with_one_off(*days: OneOff) -> SchoolTime:
    return msgspec.structs.replace(STAGGERED, one_off=days)


def on_friday(timetable: Timetable, members: Membership | None = None) -> OneOff:
    return OneOff(DateRange(FRIDAY, FRIDAY), "Friday", timetable, members or Membership())


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
    assert (expected,) == PLAIN.periods_at(london(local))


def test_staff_keep_the_timetable_on_an_inset_day() -> None:
    moment = london("2026-11-02T10:30")

    assert (Period.BREAK,) == Timeline(worlds.SCHOOL_TIME, STAFF).periods_at(moment)
    assert (Period.CLOSED,) == PLAIN.periods_at(moment)


@pytest.mark.parametrize(
    ("local", "year_1", "year_5", "unknown"),
    [
        ("2026-11-20T08:30", "closed", "before-school", "before-school closed"),
        ("2026-11-20T10:14:59", "lesson", "lesson", "lesson"),
        ("2026-11-20T10:15", "break", "lesson", "lesson break"),
        ("2026-11-20T10:30", "break", "break", "break"),
        ("2026-11-20T10:40", "lesson", "break", "lesson break"),
        ("2026-11-20T10:45", "lesson", "lesson", "lesson"),
        ("2026-11-20T12:00", "closed", "lesson", "lesson closed"),
        ("2026-11-20T12:15", "closed", "lunch", "lunch closed"),
        ("2026-11-02T10:30", "closed", "closed", "closed"),  # an INSET day
    ],
)
def test_year_groups_have_breaks_of_their_own(
    local: str, year_1: str, year_5: str, unknown: str
) -> None:
    """Whose year group is not known may be in each of several periods, in a fixed order."""
    moment = london(local)

    assert (year_1,) == STAGGERED.periods_at(moment, YEAR_1)
    assert (year_5,) == STAGGERED.periods_at(moment, YEAR_5)
    assert tuple(unknown.split()) == STAGGERED.periods_at(moment, PUPIL)


@pytest.mark.parametrize(
    ("members", "subject", "could_hold", "holds"),
    [
        (Membership(), PUPIL, True, True),
        (Membership(audience=ONLY_PUPILS), PUPIL, True, True),
        (Membership(audience=ONLY_PUPILS), STAFF, False, False),
        (Membership(year_groups=(0, 2)), YEAR_1, True, True),
        (Membership(year_groups=(0, 1)), YEAR_1, True, True),
        (Membership(year_groups=(1, 2)), YEAR_1, True, True),
        (Membership(year_groups=(2, 6)), YEAR_1, False, False),
        (Membership(year_groups=(0, 2)), PUPIL, True, False),
        (Membership(year_groups=(0, 2)), STAFF, True, False),
        (Membership(classes=frozenset({"1A"})), YEAR_1, True, True),
        (Membership(classes=frozenset({"1A"})), YEAR_5, False, False),
        (Membership(classes=frozenset({"1A"})), PUPIL, True, False),
        # A known person in no class is in none; a device may be whose it is shared by.
        (Membership(classes=frozenset({"1A"})), Subject(person="oak"), False, False),
        (
            Membership(classes=frozenset({"1A"})),
            Subject(classes=frozenset({"1A"})),
            True,
            True,
        ),
        (
            Membership(classes=frozenset({"1A"})),
            Subject(classes=frozenset({"1A", "5C"})),
            True,
            False,
        ),
        (
            Membership(classes=frozenset({"1A"})),
            Subject(classes=frozenset({"5C"})),
            False,
            False,
        ),
        (Membership(ONLY_PUPILS, (0, 2), frozenset({"1A"})), YEAR_1, True, True),
        (Membership(ONLY_PUPILS, (0, 2), frozenset({"5C"})), YEAR_1, False, False),
    ],
)
def test_what_is_not_known_of_a_subject_could_hold(
    members: Membership, subject: Subject, could_hold: bool, holds: bool
) -> None:
    assert (could_hold, holds) == (members.could_hold(subject), members.holds(subject))


def test_whom_no_timetable_is_for_may_be_in_any_of_their_audience_or_else_in_any() -> None:
    year_9 = msgspec.structs.replace(YEAR_5, year_group=9)
    visitor = Subject(audience=Audience.VISITOR)

    assert STAGGERED.timetables[:2] == STAGGERED.regular_for(year_9)
    assert STAGGERED.timetables == STAGGERED.regular_for(visitor)


def test_a_one_off_day_for_all_replaces_the_usual_one() -> None:
    early_closing = with_one_off(on_friday(EXAMS))

    for subject in (YEAR_1, YEAR_5, PUPIL, STAFF):
        assert (Period.LESSON,) == early_closing.periods_at(london("2026-11-20T10:30"), subject)
        assert (Period.CLOSED,) == early_closing.periods_at(london("2026-11-20T13:00"), subject)
        thursday = london("2026-11-19T10:30")
        usual = STAGGERED.periods_at(thursday, subject)
        assert usual == early_closing.periods_at(thursday, subject)


def test_a_trip_of_one_class_leaves_the_others_their_day() -> None:
    """Whoever may be on the trip and may not is in either day."""
    trip = with_one_off(on_friday(NO_BELLS, Membership(classes=frozenset({"5C"}))))
    moment = london("2026-11-20T12:20")

    assert (Period.CLOSED,) == trip.periods_at(moment, YEAR_5)
    assert (Period.LUNCH,) == trip.periods_at(
        moment, msgspec.structs.replace(YEAR_5, classes=frozenset({"5D"}))
    )
    assert (Period.LUNCH, Period.CLOSED) == trip.periods_at(
        moment, Subject(year_group=5, device=DeviceKind.OWN_DEVICE)
    )


def test_of_two_one_off_days_that_are_both_theirs_each_is_possible() -> None:
    both = with_one_off(on_friday(NO_BELLS), on_friday(EXAMS, Membership(year_groups=(5, 6))))
    moment = london("2026-11-20T10:30")

    assert (Period.LESSON, Period.CLOSED) == both.periods_at(moment, YEAR_5)
    assert (Period.CLOSED,) == both.periods_at(moment, YEAR_1)


def test_an_exam_season_runs_from_its_first_day_to_its_last() -> None:
    season = DateRange(date(2026, 11, 16), date(2026, 11, 19))
    year_6 = msgspec.structs.replace(YEAR_5, year_group=6)
    exams = with_one_off(OneOff(season, "Exams", EXAMS, Membership(year_groups=(6, 6))))
    at_break = [london(f"2026-11-{day}T10:30") for day in (13, 16, 17, 18, 19, 20)]

    assert ["break", *["lesson"] * 4, "break"] == [
        exams.periods_at(moment, year_6)[0] for moment in at_break
    ]
    assert {(Period.BREAK,)} == {exams.periods_at(moment, YEAR_5) for moment in at_break}


def test_a_one_off_day_opens_a_saturday_but_no_holiday() -> None:
    days = DateRange(date(2026, 10, 24), date(2026, 11, 2))
    fair = with_one_off(OneOff(days, "Fair", EXAMS, Membership()))

    assert (Period.LESSON,) == fair.periods_at(london("2026-10-24T10:00"), YEAR_5)
    assert (Period.CLOSED,) == fair.periods_at(london("2026-10-28T10:00"), YEAR_5)  # half-term
    assert (Period.CLOSED,) == fair.periods_at(london("2026-11-02T10:00"), YEAR_5)  # INSET
    assert (Period.LESSON,) == fair.periods_at(london("2026-11-02T10:00"), STAFF)


@given(worlds.school_times(), worlds.subjects(), worlds.moments())
def test_the_timeline_agrees_with_the_slow_definition(
    school_time: SchoolTime, subject: Subject, moment: datetime
) -> None:
    timeline = Timeline(school_time, subject)

    assert school_time.possible_at(moment, subject) == timeline.possible_at(moment)
    assert school_time.periods_at(moment, subject) == timeline.periods_at(moment)


@given(worlds.school_times(), st.lists(worlds.subjects(), max_size=8), worlds.moments())
def test_subjects_of_one_class_share_a_timeline_and_a_day(
    school_time: SchoolTime, subjects: list[Subject], moment: datetime
) -> None:
    timelines = Timelines(school_time)

    for subject in subjects * 2:
        expected = school_time.periods_at(moment, subject)
        assert expected == timelines.of(subject).periods_at(moment)


@given(worlds.school_times(), worlds.subjects(), worlds.moments())
def test_the_periods_are_constant_until_the_next_bell(
    school_time: SchoolTime, subject: Subject, moment: datetime
) -> None:
    timeline = Timeline(school_time, subject)
    now = timeline.periods_at(moment)
    bell = next(timeline.bells_after(moment), None)

    if bell is None:
        assert (Period.CLOSED,) == timeline.periods_at(moment + timedelta(days=90))
    else:
        assert bell > moment
        assert now == timeline.periods_at(bell - timedelta(microseconds=1))
        assert now != timeline.periods_at(bell)


@given(worlds.school_times(), worlds.subjects(), worlds.moments())
def test_who_is_less_known_may_be_in_at_least_the_same_periods(
    school_time: SchoolTime, subject: Subject, moment: datetime
) -> None:
    unknown = Subject(audience=subject.audience)

    known_periods = school_time.periods_at(moment, subject)
    assert set(known_periods) <= set(school_time.periods_at(moment, unknown))


def school_open_all_night(*several: Iterable[PeriodStart]) -> SchoolTime:
    return SchoolTime(
        zone="Europe/London",
        calendar=Calendar(id="year", terms=(DateRange(date(2026, 10, 24), date(2027, 3, 29)),)),
        timetables=tuple(
            TimetableUse(
                Timetable(id=f"night-{number}", days=(tuple(bells),) * 7),
                Membership(year_groups=(number, number)),
            )
            for number, bells in enumerate(several)
        ),
        staff_hours=WorkingHours(time(8, 30), time(16)),
    )


LATE_BREAK = (
    PeriodStart(time(0, 15), Period.LESSON),
    PeriodStart(time(1, 30), Period.BREAK),
    PeriodStart(time(2, 30), Period.LESSON),
)
EARLY_BREAK = (
    PeriodStart(time(0, 15), Period.LESSON),
    PeriodStart(time(1, 10), Period.BREAK),
    PeriodStart(time(1, 40), Period.LESSON),
)
NIGHT = school_open_all_night(LATE_BREAK, EARLY_BREAK)
LATE, EARLY = (Subject(person="owl", year_group=year) for year in (0, 1))


@pytest.mark.parametrize(
    ("utc", "late", "early"),
    [
        # 25 October 2026: the clocks go back at 02:00, so 01:00 to 02:00 comes twice. A bell
        # rings at the first.
        ("2026-10-24T23:14:59", "closed", "closed"),
        ("2026-10-24T23:15", "lesson", "lesson"),
        ("2026-10-25T00:10", "lesson", "break"),
        ("2026-10-25T00:29:59", "lesson", "break"),
        ("2026-10-25T00:30", "break", "break"),
        ("2026-10-25T00:40", "break", "lesson"),
        ("2026-10-25T01:10", "break", "lesson"),  # 01:10 again
        ("2026-10-25T01:35", "break", "lesson"),
        ("2026-10-25T02:29:59", "break", "lesson"),  # the late break lasts two hours
        ("2026-10-25T02:30", "lesson", "lesson"),
        # 28 March 2027: the clocks go forward at 01:00, so 01:00 to 02:00 never comes. What
        # would have rung has rung when it is 02:00.
        ("2027-03-28T00:14:59", "closed", "closed"),
        ("2027-03-28T00:59:59", "lesson", "lesson"),
        ("2027-03-28T01:00", "break", "lesson"),  # 02:00: the early break is over
        ("2027-03-28T01:29:59", "break", "lesson"),
        ("2027-03-28T01:30", "lesson", "lesson"),  # 02:30
        # The days beside them are as long as any.
        ("2026-10-26T01:10", "lesson", "break"),
        ("2027-03-29T00:10", "lesson", "break"),
    ],
)
def test_on_both_clock_changes_several_timetables_keep_the_wall_clock(
    utc: str, late: str, early: str
) -> None:
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    either = tuple(period for period in Period if period in {late, early})

    for subject, expected in ((LATE, (late,)), (EARLY, (early,)), (Subject(), either)):
        assert expected == NIGHT.periods_at(moment, subject)
        assert expected == Timeline(NIGHT, subject).periods_at(moment)


def test_the_day_ends_at_the_school_s_midnight() -> None:
    timeline = Timeline(school_open_all_night([PeriodStart(time(1), Period.LESSON)]), PUPIL)

    assert (Period.LESSON,) == timeline.periods_at(london("2026-11-20T23:59"))
    assert (Period.CLOSED,) == timeline.periods_at(london("2026-11-21T00:00"))
    assert (Period.CLOSED,) == timeline.periods_at(london("2027-03-30T00:00"))


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-20T08:29:59", False),
        ("2026-11-20T08:30", True),
        ("2026-11-20T15:59:59", True),
        ("2026-11-20T16:00", False),
        ("2026-11-21T10:00", False),
        ("2026-11-02T10:00", True),  # an INSET day
        ("2026-10-28T10:00", False),  # half-term
    ],
)
def test_working_hours_are_half_open_and_on_school_days_alone(local: str, expected: bool) -> None:
    moment, school_time = london(local), worlds.SCHOOL_TIME
    possible = school_time.possible_at(moment, STAFF)
    (facts,) = conditions.facts_at(STAFF, moment, possible, school_time, frozenset())

    assert expected is facts.is_in_own_hours


def test_where_the_school_may_be_closed_working_hours_may_not_run() -> None:
    school_time = msgspec.structs.replace(
        worlds.SCHOOL_TIME,
        one_off=(on_friday(NO_BELLS, Membership(classes=frozenset({"5C"}))),),
    )
    moment = london("2026-11-20T08:35")
    possible = school_time.possible_at(moment, STAFF)

    assert (
        Possible(Period.BEFORE_SCHOOL, is_school_day=True),
        Possible(Period.CLOSED, is_school_day=False),
    ) == possible
    assert [True, False] == [
        facts.is_in_own_hours
        for facts in conditions.facts_at(STAFF, moment, possible, school_time, frozenset())
    ]


def test_the_horizon_is_the_calendar_s_end_and_then_midnight() -> None:
    within = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    beyond = datetime(2027, 8, 1, 22, 30, tzinfo=UTC)

    assert london("2026-11-28T00:00") == worlds.SCHOOL_TIME.horizon(within)
    assert london("2027-08-02T00:00") == worlds.SCHOOL_TIME.horizon(beyond)


def test_a_school_without_a_timetable_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a timetable"):
        msgspec.structs.replace(worlds.SCHOOL_TIME, timetables=())


def test_a_calendar_without_terms_is_closed_for_ever() -> None:
    empty = msgspec.structs.replace(worlds.SCHOOL_TIME, calendar=Calendar(id="none", terms=()))
    moment = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)

    assert (Period.CLOSED,) == Timeline(empty, PUPIL).periods_at(moment)
    assert london("2026-11-21T00:00") == empty.horizon(moment)


def test_the_memory_of_timelines_is_bounded() -> None:
    timelines = Timelines(STAGGERED, most_subjects=2, most_timelines=2)
    moment = london("2026-11-20T10:15")

    for subject in (YEAR_1, YEAR_5, PUPIL, STAFF, YEAR_1):
        expected = STAGGERED.periods_at(moment, subject)
        assert expected == timelines.of(subject).periods_at(moment)
        assert len(timelines._by_subject) <= 2
        assert len(timelines._by_class) <= 2
