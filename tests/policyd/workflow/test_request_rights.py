"""
Who may do what with a request: the whole matrix of stage, person and act.

The expectation is written out once more, from the policies and not from the table, and every act
of the matrix is then tried with the moves themselves.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec
import pytest
from office import (
    CHAIR,
    DSL,
    HEAD,
    LEAD,
    LESSON,
    MACHINE,
    PUPIL,
    SECOND_HEAD,
    TEACHER,
    VISITOR,
    form,
)
from request_lives import (
    AFTER,
    AWAY,
    DEPUTY,
    EVERYBODY,
    SIGNATURE,
    asked,
    confirmed,
    decided,
    later,
    noted,
    staffing,
    submitted,
    told,
)

from schoolgate_policyd.workflow import moves, request_talk
from schoolgate_policyd.workflow.errors import NotAllowed, WorkflowError, WrongState
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.request_rights import (
    TABLE,
    Act,
    Role,
    Staffing,
    acts_of,
    draft_acts_of,
)
from schoolgate_policyd.workflow.requests import AccessRequest, Stage, stage_at

AT_STAGE: dict[Stage, tuple[Callable[[], AccessRequest], datetime]] = {
    Stage.WAITING_FOR_MEASURES: (submitted, LESSON),
    Stage.WAITING_FOR_ANSWER: (asked, LESSON),
    Stage.WAITING_FOR_DECISION: (confirmed, LESSON),
    Stage.MEASURES_REFUSED: (lambda: confirmed(yes=False), LESSON),
    Stage.REFUSED: (lambda: decided(confirmed(), yes=False), LESSON),
    Stage.APPROVED: (later, LESSON),
    Stage.IN_FORCE: (lambda: decided(confirmed()), LESSON),
    Stage.ENDED: (lambda: decided(confirmed()), AFTER),
    Stage.TOLD: (told, AFTER),
    Stage.REVIEWED: (noted, AFTER),
    Stage.WITHDRAWN: (
        lambda: moves.withdraw(submitted(), by=TEACHER, why="x", at=MACHINE, moment=LESSON),
        LESSON,
    ),
    Stage.LAPSED: (submitted, AFTER),
}

READERS = {TEACHER, HEAD, SECOND_HEAD, CHAIR, LEAD, DSL, DEPUTY}
ENDERS = {TEACHER, HEAD, SECOND_HEAD, CHAIR, DEPUTY}
OPEN = {Stage.WAITING_FOR_MEASURES, Stage.WAITING_FOR_ANSWER, Stage.WAITING_FOR_DECISION}
ENDABLE = OPEN | {Stage.APPROVED, Stage.IN_FORCE}
NOT_FOR_SENT = {Act.EDIT, Act.DELETE, Act.SUBMIT}


# Who may, and at which stages, as twiss-green §9, policies.md R17 and the issue say it.
EXPECTED: dict[Act, tuple[set[Member], set[Stage]]] = {
    Act.SEE: (READERS, set(AT_STAGE)),
    Act.PRINT: (READERS, set(AT_STAGE)),
    Act.ASK: ({LEAD}, {Stage.WAITING_FOR_MEASURES}),
    Act.CHECK: ({LEAD}, {Stage.WAITING_FOR_MEASURES}),
    Act.ANSWER: ({TEACHER}, {Stage.WAITING_FOR_ANSWER}),
    Act.DECIDE: ({HEAD, SECOND_HEAD, DEPUTY}, {Stage.WAITING_FOR_DECISION}),
    Act.WITHDRAW: (ENDERS, ENDABLE),
    Act.CHANGE: ({TEACHER}, ENDABLE),
    Act.TELL: ({TEACHER}, {Stage.ENDED}),
    Act.NOTE: ({LEAD}, {Stage.TOLD}),
    **{act: (set[Member](), set[Stage]()) for act in NOT_FOR_SENT},
}


def who_may(act: Act, stage: Stage) -> set[Member]:
    """Return who may do *act* at *stage*."""
    members, stages = EXPECTED[act]
    return members if stage in stages else set()


def test_every_stage_of_the_table_is_tested() -> None:
    assert set(Stage) == set(TABLE) == {*AT_STAGE, Stage.DRAFT}
    assert all(set(acts) <= set(Role) for acts in TABLE.values())


@pytest.mark.parametrize("stage", AT_STAGE)
@pytest.mark.parametrize("member", EVERYBODY, ids=lambda each: each.username or each.id)
def test_the_whole_matrix(stage: Stage, member: Member) -> None:
    make, moment = AT_STAGE[stage]
    request = make()
    here = staffing(moment)
    assert stage is stage_at(request, here.moment)

    expected = {act for act in Act if member in who_may(act, stage)}

    assert expected == acts_of(request, member, here)


MOVES: dict[Act, Callable[[AccessRequest, Member, Staffing], AccessRequest]] = {
    Act.CHECK: lambda request, by, here: moves.review(
        request,
        by=by,
        people=here.people,
        delegations=here.delegations,
        are_in_place=True,
        why="x",
        at=MACHINE,
        moment=here.moment,
    ),
    Act.ASK: lambda request, by, here: request_talk.ask(
        request, by=by, staffing=here, question="x", at=MACHINE
    ),
    Act.ANSWER: lambda request, by, here: request_talk.answer(
        request, by=by, staffing=here, text="x", at=MACHINE
    ),
    Act.DECIDE: lambda request, by, here: moves.refuse(
        request,
        by=by,
        people=here.people,
        delegations=here.delegations,
        reasons="x",
        signature=SIGNATURE,
        at=MACHINE,
        moment=here.moment,
    ),
    Act.WITHDRAW: lambda request, by, here: moves.withdraw(
        request,
        by=by,
        people=here.people,
        delegations=here.delegations,
        why="x",
        at=MACHINE,
        moment=here.moment,
    ),
    Act.CHANGE: lambda request, by, here: moves.change(
        request,
        by=by,
        people=here.people,
        form=form("https://www.clips.example/other"),
        why="x",
        at=MACHINE,
        moment=here.moment,
    ),
    Act.TELL: lambda request, by, here: request_talk.tell(
        request, by=by, staffing=here, how_it_went="x", at=MACHINE
    ),
    Act.NOTE: lambda request, by, here: request_talk.note(
        request, by=by, staffing=here, note="x", at=MACHINE
    ),
}


def test_every_act_that_changes_a_sent_request_has_its_move() -> None:
    assert set(Act) - NOT_FOR_SENT - {Act.SEE, Act.PRINT} == set(MOVES)


@pytest.mark.parametrize("stage", AT_STAGE)
@pytest.mark.parametrize("act", MOVES)
def test_a_move_is_made_for_exactly_those_in_the_table(stage: Stage, act: Act) -> None:
    make, moment = AT_STAGE[stage]
    here = staffing(moment)
    for member in EVERYBODY:
        request = make()
        if member in who_may(act, stage):
            assert request != MOVES[act](request, member, here)
            continue
        with pytest.raises((NotAllowed, WrongState)):
            MOVES[act](request, member, here)


@pytest.mark.parametrize("member", EVERYBODY, ids=lambda each: each.username or each.id)
def test_a_draft_is_its_authors_alone(member: Member) -> None:
    theirs = {Act.SEE, Act.EDIT, Act.DELETE, Act.SUBMIT}

    assert (theirs if member is TEACHER else set()) == draft_acts_of(TEACHER.id, member)


@pytest.mark.parametrize("member", [PUPIL, VISITOR])
def test_somebody_who_may_not_ask_has_no_drafts(member: Member) -> None:
    assert frozenset() == draft_acts_of(member.id, member)


@pytest.mark.parametrize("author", [HEAD, LEAD, DSL, CHAIR, DEPUTY, SECOND_HEAD])
@pytest.mark.parametrize("stage", [Stage.WAITING_FOR_MEASURES, Stage.WAITING_FOR_DECISION])
def test_whoever_wrote_it_neither_checks_nor_decides(author: Member, stage: Stage) -> None:
    request = moves.submit(1, author, form(), at=MACHINE)
    if stage is Stage.WAITING_FOR_DECISION:
        (reviewer, *_) = staffing().turn(request).actors  # type: ignore[union-attr] - it is open
        request = moves.review(
            request,
            by=reviewer,
            people=EVERYBODY,
            are_in_place=True,
            why="x",
            at=MACHINE,
            moment=LESSON,
        )

    acts = acts_of(request, author, staffing())

    assert not acts & {Act.ASK, Act.CHECK, Act.DECIDE, Act.NOTE}
    assert Act.SEE in acts


def test_a_deputys_own_request_is_decided_by_the_head_or_the_chair() -> None:
    request = confirmed(moves.submit(1, DEPUTY, form(), at=MACHINE))

    turn = staffing().turn(request)

    assert turn is not None
    assert {HEAD, SECOND_HEAD, CHAIR} == set(turn.actors)
    assert "cannot wait" in turn.why


def test_the_heads_own_request_is_not_decided_by_their_deputy() -> None:
    request = confirmed(moves.submit(1, HEAD, form(), at=MACHINE))

    turn = staffing().turn(request)

    assert turn is not None
    assert (CHAIR,) == turn.actors


@pytest.mark.parametrize("for_class", [None, "4B"])
def test_whoever_confirmed_the_measures_does_not_decide_as_well(for_class: str | None) -> None:
    """A curriculum grant needs the head's signature and the online safety lead's measures."""
    people = (TEACHER, HEAD, CHAIR)
    request = moves.submit(1, TEACHER, form(for_class=for_class), at=MACHINE)
    checked = moves.review(
        request, by=HEAD, people=people, are_in_place=True, why="x", at=MACHINE, moment=LESSON
    )

    here = Staffing(people, LESSON)

    assert Act.DECIDE not in acts_of(checked, HEAD, here)
    assert Act.DECIDE in acts_of(checked, CHAIR, here)


def test_a_deputy_who_confirmed_the_measures_does_not_decide() -> None:
    away = msgspec.structs.replace(AWAY, deputy=LEAD.id)

    here = Staffing(EVERYBODY, LESSON, (away,))

    assert Act.DECIDE not in acts_of(confirmed(), LEAD, here)


@pytest.mark.parametrize("act", MOVES)
def test_a_pupil_does_nothing_whatever_duty_a_register_gives_them(act: Act) -> None:
    odd = msgspec.structs.replace(PUPIL, duties=HEAD.duties | LEAD.duties, username="odd")

    for make, moment in AT_STAGE.values():
        here = msgspec.structs.replace(staffing(moment), people=(*EVERYBODY, odd))
        assert act not in acts_of(make(), odd, here)


def test_what_was_refused_says_why() -> None:
    with pytest.raises(WorkflowError, match="a question about it waits"):
        confirmed(asked())
