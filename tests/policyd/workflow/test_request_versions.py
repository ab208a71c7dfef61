"""A form that changes after it was sent is the next version: what was signed is void."""

import pytest
from office import HEAD, LESSON, MACHINE, PEOPLE, TEACHER, form
from request_lives import DEPUTY, EVERYBODY, asked, confirmed, decided, submitted

from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.requests import AccessRequest, Stage, State, stage_at
from schoolgate_policyd.workflow.scopes import grant_id

OTHER = form("https://www.clips.example/other")


def changed(request: AccessRequest, why: str = "Another film") -> AccessRequest:
    return moves.change(
        request, by=TEACHER, people=EVERYBODY, form=OTHER, why=why, at=MACHINE, moment=LESSON
    )


def test_a_change_is_submitted_again_and_the_text_before_is_kept() -> None:
    after = changed(submitted())

    assert (2, OTHER, State.SUBMITTED) == (after.version, after.form, after.state)
    assert [(1, form(), "Another film")] == [(e.version, e.form, e.why) for e in after.earlier]


def test_confirmed_measures_and_a_signature_are_void_with_it() -> None:
    signed = decided(confirmed())
    assert signed.grant is not None

    after = changed(signed)

    assert after.grant is None
    assert after.step(State.MEASURES_CONFIRMED) is None
    assert after.step(State.APPROVED) is None
    assert Stage.WAITING_FOR_MEASURES is stage_at(after, LESSON)
    assert signed.steps == after.steps[:-1]


def test_the_next_version_has_a_grant_of_its_own() -> None:
    again = decided(confirmed(changed(decided(confirmed()))))

    assert again.grant is not None
    assert ("grant-1-2", "grant-1") == (again.grant.id, grant_id(submitted()))


def test_a_change_answers_an_open_question() -> None:
    after = changed(asked(), why="I added it")

    assert after.open_question is None
    assert "I added it" == after.questions[-1].answer


def test_nothing_changed_is_no_change() -> None:
    with pytest.raises(InvalidForm, match="Nothing in the form was changed"):
        moves.change(
            submitted(),
            by=TEACHER,
            people=PEOPLE,
            form=form(),
            why="x",
            at=MACHINE,
            moment=LESSON,
        )


def test_a_change_says_why() -> None:
    with pytest.raises(InvalidForm, match="reasons"):
        changed(submitted(), why="  ")


def test_a_deputys_signature_names_the_delegation_and_the_head() -> None:

    step = decided(confirmed(), DEPUTY).steps[-1]

    assert (7, HEAD.id) == (step.delegation, step.for_head)
    assert decided(confirmed(), HEAD).steps[-1].for_head is None
