"""What the date brings: the week, the term, reviews, training, and what ends."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from office import CHAIR, DSL, HEAD, LEAD, LONDON, PEOPLE, TEACHER

from schoolgate_policyd.core.times import Calendar, DateRange
from schoolgate_policyd.workflow.alert_dates import Dues, Ending, Standing, dated
from schoolgate_policyd.workflow.alerts import Alert, AlertKind
from schoolgate_policyd.workflow.standing_requests import is_soon

AUTUMN = DateRange(date(2026, 9, 1), date(2026, 12, 18))
SPRING = DateRange(date(2027, 1, 4), date(2027, 3, 26))
HALF_TERM = DateRange(date(2026, 10, 26), date(2026, 10, 30))
CALENDAR = Calendar("2026-27", (AUTUMN, SPRING), (HALF_TERM,))
TAUGHT = frozenset({date(2026, 10, 5), date(2027, 2, 5)})
ONCE = timedelta(minutes=1)
EARLY, IN_TIME = "2026-10-30", "2026-10-31"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


class Counted:
    """Counts nothing, and knows for which times it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[datetime, datetime]] = []

    def __call__(self, since: datetime, until: datetime) -> Mapping[str, int]:
        self.asked.append((since, until))
        return {"request-submitted": 4}


def alerts_at(moment: str, dues: Dues = Dues(education_given=TAUGHT)) -> dict[AlertKind, Alert]:  # noqa: B008 - it is frozen
    found = dated(
        at(moment), zone=LONDON, calendar=CALENDAR, people=PEOPLE, dues=dues, counting=Counted()
    )
    assert len({each.key for each in found}) == len(found)
    return {each.kind: each for each in found}


@pytest.mark.parametrize(
    ("moment", "is_there"),
    [
        ("2026-11-16T07:29", False),
        ("2026-11-16T07:30", True),
        ("2026-11-18T12:00", True),
        ("2026-11-21T07:30", False),
        ("2026-10-26T08:00", False),  # half-term
        ("2026-12-21T08:00", False),  # holidays
        ("2027-03-29T08:00", False),  # after the last day of the calendar
    ],
)
def test_the_dsl_hears_of_the_week_on_monday_morning_of_school_weeks(
    moment: str, *, is_there: bool
) -> None:
    found = alerts_at(moment).get(AlertKind.WEEK)

    assert is_there == (found is not None)
    assert found is None or (DSL.id,) == found.to


def test_a_week_is_counted_from_monday_to_monday_and_told_once() -> None:
    counted = Counted()
    keys = set()
    for moment in ("2026-11-16T07:30", "2026-11-17T09:00"):
        [alert] = [
            each
            for each in dated(
                at(moment),
                zone=LONDON,
                calendar=CALENDAR,
                people=PEOPLE,
                dues=Dues(education_given=TAUGHT),
                counting=counted,
            )
            if each.kind is AlertKind.WEEK
        ]
        keys.add(alert.key)

    assert {(at("2026-11-09"), at("2026-11-16"))} == set(counted.asked)
    assert 1 == len(keys)


@pytest.mark.parametrize(
    ("moment", "is_there"),
    [("2026-12-18T20:00", False), ("2026-12-19T07:30", True), ("2026-12-24T07:30", False)],
)
def test_governors_have_numbers_when_a_term_is_over(moment: str, *, is_there: bool) -> None:
    found = alerts_at(moment).get(AlertKind.TERM)

    assert is_there == (found is not None)
    if found is not None:
        assert (CHAIR.id,) == found.to
        assert {"first": "2026-09-01", "last": "2026-12-18", "request-submitted": 4} == found.facts


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2026-10-01", None),
        ("2026-10-02", "before"),
        ("2026-11-30", "before"),
        ("2026-12-01", "due"),
        ("2026-12-30", "due"),
        ("2027-01-03", None),  # between the terms
        ("2027-01-04", "2027-01-04"),
        ("2027-01-24", "2027-01-04"),
        ("2027-01-25", None),
    ],
)
def test_a_review_is_reminded_of_before_on_the_day_and_in_each_term_after(
    day: str, says: str | None
) -> None:
    dues = Dues(policy=date(2026, 12, 1), education_given=TAUGHT)
    found = alerts_at(f"{day}T12:00", dues).get(AlertKind.REVIEW_DUE)

    assert says == (None if found is None else found.key.rpartition(":")[2])
    assert found is None or {HEAD.id, LEAD.id, CHAIR.id} == set(found.to)


def test_a_standing_permission_is_reviewed_too_and_said_when_its_page_says_it() -> None:
    dues = Dues(standing=(Standing(7, date(2026, 11, 30)),), education_given=TAUGHT)
    soon = {day: is_soon(date(2026, 11, 30), at(f"{day}T12:00")) for day in (EARLY, IN_TIME)}

    found = alerts_at(f"{IN_TIME}T12:00", dues)[AlertKind.REVIEW_DUE]

    assert AlertKind.REVIEW_DUE not in alerts_at(f"{EARLY}T12:00", dues)
    assert {EARLY: False, IN_TIME: True} == soon
    assert "standing:7:2026-11-30:before" == found.key
    assert {HEAD.id, LEAD.id} == set(found.to)


@pytest.mark.parametrize(
    ("day", "given", "is_there"),
    [
        ("2026-11-26", frozenset[date](), False),
        ("2026-11-27", frozenset[date](), True),
        ("2026-11-27", TAUGHT, False),
        ("2026-11-27", frozenset({date(2027, 2, 5)}), True),
    ],
)
def test_three_weeks_before_its_end_a_term_without_education_is_told(
    day: str, given: frozenset[date], *, is_there: bool
) -> None:
    found = alerts_at(f"{day}T12:00", Dues(education_given=given))

    assert is_there == (AlertKind.EDUCATION_DUE in found)


def test_training_is_due_again() -> None:
    dues = Dues(training=((2, date(2026, 12, 1)),), education_given=TAUGHT)

    assert AlertKind.TRAINING_DUE not in alerts_at("2026-11-09T12:00", dues)
    assert (
        "training:2:2026-12-01:before"
        == alerts_at("2026-11-10T12:00", dues)[AlertKind.TRAINING_DUE].key
    )


@pytest.mark.parametrize(
    ("moment", "length", "is_there"),
    [
        ("2026-11-18T09:59", timedelta(days=7), False),
        ("2026-11-18T10:00", timedelta(days=7), True),
        ("2026-11-19T10:00", timedelta(days=7), False),
        ("2026-11-18T10:00", timedelta(days=2) - ONCE, False),
    ],
)
def test_the_end_of_a_long_permission_is_told_a_day_before(
    moment: str, length: timedelta, *, is_there: bool
) -> None:
    ends = at("2026-11-19T10:00")
    dues = Dues(endings=(Ending(5, TEACHER.id, ends - length, ends),), education_given=TAUGHT)
    found = alerts_at(moment, dues).get(AlertKind.PERMISSION_ENDS)

    assert is_there == (found is not None)
    assert found is None or (TEACHER.id,) == found.to
