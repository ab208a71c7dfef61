"""Who may see what, as one table."""

import msgspec
import pytest
from office import CHAIR, DSL, HEAD, LEAD, MACHINE, PEOPLE, PUPIL, TEACHER, VISITOR, form

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.visibility import TABLE, Sight, may, may_see


@pytest.mark.parametrize(
    ("sight", "seeing"),
    [
        (Sight.ALL_REQUESTS, {HEAD, LEAD, DSL, CHAIR}),
        (Sight.GRANTS_IN_FORCE, {HEAD, LEAD, DSL, CHAIR}),
        (Sight.BLOCKED_ATTEMPTS, {LEAD, DSL}),
        (Sight.STANDING_PERMISSIONS, {HEAD, LEAD, DSL, CHAIR}),
        (Sight.AUDIT, {HEAD, DSL, CHAIR}),
        (Sight.SYSTEM, {HEAD, LEAD}),
        (Sight.REASONS, {HEAD, LEAD, DSL}),
    ],
)
def test_the_table_of_sights(sight: Sight, seeing: set[Member]) -> None:
    assert seeing == {member for member in PEOPLE if may(member, sight)}


def test_every_sight_is_somebodys() -> None:
    assert set(Sight) == set(TABLE)


@pytest.mark.parametrize("sight", Sight)
def test_a_pupil_sees_nothing_whatever_duty_a_register_gives_them(sight: Sight) -> None:
    assert not may(msgspec.structs.replace(PUPIL, duties=frozenset(Duty)), sight)


def test_people_see_their_own_requests_and_no_other() -> None:
    request = moves.submit(1, TEACHER, form(), at=MACHINE)

    assert {TEACHER, HEAD, LEAD, DSL, CHAIR} == {
        member for member in (*PEOPLE, VISITOR) if may_see(member, request)
    }
