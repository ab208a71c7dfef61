"""Timetables with whom they are for, one-off days, and the nations' bank holidays."""

import os
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.school_time import OneOff, SchoolTime
from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.core.times import DateRange, Period, PeriodStart, Timetable
from schoolgate_policyd.rulefiles import (
    RuleFileErrors,
    check_rules,
    load_calendar,
    load_policy,
)
from schoolgate_policyd.rulefiles.bank_holidays import Nation, bank_holidays
from schoolgate_policyd.rulefiles.school_days import MOST_ONE_OFF_DAYS

SCHOOL = "schools/hill.yaml"
YEAR = "calendars/year.yaml"
LATE_DAY = """\
timetable: late-day
days:
  - weekdays: [monday, tuesday]
    bells:
      - {at: "09:20", period: lesson}
      - {at: "15:30", period: closed}
"""


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert 1 == text.count(old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def with_days(rules_dir: Path, written: str) -> None:
    """Put *written* in place of the school's timetable, its line 3."""
    (rules_dir / "timetables/late-day.yaml").write_text(LATE_DAY)
    edit(rules_dir / SCHOOL, "timetable: day\n", f"{written}\n")


def with_one_off(rules_dir: Path, written: str) -> None:
    """Put *written* in line 4, as the first thing that is said of a one-off day."""
    with_days(rules_dir, f"timetable: day\none_off_days: [{{{written}}}]")


def school_time_of(rules_dir: Path) -> SchoolTime:
    return load_policy(rules_dir, "hill").school_time


def mistakes_in(rules_dir: Path) -> list[str]:
    return [
        str(mistake).removeprefix(f"{rules_dir}{os.sep}")
        for mistake in check_rules(rules_dir, "hill")
    ]


def test_several_timetables_are_each_for_somebody(rules_dir: Path) -> None:
    with_days(
        rules_dir,
        "timetables:\n"
        "  - {timetable: day, for: {audience: pupil, year_groups: [0, 2]}}\n"
        "  - {timetable: late-day, for: {classes: [4B, 4C]}}\n"
        "  - timetable: late-day",
    )

    uses = school_time_of(rules_dir).timetables

    assert ["day", "late-day", "late-day"] == [use.timetable.id for use in uses]
    assert [
        Membership(audience=frozenset({Audience.PUPIL}), year_groups=(0, 2)),
        Membership(classes=frozenset({"4B", "4C"})),
        Membership(),
    ] == [use.members for use in uses]


def test_one_timetable_is_for_everybody(rules_dir: Path) -> None:
    (use,) = school_time_of(rules_dir).timetables

    assert ("day", Membership()) == (use.timetable.id, use.members)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "date: 2026-11-23, name: Late start, timetable: late-day",
            (date(2026, 11, 23), date(2026, 11, 23), "late-day", Membership()),
        ),
        (
            "date: 2026-11-24, name: Trip, closed: true, for: {classes: 4B}",
            (
                *(date(2026, 11, 24), date(2026, 11, 24), "one-off"),
                Membership(classes=frozenset({"4B"})),
            ),
        ),
        (
            "first: 2026-11-23, last: 2026-11-27, name: T, timetable: day, for: {audience: pupil}",
            (
                date(2026, 11, 23),
                date(2026, 11, 27),
                "day",
                Membership(frozenset({Audience.PUPIL})),
            ),
        ),
    ],
)
def test_a_one_off_day_has_days_bells_and_members(
    written: str, expected: tuple[date, date, str, Membership], rules_dir: Path
) -> None:
    with_one_off(rules_dir, written)

    (found,) = school_time_of(rules_dir).one_off

    assert expected == (found.days.first, found.days.last, found.timetable.id, found.members)


def test_bells_of_a_one_off_day_ring_on_whatever_weekday(rules_dir: Path) -> None:
    bells = '[{at: "08:50", period: lesson}, {at: "12:00", period: closed}]'
    with_one_off(rules_dir, f"date: 2026-11-21, name: Saturday fair, bells: {bells}")

    school_time = school_time_of(rules_dir)
    rung = (PeriodStart(time(8, 50), Period.LESSON), PeriodStart(time(12), Period.CLOSED))

    day = DateRange(date(2026, 11, 21), date(2026, 11, 21))
    assert (OneOff(day, "Saturday fair", Timetable("one-off", (rung,) * 7)),) == (
        school_time.one_off
    )
    at_ten = datetime(2026, 11, 21, 10, tzinfo=ZoneInfo("Europe/London"))
    assert (Period.LESSON,) == school_time.periods_at(at_ten, Subject())


