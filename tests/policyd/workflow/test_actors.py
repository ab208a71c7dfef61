"""Whose turn it is: the table of twiss-green §9 and of R17."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from office import (
    CHAIR,
    DSL,
    HEAD,
    LEAD,
    MACHINE,
    PEOPLE,
    PUPIL,
    TEACHER,
    VISITOR,
    form,
)
from request_lives import AWAY

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.actors import (
    ACTING,
    Task,
    authorising,
    may_submit,
    may_withdraw,
    next_turn,
    reviewing,
)
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import AccessRequest, State, Step

LEAD_AND_DSL = msgspec.structs.replace(LEAD, duties=frozenset({Duty.ONLINE_SAFETY_LEAD, Duty.DSL}))
HEAD_AND_LEAD = msgspec.structs.replace(
    HEAD, duties=frozenset({Duty.HEAD, Duty.ONLINE_SAFETY_LEAD})
)
ONLY_MEMBER = msgspec.structs.replace(
    HEAD, duties=frozenset({Duty.HEAD, Duty.ONLINE_SAFETY_LEAD, Duty.DSL})
)
SECOND_LEAD = msgspec.structs.replace(LEAD, id="plover", username="lead-2")
SECOND_DSL = msgspec.structs.replace(DSL, id="linnet", username="dsl-2")


def by(requester: Member, *later: State) -> AccessRequest:
    steps = [Step(state, requester.id, MACHINE, "because") for state in (State.SUBMITTED, *later)]
    return AccessRequest(1, requester.id, form(), tuple(steps))


@pytest.mark.parametrize(
    ("requester", "people", "reviewers"),
    [
        (TEACHER, PEOPLE, (LEAD,)),
        (HEAD, PEOPLE, (LEAD,)),
        (DSL, PEOPLE, (LEAD,)),
        (LEAD, PEOPLE, (DSL,)),
        (LEAD, (TEACHER, HEAD, LEAD, SECOND_LEAD, DSL), (DSL,)),
        (LEAD_AND_DSL, (TEACHER, HEAD, LEAD_AND_DSL, CHAIR), (HEAD,)),
        (LEAD_AND_DSL, (TEACHER, HEAD, LEAD_AND_DSL, SECOND_DSL), (SECOND_DSL,)),
        (HEAD_AND_LEAD, (TEACHER, HEAD_AND_LEAD, DSL, CHAIR), (DSL,)),
        (ONLY_MEMBER, (TEACHER, ONLY_MEMBER, CHAIR), (CHAIR,)),
        (ONLY_MEMBER, (TEACHER, ONLY_MEMBER), ()),
        (TEACHER, (TEACHER, HEAD, DSL), (DSL,)),
        (TEACHER, (TEACHER, HEAD), (HEAD,)),
        (TEACHER, (TEACHER,), ()),
    ],
)
def test_measures_are_checked_by_the_lead_or_whoever_stands_in(
    requester: Member, people: tuple[Member, ...], reviewers: tuple[Member, ...]
) -> None:
    turn = next_turn(by(requester), people)

    assert turn is not None
    assert Task.CHECK_MEASURES is turn.task
    assert reviewers == turn.actors
    assert turn.why.endswith(".")


@pytest.mark.parametrize(
    ("requester", "people", "authorisers"),
    [
        (TEACHER, PEOPLE, (HEAD,)),
        (LEAD, PEOPLE, (HEAD,)),
        (CHAIR, PEOPLE, (HEAD,)),
        (HEAD, PEOPLE, (CHAIR,)),
        (HEAD, (HEAD, LEAD), ()),
        (TEACHER, (TEACHER, LEAD), ()),
    ],
)
def test_the_head_decides_and_the_heads_own_goes_to_the_chair(
    requester: Member, people: tuple[Member, ...], authorisers: tuple[Member, ...]
) -> None:
    turn = next_turn(by(requester, State.MEASURES_CONFIRMED), people)

    assert turn is not None
    assert Task.DECIDE is turn.task
    assert authorisers == turn.actors


def test_somebody_who_cannot_sign_in_is_not_waited_for() -> None:
    absent = msgspec.structs.replace(LEAD, username=None)

    turn = next_turn(by(TEACHER), (TEACHER, HEAD, absent, DSL))

    assert turn is not None
    assert (DSL,) == turn.actors


@pytest.mark.parametrize(
    "state", [State.MEASURES_REFUSED, State.APPROVED, State.REFUSED, State.WITHDRAWN]
)
def test_nobody_has_to_act_on_what_is_settled(state: State) -> None:
    assert next_turn(by(TEACHER, state), PEOPLE) is None


@pytest.mark.parametrize(
    ("member", "may"),
    [(TEACHER, True), (HEAD, True), (CHAIR, True), (PUPIL, False), (VISITOR, False)],
)
def test_staff_and_holders_of_duties_may_ask(member: Member, *, may: bool) -> None:
    assert may is may_submit(member)


@pytest.mark.parametrize(
    ("member", "may"),
    [(TEACHER, True), (HEAD, True), (CHAIR, True), (LEAD, False), (DSL, False), (PUPIL, False)],
)
def test_the_requester_the_head_and_the_chair_may_withdraw(member: Member, *, may: bool) -> None:
    assert may is may_withdraw(by(TEACHER), member)


NAMES = ("a", "b", "c", "d")


@given(
    held=st.tuples(*[st.frozensets(st.sampled_from(Duty), max_size=3) for _ in NAMES]),
    requester=st.sampled_from(NAMES),
    reviewer=st.none() | st.sampled_from(NAMES),
    deputies=st.sets(st.sampled_from(NAMES), max_size=2),
)
def test_nobody_else_acts_on_what_others_ask_for(
    held: tuple[frozenset[Duty], ...], requester: str, reviewer: str | None, deputies: set[str]
) -> None:
    """Whoever reads what may wait for somebody reads nothing for all others (`store.waiting`)."""
    people = tuple(
        Member(name, name.upper(), Audience.STAFF, name, duties)
        for name, duties in zip(NAMES, held, strict=True)
    )
    named = tuple(msgspec.structs.replace(AWAY, deputy=each) for each in sorted(deputies))

    turns = (
        reviewing(requester, people),
        authorising(requester, people, named, reviewer=reviewer),
    )
    actors = [each for turn in turns for each in turn.actors]
    assert all(each.holds(*ACTING) or each.id in deputies for each in actors)
