"""Policies for the tests of proofs: the small world of the laws, with rules of their own."""

import msgspec
import strategies as worlds

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import Condition, GrantKind, Rule
from schoolgate_policyd.core.school_time import SchoolTime

ANYBODY = Condition()


def rule(
    id_: str,
    block: str | set[str],
    *applies_to: Condition,
    unless: tuple[Condition, ...] = (),
    lifted_by: set[GrantKind] | None = None,
    is_open_uninspected: bool = False,
) -> Rule:
    """Return a rule about everybody, or about those whom *applies_to* names."""
    return Rule(
        id=id_,
        block=frozenset({block} if isinstance(block, str) else block),
        applies_to=applies_to or (ANYBODY,),
        cite=worlds.CITE,
        unless=unless,
        lifted_by=frozenset(lifted_by or ()),
        is_open_uninspected=is_open_uninspected,
    )


def policy(
    *rules: Rule,
    social_media: set[str] | None = None,
    school_time: SchoolTime = worlds.SCHOOL_TIME,
) -> Policy:
    """Return a policy of the small world with *rules*."""
    made = worlds.source_of(rules, school_time=school_time).policy
    return msgspec.structs.replace(made, social_media=frozenset(social_media or ()))
