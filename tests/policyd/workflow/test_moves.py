"""The state machine: as a table, and as a machine that Hypothesis drives."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from office import (
    CHAIR,
    DSL,
    HEAD,
    LEAD,
    LESSON,
    MACHINE,
    PEOPLE,
    PUPIL,
    SECOND_HEAD,
    TEACHER,
    VISITOR,
    form,
    policy,
)

from schoolgate_policyd.core.subjects import DeviceKind
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.effects import Effects, Opening
from schoolgate_policyd.workflow.errors import (
    InvalidForm,
    NotAllowed,
    OpensNothing,
    WorkflowError,
    WrongState,
)
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import AccessRequest, Signature, State
from schoolgate_policyd.workflow.scopes import grant_for

EVERYBODY = (*PEOPLE, SECOND_HEAD)
AFTER_END = LESSON.replace(hour=12)
SIGNATURE = Signature("N. T.", LESSON.date(), "0" * 64)


def submitted(requester: Member = TEACHER) -> AccessRequest:
    return moves.submit(1, requester, form(), at=MACHINE)


def reviewed(request: AccessRequest, by: Member = LEAD, *, yes: bool = True) -> AccessRequest:
    return moves.review(
        request,
        by=by,
        people=EVERYBODY,
        are_in_place=yes,
        why="checked",
        at=MACHINE,
        moment=LESSON,
    )


def effects_of(request: AccessRequest, *, opens: bool = True) -> Effects:
    opening = Opening(request.requester, DeviceKind.OWN_DEVICE, "own", (Period.LESSON,))
    return Effects(
        grant_for(request, policy().catalogue), (opening,) if opens else (), still_blocks=()
    )


def approved(
    request: AccessRequest, by: Member = HEAD, *, reasons: str = "fine", opens: bool = True
) -> AccessRequest:
    return moves.approve(
        request,
        by=by,
        people=EVERYBODY,
        reasons=reasons,
        signature=SIGNATURE,
        effects=effects_of(request, opens=opens),
        at=MACHINE,
        moment=LESSON,
    )


def refused(request: AccessRequest, by: Member = HEAD, *, reasons: str = "no") -> AccessRequest:
    return moves.refuse(
        request,
        by=by,
        people=EVERYBODY,
        reasons=reasons,
        signature=SIGNATURE,
        at=MACHINE,
        moment=LESSON,
    )


def withdrawn(request: AccessRequest, by: Member = HEAD) -> AccessRequest:
    return moves.withdraw(request, by=by, why="over", at=MACHINE, moment=LESSON)


STAGES: dict[State, Callable[[], AccessRequest]] = {
    State.SUBMITTED: submitted,
    State.MEASURES_CONFIRMED: lambda: reviewed(submitted()),
    State.MEASURES_REFUSED: lambda: reviewed(submitted(), yes=False),
    State.APPROVED: lambda: approved(reviewed(submitted())),
    State.REFUSED: lambda: refused(reviewed(submitted())),
    State.WITHDRAWN: lambda: withdrawn(submitted()),
}
MOVES: dict[str, Callable[[AccessRequest], AccessRequest]] = {
    "review": reviewed,
    "approve": approved,
    "refuse": refused,
    "withdraw": withdrawn,
}
POSSIBLE = {
    (State.SUBMITTED, "review"): State.MEASURES_CONFIRMED,
    (State.SUBMITTED, "withdraw"): State.WITHDRAWN,
    (State.MEASURES_CONFIRMED, "approve"): State.APPROVED,
    (State.MEASURES_CONFIRMED, "refuse"): State.REFUSED,
    (State.MEASURES_CONFIRMED, "withdraw"): State.WITHDRAWN,
    (State.APPROVED, "withdraw"): State.WITHDRAWN,
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", MOVES)
def test_the_table_of_states_and_moves(state: State, move: str) -> None:
    request = STAGES[state]()
    assert state is request.state

    expected = POSSIBLE.get((state, move))
    if expected is None:
        with pytest.raises(WrongState):
            MOVES[move](request)
    else:
        assert expected is MOVES[move](request).state


@pytest.mark.parametrize("requester", [PUPIL, VISITOR])
def test_pupils_and_visitors_without_a_duty_cannot_ask(requester: Member) -> None:
    with pytest.raises(NotAllowed, match="staff"):
        submitted(requester)


@pytest.mark.parametrize("reviewer", [TEACHER, HEAD, DSL, CHAIR, PUPIL])
def test_only_the_lead_checks_a_teachers_measures(reviewer: Member) -> None:
    with pytest.raises(NotAllowed):
        reviewed(submitted(), reviewer)


@pytest.mark.parametrize("authoriser", [TEACHER, LEAD, DSL, CHAIR, PUPIL])
def test_only_a_head_decides_a_teachers_request(authoriser: Member) -> None:
    waiting = reviewed(submitted())

    for decide in (approved, refused):
        with pytest.raises(NotAllowed):
            decide(waiting, authoriser)


def test_the_leads_own_measures_are_checked_by_the_dsl() -> None:
    with pytest.raises(NotAllowed, match="their own"):
        reviewed(submitted(LEAD), LEAD)

    assert State.MEASURES_CONFIRMED is reviewed(submitted(LEAD), DSL).state


def test_the_heads_own_request_goes_to_the_chair_and_not_to_another_head() -> None:
    waiting = reviewed(submitted(HEAD))

    for authoriser in (HEAD, SECOND_HEAD):
        with pytest.raises(NotAllowed):
            approved(waiting, authoriser)
    assert State.APPROVED is approved(waiting, CHAIR).state


@pytest.mark.parametrize("reasons", ["", "  \n"])
def test_no_outcome_is_without_reasons(reasons: str) -> None:
    waiting = reviewed(submitted())

    for decide in (approved, refused):
        with pytest.raises(InvalidForm) as raised:
            decide(waiting, reasons=reasons)
        assert raised.value.message_for("reasons") is not None


def test_a_grant_that_opens_nothing_is_not_signed() -> None:
    with pytest.raises(OpensNothing):
        approved(reviewed(submitted()), opens=False)


def test_an_approval_keeps_the_grant_that_was_shown() -> None:
    waiting = reviewed(submitted())

    assert effects_of(waiting).grant == approved(waiting).grant


@pytest.mark.parametrize(
    "change",
    [
        {"id": "grant-2"},
        {"people": frozenset({"swift"})},
        {"people": frozenset({"heron", "swift"})},
        {"classes": frozenset({"4B"})},
        {"device_groups": frozenset({"library"})},
        {"ends_at": AFTER_END + timedelta(days=1)},
        {"starts_at": LESSON - timedelta(days=1)},
    ],
)
def test_effects_of_another_grant_than_was_asked_for_are_refused(
    change: dict[str, object],
) -> None:
    waiting = reviewed(submitted())
    shown = effects_of(waiting)
    other = msgspec.structs.replace(shown, grant=msgspec.structs.replace(shown.grant, **change))

    with pytest.raises(WrongState, match="another request"):
        moves.approve(
            waiting,
            by=HEAD,
            people=EVERYBODY,
            reasons="fine",
            signature=SIGNATURE,
            effects=other,
            at=MACHINE,
            moment=LESSON,
        )


def test_what_has_lapsed_is_neither_reviewed_nor_withdrawn() -> None:
    with pytest.raises(WrongState, match="over"):
        moves.review(
            submitted(),
            by=LEAD,
            people=EVERYBODY,
            are_in_place=True,
            why="checked",
            at=MACHINE,
            moment=AFTER_END,
        )
    with pytest.raises(WrongState):
        moves.withdraw(submitted(), by=TEACHER, why="late", at=MACHINE, moment=AFTER_END)


class AnyoneTriesAnything(RuleBasedStateMachine):
    """Whoever does whatever in any order, the laws of the paperwork hold."""

    @initialize(requester=st.sampled_from([TEACHER, HEAD, LEAD, DSL, CHAIR, SECOND_HEAD]))
    def someone_asks(self, requester: Member) -> None:
        self.request = submitted(requester)

    def attempt(self, moved: AccessRequest) -> None:
        assert self.request.steps == moved.steps[:-1]
        self.request = moved

    @rule(by=st.sampled_from(EVERYBODY), yes=st.booleans())
    def review(self, by: Member, *, yes: bool) -> None:
        try:
            self.attempt(reviewed(self.request, by, yes=yes))
        except WorkflowError:
            return

    @rule(by=st.sampled_from(EVERYBODY), reasons=st.sampled_from(["", " ", "fine"]))
    def approve(self, by: Member, reasons: str) -> None:
        try:
            self.attempt(approved(self.request, by, reasons=reasons))
        except WorkflowError:
            return

    @rule(by=st.sampled_from(EVERYBODY), reasons=st.sampled_from(["", "no"]))
    def refuse(self, by: Member, reasons: str) -> None:
        try:
            self.attempt(refused(self.request, by, reasons=reasons))
        except WorkflowError:
            return

    @rule(by=st.sampled_from(EVERYBODY))
    def withdraw(self, by: Member) -> None:
        try:
            self.attempt(withdrawn(self.request, by))
        except WorkflowError:
            return

    @invariant()
    def nobody_reviews_or_decides_their_own(self) -> None:
        for step in self.request.steps[1:]:
            if step.state is not State.WITHDRAWN:
                assert self.request.requester != step.actor

    @invariant()
    def an_approval_follows_confirmed_measures_and_has_reasons(self) -> None:
        states = [step.state for step in self.request.steps]
        if State.APPROVED in states:
            assert State.MEASURES_CONFIRMED is states[states.index(State.APPROVED) - 1]
        assert len(set(states)) == len(states)
        assert all(step.reasons.strip() for step in self.request.steps)

    @invariant()
    def a_grant_is_there_only_after_an_approval(self) -> None:
        states = {step.state for step in self.request.steps}
        assert (State.APPROVED in states) == (self.request.grant is not None)


TestAnyoneTriesAnything = AnyoneTriesAnything.TestCase
TestAnyoneTriesAnything.settings = settings(max_examples=60, stateful_step_count=12)
