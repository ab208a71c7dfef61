"""Who handles which matter, and what an incident's moves refuse."""

import pytest
from office import CHAIR, DSL, HEAD, LEAD, MACHINE, PEOPLE, PUPIL, SECOND_HEAD, TEACHER, VISITOR

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow import incident_moves as moves
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, WrongState
from schoolgate_policyd.workflow.incidents import (
    Handling,
    Incident,
    IncidentKind,
    IncidentState,
    IncidentStep,
    IncidentSubject,
    Move,
    Severity,
    handling_of,
    may_handle_any,
)
from schoolgate_policyd.workflow.people import Member

UNKNOWN = IncidentSubject(Audience.PUPIL, device="tablet")


def about(member: Member) -> IncidentSubject:
    return IncidentSubject(member.audience, member.id)


def ids(members: tuple[Member, ...]) -> set[str]:
    return {each.id for each in members}


def incident(*steps: IncidentStep, state: IncidentState = IncidentState.NEW) -> Incident:
    return Incident(
        id=1,
        kind=IncidentKind.CIRCUMVENTION,
        severity=Severity.LOW,
        state=state,
        subject=about(PUPIL),
        summary="",
        first_at=MACHINE,
        last_at=MACHINE,
        tries=1,
        days=1,
        categories=frozenset(),
        opened_at=MACHINE,
        opened_by=None,
        steps=(IncidentStep(Move.OPENED, None, MACHINE, ""), *steps),
    )


HANDLING = handling_of(about(PUPIL), PEOPLE)


@pytest.mark.parametrize(
    ("subject", "handlers", "deciders"),
    [
        (about(PUPIL), {DSL.id, LEAD.id}, {DSL.id, HEAD.id}),
        (UNKNOWN, {DSL.id, LEAD.id}, {DSL.id, HEAD.id}),
        (about(TEACHER), {HEAD.id}, {HEAD.id}),
        (about(VISITOR), {HEAD.id}, {HEAD.id}),
        (about(CHAIR), {HEAD.id}, {HEAD.id}),
        (about(DSL), {HEAD.id}, {HEAD.id}),
        (about(LEAD), {HEAD.id}, {HEAD.id}),
        (about(HEAD), {CHAIR.id}, {CHAIR.id}),
    ],
)
def test_a_matter_goes_by_whom_it_is_about(
    subject: IncidentSubject, handlers: set[str], deciders: set[str]
) -> None:
    found = handling_of(subject, PEOPLE)

    assert handlers == ids(found.handlers)
    assert deciders == ids(found.deciders)


def test_one_heads_matter_does_not_go_to_the_other_head() -> None:
    found = handling_of(about(HEAD), (*PEOPLE, SECOND_HEAD))

    assert {CHAIR.id} == ids(found.handlers)


def test_without_a_dsl_the_head_acts() -> None:
    people = tuple(each for each in PEOPLE if each is not DSL)

    found = handling_of(about(PUPIL), people)

    assert {LEAD.id, HEAD.id} == ids(found.handlers)
    assert {HEAD.id} == ids(found.deciders)


def test_where_nobody_may_handle_it_the_sentence_says_so() -> None:
    people = tuple(each for each in PEOPLE if each is not CHAIR)

    found = handling_of(about(HEAD), people)

    assert () == found.handlers
    assert "named nobody" in found.why


def test_nobody_handles_their_own_even_with_every_duty() -> None:
    everything = Member("one", "One", Audience.STAFF, "one", frozenset(Duty))

    found = handling_of(about(everything), (everything,))

    assert () == found.handlers == found.deciders


def test_a_pupils_duties_never_count() -> None:
    pupil = Member("p", "P", Audience.PUPIL, "p", frozenset({Duty.DSL}))

    assert not may_handle_any(pupil)
    assert "p" not in ids(handling_of(about(PUPIL), (pupil, *PEOPLE)).handlers)
    assert not moves.may_open(pupil)


def test_the_unknown_teacher_who_holds_no_duty_is_handled_by_the_audience_of_the_event() -> None:
    """The people given may be those who hold a duty alone."""
    holders = tuple(each for each in PEOPLE if each.duties)

    assert {HEAD.id} == ids(handling_of(about(TEACHER), holders).handlers)


@pytest.mark.parametrize(("action", "outcome"), [("", "x"), ("x", ""), (" ", " "), ("", "")])
def test_nothing_is_closed_without_action_and_outcome(action: str, outcome: str) -> None:
    with pytest.raises(InvalidForm):
        moves.close(incident(), HANDLING, by=DSL.id, action=action, outcome=outcome, at=MACHINE)


def test_an_action_before_it_was_reopened_does_not_close_it_again() -> None:
    closed = moves.close(
        incident(), HANDLING, by=DSL.id, action="Talked", outcome="Fine", at=MACHINE
    )
    assert closed.outcome is not None
    opened = moves.reopen(closed, HANDLING, by=LEAD.id, why="Again", at=MACHINE)

    assert IncidentState.LOOKED_INTO is opened.state
    assert opened.outcome is None
    with pytest.raises(InvalidForm):
        moves.close(opened, HANDLING, by=DSL.id, action="", outcome="Fine", at=MACHINE)


def test_a_closed_one_takes_notes_and_nothing_else() -> None:
    closed = moves.close(
        incident(), HANDLING, by=DSL.id, action="Talked", outcome="Fine", at=MACHINE
    )

    noted = moves.note(closed, HANDLING, by=DSL.id, text="Mother called", at=MACHINE)

    assert IncidentState.CLOSED is noted.state
    with pytest.raises(WrongState):
        moves.act(closed, HANDLING, by=DSL.id, text="x", at=MACHINE)
    with pytest.raises(WrongState):
        moves.close(closed, HANDLING, by=DSL.id, action="x", outcome="x", at=MACHINE)


@pytest.mark.parametrize("by", [TEACHER.id, HEAD.id, PUPIL.id])
def test_others_move_nothing(by: str) -> None:
    def moved(handling: Handling) -> None:
        moves.note(incident(), handling, by=by, text="x", at=MACHINE)

    with pytest.raises(NotAllowed):
        moved(HANDLING)


def test_naming_somebody_passes_it_on_to_those_who_handle_matters_about_them() -> None:
    unknown = incident()
    unknown = type(unknown)(
        **{name: getattr(unknown, name) for name in unknown.__struct_fields__}
        | {"subject": UNKNOWN}
    )

    named = moves.name(unknown, HANDLING, by=DSL.id, whom=TEACHER, text="I saw it", at=MACHINE)

    assert TEACHER.id == named.subject.person
    assert {HEAD.id} == ids(handling_of(named.subject, PEOPLE).handlers)
    with pytest.raises(WrongState):
        moves.name(named, HANDLING, by=DSL.id, whom=PUPIL, text="No", at=MACHINE)
