"""The digest of a plan is that of what it says and of nothing else."""

import msgspec

from schoolgate_policyd.workflow.shown_plans import digest_of


class Plan(msgspec.Struct, frozen=True):
    names: tuple[str, ...]
    numbers: frozenset[int] = frozenset()


def test_another_plan_has_another_digest() -> None:
    assert digest_of(Plan(("heron",))) == digest_of(Plan(("heron",)))
    assert digest_of(Plan(("heron",))) != digest_of(Plan(("swift",)))


def test_the_order_in_which_a_set_came_about_makes_no_other_plan() -> None:
    first, second = Plan((), frozenset([0, 8])), Plan((), frozenset([8, 0]))
    assert list(first.numbers) != list(second.numbers)

    assert digest_of(first) == digest_of(second)
