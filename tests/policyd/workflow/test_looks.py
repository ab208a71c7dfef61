"""Who may open whose record, and who sees that: every duty against every other."""

import pytest
from office import CHAIR, DSL, HEAD, LEAD, NOON, PUPIL, SECOND_HEAD, TEACHER, VISITOR

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.looks import (
    OPEN_FOR,
    Look,
    LookForm,
    LookReason,
    is_told_apart,
    may_open,
    may_see_look,
    parse_look,
)
from schoolgate_policyd.workflow.people import Member

TECHNICIAN = Member("vole", "T", Audience.STAFF, "t", frozenset({Duty.TECHNICIAN}))
GOVERNOR = Member("gull", "G", Audience.VISITOR, "g", frozenset({Duty.GOVERNOR}))
EVERYBODY = (TEACHER, HEAD, LEAD, DSL, CHAIR, PUPIL, VISITOR, TECHNICIAN, GOVERNOR)
# Written out from the policies: pupil → DSL and lead; staff → head and lead; head → chair.
OPENS = {
    PUPIL: {DSL, LEAD},
    TEACHER: {HEAD, LEAD},
    TECHNICIAN: {HEAD, LEAD},
    VISITOR: {HEAD, LEAD},
    GOVERNOR: {HEAD, LEAD},
    DSL: {HEAD, LEAD},
    LEAD: {HEAD},
    CHAIR: {HEAD, LEAD},
    HEAD: {CHAIR},
}


@pytest.mark.parametrize("person", EVERYBODY, ids=lambda each: each.id)
def test_a_record_is_opened_by_those_whose_matter_it_is(person: Member) -> None:
    assert OPENS[person] == {viewer for viewer in EVERYBODY if may_open(viewer, person)}


def test_one_of_two_heads_does_not_open_the_others() -> None:
    assert not may_open(HEAD, SECOND_HEAD)
    assert may_open(CHAIR, SECOND_HEAD)


def test_duties_of_a_pupil_count_for_nothing() -> None:
    pupil = Member("x", "X", Audience.PUPIL, "x", frozenset(Duty))

    assert not any(may_open(pupil, each) for each in EVERYBODY)
    look = Look(1, PUPIL.id, LEAD.id, NOON, NOON + OPEN_FOR, LookReason.CRIME, "x")
    assert not may_see_look(pupil, look, {})


def test_whoever_alone_cannot_be_opened_is_not_told_apart() -> None:
    """Else the one pseudonym without a link to the record would be the head's."""
    assert {TEACHER, DSL, CHAIR, PUPIL, VISITOR, TECHNICIAN, GOVERNOR} == {
        each for each in EVERYBODY if is_told_apart(LEAD, each)
    }
    assert {DSL} == {each for each in EVERYBODY if not is_told_apart(DSL, each)}


SEES = [
    (PUPIL, LEAD, {DSL}),
    (PUPIL, DSL, {DSL, HEAD}),
    (TEACHER, LEAD, {DSL}),
    (DSL, LEAD, {HEAD}),
    (DSL, HEAD, {HEAD, CHAIR}),
    (HEAD, CHAIR, {DSL, CHAIR}),
    (LEAD, HEAD, {DSL, CHAIR}),
]


@pytest.mark.parametrize(("person", "by", "seen_by"), SEES)
def test_a_look_is_seen_by_the_dsl_and_never_by_whom_it_is_at(
    person: Member, by: Member, seen_by: set[Member]
) -> None:
    look = Look(1, person.id, by.id, NOON, NOON + OPEN_FOR, LookReason.CRIME, "x")
    people = {each.id: each for each in EVERYBODY}

    assert seen_by == {each for each in EVERYBODY if may_see_look(each, look, people)}


def test_a_look_at_somebody_who_left_is_still_seen() -> None:
    look = Look(1, "gone", "gone-too", NOON, NOON + OPEN_FOR, LookReason.CRIME, "x")

    assert may_see_look(DSL, look, {})
    assert not may_see_look(HEAD, look, {})


def test_a_reason_and_words_are_needed_both() -> None:
    with pytest.raises(InvalidForm) as raised:
        parse_look({"reason": "curiosity", "words": "  "}, PUPIL)

    assert ["reason", "words"] == [each.field for each in raised.value.mistakes]


def test_pupils_have_no_working_time() -> None:
    raw = {"reason": "social-media-in-working-time", "words": "seen at lunch"}

    assert LookForm(LookReason.WORKING_TIME, "seen at lunch") == parse_look(raw, TEACHER)
    with pytest.raises(InvalidForm):
        parse_look(raw, PUPIL)