DAY_MISTAKES = [
    pytest.param(
        "timetables: []", "3:13: the list is empty: fill it, or remove the key", id="none at all"
    ),
    pytest.param(
        "timetables:\n  - {timetable: dey}",
        "4:17: `dey` is no timetable in timetables/: did you mean `day`?",
        id="unknown timetable in use",
    ),
    pytest.param(
        "timetable: day\ntimetables:\n  - {timetable: day}",
        "3:12: `timetables` says them all: remove this key",
        id="both keys",
    ),
    pytest.param(
        "staff_ours: x",
        "1:1: a school's file needs `timetable`: add it",
        id="neither key",
    ),
    pytest.param(
        "timetables:\n  - {timetable: day}\n  - {timetable: late-day}",
        "4:3: two timetables are for the same people: say in `for` whose each is",
        id="two for everybody",
    ),
    pytest.param(
        "timetables:\n  - {timetable: day, for: {}}",
        "4:27: this names nobody: say who, or remove `for`",
        id="for nobody",
    ),
    pytest.param(
        "timetables:\n  - {timetable: day, for: {year_group: [0, 2]}}",
        "4:28: `year_group` is no key of whom it is for: did you mean `year_groups`?",
        id="misspelt atom",
    ),
    pytest.param(
        "timetables:\n  - {timetable: day, for: {period: lesson}}",
        "4:28: `period` is no key of whom it is for: write `audience`, `year_groups` or `classes`",
        id="an atom of rules",
    ),
]


@pytest.mark.parametrize(("written", "mistake"), DAY_MISTAKES)
def test_a_mistake_in_timetables_has_place_and_remedy(
    written: str, mistake: str, rules_dir: Path
) -> None:
    with_days(rules_dir, written)

    assert f"{SCHOOL}:{mistake}" in mistakes_in(rules_dir)


ONE_OFF_MISTAKES = [
    pytest.param(
        "date: 2026-12-25, name: Party, closed: true",
        "4:16: the school is closed on `2026-12-25` by its calendar: correct the date",
        id="on a holiday",
    ),
    pytest.param(
        "date: 2027-09-01, name: Party, closed: true",
        "4:16: the school is closed on `2027-09-01` by its calendar: correct the date",
        id="in another year",
    ),
    pytest.param(
        "date: 2026-11-24, first: 2026-11-23, name: Trip, closed: true",
        "4:16: `date` is one day, `first` and `last` are several: choose",
        id="a day and a range",
    ),
    pytest.param(
        "first: 2026-11-24, name: Trip, closed: true",
        "4:16: a one-off day needs `last`: add it",
        id="half a range",
    ),
    pytest.param(
        "first: 2026-11-24, last: 2026-11-23, name: Trip, closed: true",
        "4:16: `2026-11-24` is after `2026-11-23`: exchange the dates",
        id="a range backwards",
    ),
    pytest.param(
        "first: 2026-09-01, last: 2027-12-31, name: Trip, closed: true",
        "4:16: this is longer than a year: correct its dates",
        id="a year of one-off days",
    ),
    pytest.param(
        "date: 2026-11-24, name: Trip",
        "4:16: say one of `timetable`, `bells` or `closed: true`",
        id="no bells",
    ),
    pytest.param(
        "date: 2026-11-24, name: Trip, closed: true, timetable: day",
        "4:16: say one of `timetable`, `bells` or `closed: true`",
        id="bells twice",
    ),
    pytest.param(
        "date: 2026-11-24, name: Trip, closed: false",
        "4:55: a day that is not closed has `bells`: write them",
        id="closed: false",
    ),
    pytest.param(
        "date: 2026-11-24, name: Trip, bells: [{at: '09:00', period: lesson}]",
        "4:54: the last bell of a day must be `closed`: say when the school closes",
        id="open for ever",
    ),
    pytest.param(
        "date: 2026-11-24, closed: true", "4:16: a one-off day needs `name`: add it", id="no name"
    ),
    pytest.param(
        "date: 2026-11-24, name: Trip, closed: true, for: {classes: []}",
        "4:76: the list is empty: fill it, or remove the key",
        id="for no class",
    ),
    pytest.param(
        "date: 2026-11-24, name: A, closed: true}, {first: 2026-11-23, last: 2026-11-25, "
        "name: B, timetable: day",
        "4:59: `A` is on a day of this for the same people: say in `for` whose each is",
        id="two at once",
    ),
]


