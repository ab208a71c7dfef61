"""Days that the head says are different, as the policy's one-off days."""

from datetime import UTC, date, datetime

import pytest
from office import policy

from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.workflow.different_days import DayEntry, DayKind, parse_day, with_days
from schoolgate_policyd.workflow.errors import InvalidForm

FRIDAY = date(2026, 11, 20)
LESSON = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BREAK = datetime(2026, 11, 20, 10, 35, tzinfo=UTC)
PUPIL = Subject(Audience.PUPIL, year_group=4)
OLDER = Subject(Audience.PUPIL, year_group=6)
STAFF = Subject(Audience.STAFF)
UNKNOWN = Subject(Audience.PUPIL)


@pytest.mark.parametrize(
    ("kind", "years", "subject", "moment", "expected"),
    [
        (DayKind.CLOSED, None, PUPIL, LESSON, (Period.CLOSED,)),
        (DayKind.CLOSED, None, STAFF, LESSON, (Period.CLOSED,)),
        (DayKind.CLOSED_FOR_PUPILS, None, PUPIL, LESSON, (Period.CLOSED,)),
        (DayKind.CLOSED_FOR_PUPILS, None, STAFF, LESSON, (Period.LESSON,)),
        (DayKind.LESSONS, None, STAFF, BREAK, (Period.LESSON,)),
        (DayKind.LESSONS, (4, 4), PUPIL, BREAK, (Period.LESSON,)),
        (DayKind.LESSONS, (4, 4), OLDER, BREAK, (Period.BREAK,)),
        (DayKind.LESSONS, (4, 4), STAFF, BREAK, (Period.BREAK,)),
        # Whose year group is not known could be in an exam: what blocks in either blocks.
        (DayKind.LESSONS, (4, 4), UNKNOWN, BREAK, (Period.LESSON, Period.BREAK)),
    ],
)
def test_a_different_day_is_what_was_said_for_whom_it_was_said(
    kind: DayKind,
    years: tuple[int, int] | None,
    subject: Subject,
    moment: datetime,
    expected: tuple[Period, ...],
) -> None:
    entry = DayEntry(kind, FRIDAY, FRIDAY, "Exams", years)

    time = with_days(policy().school_time, (entry,))

    assert expected == time.periods_at(moment, subject)


def test_the_day_after_goes_as_usual() -> None:
    time = with_days(
        policy().school_time, (DayEntry(DayKind.CLOSED, date(2026, 11, 19), FRIDAY, "Snow"),)
    )

    assert (Period.LESSON,) == time.periods_at(datetime(2026, 11, 23, 10, 0, tzinfo=UTC), STAFF)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "open"),
        ("first", "2026-11-19"),
        ("first", "2028-01-01"),
        ("last", "2026-12-24"),
        ("last", "2026-11-01"),
        ("years", "6-3"),
        ("years", "x"),
        ("name", ""),
        ("name", "a\u202eb"),
    ],
)
def test_what_cannot_be_is_a_mistake_at_its_field(field: str, value: str) -> None:
    entered = {"kind": "lessons", "first": "2026-11-20", "name": "Exams", field: value}

    with pytest.raises(InvalidForm) as refused:
        parse_day(entered, today=FRIDAY)

    assert [field] == [each.field for each in refused.value.mistakes]
