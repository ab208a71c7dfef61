"""What the next revision is: its number, whether it is whole, who gets it first."""

import pytest
from ipc_world import grant, policy

from schoolgate_policyd.core.policy import Live, Register, Source
from schoolgate_policyd.core.rules import Citation, Restriction, RestrictionKind
from schoolgate_policyd.core.subjects import Audience, DeviceClaim, Person
from schoolgate_policyd.ipc.messages import Direction
from schoolgate_policyd.revisions import RevisionSequence

A, B = grant("a"), grant("b")
CLAIM = DeviceClaim("c", "127.0.2.20", "teacher", A.ends_at)
RESTRICTION = Restriction(
    "r", RestrictionKind.SUPERVISED_ONLY, A.starts_at, A.ends_at, Citation("d", "1"), person="x"
)


def _sequence(live: Live = Live()) -> RevisionSequence:  # noqa: B008 - it is immutable
    sequence = RevisionSequence(None)
    assert sequence.next(policy(), Register(), live, 1) is not None
    return sequence


def test_the_first_is_number_one_and_whole() -> None:
    revision = RevisionSequence(None).next(policy(), Register(), Live(), 5)

    assert revision is not None
    assert (1, True, 5) == (revision.number, revision.is_full, revision.store_version)


def test_after_a_restart_the_first_is_whole_and_above_all_before_although_nothing_changed() -> (
    None
):
    last = Source(41, policy(), Register(), Live())
    revision = RevisionSequence(last).next(policy(), Register(), Live(), 5)

    assert revision is not None
    assert (42, True) == (revision.number, revision.is_full)


def test_no_change_is_no_revision() -> None:
    sequence = _sequence()
    assert None is sequence.next(policy(), Register(), Live(), 2)


def test_a_change_of_the_live_state_is_not_whole() -> None:
    revision = _sequence().next(policy(), Register(), Live(grants=(A,)), 2)

    assert revision is not None
    assert (2, False) == (revision.number, revision.is_full)
    assert (A,) == revision.source.live.grants


@pytest.mark.parametrize(
    ("name", "people"), [("other", ()), ("test", (Person("p", Audience.PUPIL),))]
)
def test_a_change_of_policy_or_register_is_whole_and_tightens(
    name: str, people: tuple[Person, ...]
) -> None:
    revision = _sequence().next(policy(name), Register(people=people), Live(), 2)

    assert revision is not None
    assert (True, Direction.TIGHTEN) == (revision.is_full, revision.direction)


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        (Live(), Live(grants=(A,)), Direction.LOOSEN),
        (Live(grants=(A,)), Live(grants=(B, A)), Direction.LOOSEN),
        (Live(grants=(A,)), Live(), Direction.TIGHTEN),
        (Live(grants=(A,)), Live(grants=(B,)), Direction.TIGHTEN),
        (Live(), Live(claims=(CLAIM,)), Direction.LOOSEN),
        (Live(claims=(CLAIM,)), Live(), Direction.TIGHTEN),
        (Live(), Live(standing=frozenset({"s"})), Direction.LOOSEN),
        (Live(standing=frozenset({"s"})), Live(), Direction.TIGHTEN),
        (Live(), Live(restrictions=(RESTRICTION,)), Direction.TIGHTEN),
        (Live(restrictions=(RESTRICTION,)), Live(), Direction.LOOSEN),
        (Live(), Live(grants=(A,), restrictions=(RESTRICTION,)), Direction.TIGHTEN),
    ],
)
def test_what_only_opens_loosens_and_everything_else_tightens(
    before: Live, after: Live, direction: Direction
) -> None:
    revision = _sequence(before).next(policy(), Register(), after, 2)

    assert revision is not None
    assert direction is revision.direction


def test_a_number_heard_of_elsewhere_is_passed() -> None:
    sequence = _sequence()
    sequence.skip_past(99)
    revision = sequence.next(policy(), Register(), Live(), 1)

    assert revision is not None
    assert (100, True) == (revision.number, revision.is_full)
    sequence.skip_past(7)
    after = sequence.next(policy(), Register(), Live(), 1)
    assert after is not None
    assert 101 == after.number
