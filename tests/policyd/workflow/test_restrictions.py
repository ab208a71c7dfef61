"""What is proposed and decided about one person, and how long supervision lasts."""

from datetime import datetime, timedelta

import msgspec
import pytest
from office import BREAK, CHAIR, DSL, HEAD, LEAD, LESSON, MACHINE, PEOPLE, PUPIL, TEACHER, policy

from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.rules import (
    Citation,
    EverythingScope,
    Grant,
    GrantKind,
    RestrictionKind,
    lifts,
    rule_of,
)
from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.workflow import restrictions as moves
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, WrongState
from schoolgate_policyd.workflow.incidents import Handling, IncidentSubject, handling_of
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.restrictions import (
    Proposal,
    RestrictionRecord,
    RestrictionState,
    restriction_of,
    session_grant,
)
from schoolgate_policyd.workflow.supervision import (
    HowLong,
    assignment_end,
    require_session,
    session_end,
)

A_WEEK = timedelta(days=7)
A_PUPIL = Subject(audience=Audience.PUPIL)


def proposal(about: Member = PUPIL, **changed: object) -> Proposal:
    made = Proposal(
        kind=RestrictionKind.SUPERVISED_ONLY,
        person=about.id,
        starts_at=LESSON,
        ends_at=LESSON + A_WEEK,
        why="Again and again",
        cite=Citation("Social Media Policy", "§9"),
    )
    return msgspec.structs.replace(made, **changed)


def handling(about: Member = PUPIL) -> Handling:
    return handling_of(IncidentSubject(about.audience, about.id), PEOPLE)


def decided(
    by: Member = HEAD, proposed_by: Member = LEAD, about: Member = PUPIL, **changed: object
) -> RestrictionRecord:
    return moves.decide(
        RestrictionRecord(1, proposal(about), proposed_by.id, MACHINE),
        handling(about),
        **{
            "by": by.id,
            "is_approved": True,
            "reasons": "I agree",
            "at": MACHINE,
            "moment": LESSON,
            **changed,
        },
    )


def test_it_is_in_force_from_the_decision_to_its_end() -> None:
    record = decided()

    assert record.is_in_force_at(LESSON)
    assert not record.is_in_force_at(LESSON + A_WEEK)
    assert not RestrictionRecord(1, proposal(), LEAD.id, MACHINE).is_in_force_at(LESSON)


@pytest.mark.parametrize("by", [LEAD, TEACHER, CHAIR, PUPIL])
def test_only_the_dsl_and_the_head_decide_about_a_pupil(by: Member) -> None:
    with pytest.raises(NotAllowed):
        decided(by=by, proposed_by=DSL)


def test_whoever_proposed_it_decides_only_where_nobody_else_may() -> None:
    with pytest.raises(NotAllowed, match="somebody else decides"):
        decided(by=DSL, proposed_by=DSL)

    about_staff = decided(by=HEAD, proposed_by=HEAD, about=TEACHER)
    assert RestrictionState.DECIDED is about_staff.state


def test_a_decision_needs_reasons_and_comes_once() -> None:
    with pytest.raises(InvalidForm):
        decided(reasons=" ")
    with pytest.raises(WrongState, match="time is over"):
        decided(moment=LESSON + A_WEEK)
    with pytest.raises(WrongState):
        moves.decide(
            decided(),
            handling(),
            by=DSL.id,
            is_approved=False,
            reasons="x",
            at=MACHINE,
            moment=LESSON,
        )


@pytest.mark.parametrize(
    "changed",
    [
        {"ends_at": LESSON},
        {"ends_at": LESSON + timedelta(days=184)},
        {"kind": RestrictionKind.WITHDRAWN_SERVICE},
        {"service": "tiktok"},
    ],
)
def test_a_proposal_that_makes_no_sense_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(InvalidForm):
        moves.require_proposable(proposal(**changed), PUPIL, handling(), LEAD.id)


def test_supervised_only_is_for_pupils_and_nobody_proposes_about_themselves() -> None:
    with pytest.raises(InvalidForm, match="for pupils"):
        moves.require_proposable(proposal(TEACHER), TEACHER, handling(TEACHER), HEAD.id)
    with pytest.raises(NotAllowed):
        moves.require_proposable(proposal(DSL), DSL, handling(DSL), DSL.id)


def test_it_ends_early_by_whoever_may_decide_and_for_ever() -> None:
    ended = moves.end_early(
        decided(), handling(), by=DSL.id, why="Kept her word", at=MACHINE, moment=LESSON
    )

    assert not ended.is_in_force_at(LESSON)
    with pytest.raises(WrongState):
        moves.end_early(ended, handling(), by=DSL.id, why="x", at=MACHINE, moment=LESSON)
    with pytest.raises(NotAllowed):
        moves.end_early(decided(), handling(), by=LEAD.id, why="x", at=MACHINE, moment=LESSON)


@pytest.mark.parametrize("url", ["https://a.example/", "http://192.0.2.1:8080/x?y=1"])
def test_a_session_lifts_every_restriction_to_supervision_and_nothing_else(url: str) -> None:
    grant = session_grant(1, PUPIL.id, LESSON, LESSON + A_WEEK)
    page = parse_url(url)
    withdrawn = proposal(kind=RestrictionKind.WITHDRAWN_SERVICE, service="tiktok")
    others = (
        *policy().rules,
        rule_of(restriction_of(RestrictionRecord(2, withdrawn, LEAD.id, MACHINE))),
    )

    assert lifts(grant, rule_of(restriction_of(decided())), page, None, {})
    assert not [rule.id for rule in others if lifts(grant, rule, page, None, {})]


@pytest.mark.parametrize("kind", [GrantKind.ACCESS_GRANT, GrantKind.CURRICULUM_GRANT])
def test_no_other_grant_is_for_everything(kind: GrantKind) -> None:
    with pytest.raises(ValueError, match="only a supervised session"):
        Grant("g", kind, EverythingScope(), LESSON, LESSON + A_WEEK)


@pytest.mark.parametrize(
    ("moment", "ends_at"),
    [
        (LESSON, LESSON.replace(hour=10, minute=30)),
        (BREAK, LESSON.replace(hour=10, minute=45)),
        (LESSON.replace(hour=10, minute=45), LESSON.replace(hour=11, minute=45)),
        (LESSON.replace(hour=22), LESSON.replace(hour=23)),
    ],
)
def test_a_session_ends_with_the_bell_or_after_an_hour(
    moment: datetime, ends_at: datetime
) -> None:
    assert ends_at == session_end(policy().school_time, A_PUPIL, moment)


def test_a_device_is_assigned_for_the_lesson_or_until_midnight() -> None:
    school_time = policy().school_time

    lesson = assignment_end(school_time, A_PUPIL, LESSON, HowLong.LESSON)
    day = assignment_end(school_time, A_PUPIL, LESSON, HowLong.DAY)

    assert LESSON.replace(hour=10, minute=30) == lesson
    assert LESSON.replace(day=21, hour=0) == day


def test_only_staff_open_a_session_and_only_where_there_is_something_to_lift() -> None:
    require_session(TEACHER, PUPIL, (decided(),), LESSON)

    with pytest.raises(NotAllowed):
        require_session(CHAIR, PUPIL, (decided(),), LESSON)
    with pytest.raises(WrongState):
        require_session(TEACHER, PUPIL, (), LESSON)
    with pytest.raises(WrongState):
        require_session(TEACHER, PUPIL, (decided(),), LESSON + A_WEEK)