@pytest.mark.parametrize(("written", "mistake"), ONE_OFF_MISTAKES)
def test_a_mistake_in_a_one_off_day_has_place_and_remedy(
    written: str, mistake: str, rules_dir: Path
) -> None:
    with_one_off(rules_dir, written)

    assert [f"{SCHOOL}:{mistake}"] == mistakes_in(rules_dir)


def test_there_may_not_be_too_many_one_off_days(rules_dir: Path) -> None:
    days = [
        f"{{date: 2026-11-24, name: T, closed: true, for: {{classes: C{number}}}}}"
        for number in range(MOST_ONE_OFF_DAYS + 1)
    ]
    with_days(rules_dir, f"timetable: day\none_off_days: [{', '.join(days)}]")

    (mistake,) = mistakes_in(rules_dir)
    assert mistake.endswith("there are more than 200 one-off days: join some")


def test_a_timetable_that_is_named_often_is_read_and_blamed_once(rules_dir: Path) -> None:
    with_days(
        rules_dir,
        "timetables:\n"
        "  - {timetable: late-day, for: {audience: pupil}}\n"
        "  - {timetable: late-day, for: {audience: staff}}",
    )
    edit(rules_dir / "timetables/late-day.yaml", "lesson", "lessen")

    assert ["timetables/late-day.yaml:5:31: `lessen` is no period: did you mean `lesson`?"] == (
        mistakes_in(rules_dir)
    )


# The days on which each nation's schools would be open but for a bank holiday, by the dates that
# the governments publish: a source of its own, not the library's.
PUBLISHED = {
    Nation.ENGLAND: {(12, 25), (12, 28), (1, 1), (3, 26), (3, 29), (5, 3), (5, 31)},
    Nation.WALES: {(12, 25), (12, 28), (1, 1), (3, 26), (3, 29), (5, 3), (5, 31)},
    Nation.SCOTLAND: {(11, 30), (12, 25), (12, 28), (1, 1), (1, 4), (3, 26), (5, 3), (5, 31)},
    Nation.NORTHERN_IRELAND: {
        *((12, 25), (12, 28), (1, 1), (3, 17), (3, 26), (3, 29), (5, 3), (5, 31), (7, 12)),
    },
}


@pytest.mark.parametrize("nation", Nation)
def test_the_bank_holidays_of_a_nation_are_those_that_are_published(nation: Nation) -> None:
    year = DateRange(date(2026, 9, 1), date(2027, 7, 31))
    found = {day for day in bank_holidays(nation, [year]) if day.weekday() < 5}

    assert PUBLISHED[nation] == {(day.month, day.day) for day in found}


@pytest.mark.parametrize(
    ("nation", "expected"),
    [
        ("england", {date(2026, 12, 25)}),
        ("northern-ireland", {date(2026, 12, 25), date(2027, 3, 17)}),
        # Each nation's own: 30 November and 4 January close Scotland's schools alone.
        ("scotland", {date(2026, 12, 25), date(2026, 11, 30), date(2027, 1, 4)}),
    ],
)
def test_a_nation_closes_the_school_in_its_terms_beside_the_days_it_names(
    nation: str, expected: set[date], rules_dir: Path
) -> None:
    """Good Friday, the day after the second term, changes nothing and is left out."""
    edit(rules_dir / YEAR, "bank_holidays", f"nation: {nation}\nbank_holidays")

    assert expected == load_calendar(rules_dir, "year").bank_holidays


def test_a_bank_holiday_in_a_half_term_is_left_out(rules_dir: Path) -> None:
    edit(
        rules_dir / YEAR,
        "first: 2026-10-26, last: 2026-10-30",
        "first: 2026-11-30, last: 2026-12-04",
    )
    edit(rules_dir / YEAR, "bank_holidays: [2026-12-25]", "nation: scotland")

    assert {date(2027, 1, 4)} == load_calendar(rules_dir, "year").bank_holidays


def test_an_unknown_nation_is_a_mistake(rules_dir: Path) -> None:
    edit(rules_dir / YEAR, "bank_holidays: [2026-12-25]", "nation: scotlend")

    assert [f"{YEAR}:6:9: `scotlend` is no nation: did you mean `scotland`?"] == (
        mistakes_in(rules_dir)
    )


def test_a_calendar_that_is_not_there_is_named(rules_dir: Path) -> None:
    with pytest.raises(RuleFileErrors, match="`yaer` is no calendar in calendars/: did you mean"):
        load_calendar(rules_dir, "yaer")
