"""Where a request stands follows from its steps and the time."""

from datetime import datetime, timedelta

import msgspec
import pytest
from office import HEAD, LEAD, LESSON, MACHINE, TEACHER, form

from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.workflow.requests import (
    AccessRequest,
    RequestForm,
    Stage,
    State,
    Step,
    stage_at,
)

END = LESSON.replace(hour=12)


def request_in(*states: State, asked: RequestForm | None = None) -> AccessRequest:
    steps = tuple(Step(each, TEACHER.id, MACHINE, "because") for each in states)
    return AccessRequest(1, TEACHER.id, asked or form(), steps)


TO_MEASURES = (State.SUBMITTED, State.MEASURES_CONFIRMED)


@pytest.mark.parametrize(
    ("states", "moment", "stage"),
    [
        ((State.SUBMITTED,), LESSON, Stage.WAITING_FOR_MEASURES),
        ((State.SUBMITTED,), END, Stage.LAPSED),
        ((State.SUBMITTED, State.MEASURES_REFUSED), LESSON, Stage.MEASURES_REFUSED),
        ((State.SUBMITTED, State.MEASURES_REFUSED), END, Stage.MEASURES_REFUSED),
        (TO_MEASURES, LESSON, Stage.WAITING_FOR_DECISION),
        (TO_MEASURES, END, Stage.LAPSED),
        ((*TO_MEASURES, State.REFUSED), END, Stage.REFUSED),
        ((*TO_MEASURES, State.APPROVED), LESSON - timedelta(seconds=1), Stage.APPROVED),
        ((*TO_MEASURES, State.APPROVED), LESSON, Stage.IN_FORCE),
        ((*TO_MEASURES, State.APPROVED), END - timedelta(microseconds=1), Stage.IN_FORCE),
        ((*TO_MEASURES, State.APPROVED), END, Stage.ENDED),
        ((*TO_MEASURES, State.APPROVED, State.WITHDRAWN), LESSON, Stage.WITHDRAWN),
        ((State.SUBMITTED, State.WITHDRAWN), END, Stage.WITHDRAWN),
    ],
)
def test_a_stage_follows_from_the_steps_and_the_half_open_time(
    states: tuple[State, ...], moment: datetime, stage: Stage
) -> None:
    assert stage == stage_at(request_in(*states), moment)


def test_a_grant_that_was_seen_to_end_stays_ended_when_the_clock_is_set_back() -> None:
    ended = msgspec.structs.replace(request_in(*TO_MEASURES, State.APPROVED), has_ended=True)

    assert Stage.ENDED == stage_at(ended, LESSON)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone-aware"):
        stage_at(request_in(State.SUBMITTED), LESSON.replace(tzinfo=None))


def test_for_whom_decides_the_kind() -> None:
    assert GrantKind.ACCESS_GRANT is form().kind
    assert GrantKind.CURRICULUM_GRANT is form(for_class="4B").kind


def test_the_age_of_a_request_counts_from_its_last_step() -> None:
    steps = (
        Step(State.SUBMITTED, TEACHER.id, MACHINE, "because"),
        Step(State.MEASURES_CONFIRMED, LEAD.id, MACHINE + timedelta(days=1), "checked"),
    )
    request = AccessRequest(1, TEACHER.id, form(), steps)

    assert MACHINE == request.submitted_at
    assert MACHINE + timedelta(days=1) == request.waiting_since
    assert HEAD.id not in {each.actor for each in request.steps}
    assert request.step(State.APPROVED) is None
