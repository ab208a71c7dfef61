"""
What a policy must hold: the invariants of its preset and those that every policy has.

Each claim is a rule that the policy's rules must imply. Together they are a policy of their own:
where a claim blocks, the policy has to.
"""

from collections.abc import Iterable, Iterator

import msgspec

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.invariants import Invariant, rule_that
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.proof.says import claim
from schoolgate_policyd.core.rules import Condition, GrantKind, Rule
from schoolgate_policyd.core.words import describe_blocked

# Nothing in a school needs these, nor ways round the filter: no grant may open them to anybody.
LOCKED = frozenset({"adult", "malware"})
# What every school blocks for everybody; a member of staff may need a page of it once.
SIGNED = frozenset(
    {"extremism", "self-harm", "gambling", "hate", "drugs", "violence", "remote-desktop"}
)
# A translator has a text page beside the one that shows other sites, on the same host.
OPEN_UNINSPECTED = frozenset({"web-proxy"})
SOCIAL_MEDIA_ID = "counted as social media"


class Claim(msgspec.Struct, frozen=True):
    """A rule that the policy must imply, and the claim in words."""

    rule: Rule
    words: str


def claims_of(policy: Policy, invariants: Iterable[Invariant]) -> tuple[Claim, ...]:
    """Return what *policy* must hold."""
    catalogue = policy.catalogue
    stated = [
        Claim(
            rule_that(invariant, f"invariant {number}"),
            claim(invariant, catalogue, policy.social_media),
        )
        for number, invariant in enumerate(invariants, start=1)
    ]
    return (*stated, *_of_every_policy(catalogue))


def policy_of(claims: Iterable[Claim], policy: Policy, *further: Rule) -> Policy:
    """Return *policy* with the *claims* as its rules: where that one blocks, this one has to."""
    return msgspec.structs.replace(policy, rules=(*(each.rule for each in claims), *further))


def social_media(policy: Policy) -> Rule:
    """Return a rule that speaks of all that *policy* counts as social media."""
    return rule_that(Invariant(who=Condition(), reaches=policy.social_media), SOCIAL_MEDIA_ID)


def _of_every_policy(catalogue: Catalogue) -> Iterator[Claim]:
    for category in catalogue.categories:
        if category.is_circumvention or category.id in LOCKED:
            words = f"no grant of any kind may open {_named(category.id, catalogue)}"
            yield Claim(_always(category.id, frozenset()), words)
        elif category.id in SIGNED:
            words = f"nothing but an access grant may open {_named(category.id, catalogue)}"
            yield Claim(_always(category.id, frozenset({GrantKind.ACCESS_GRANT})), words)
    for large in catalogue.large_lists:
        if large.locked:
            words = f"no grant of any kind may open the locked list {large.id}"
            yield Claim(_always(large.id, frozenset()), words)


def _named(category: str, catalogue: Catalogue) -> str:
    return describe_blocked(frozenset({category}), catalogue)


def _always(category: str, without: frozenset[GrantKind]) -> Rule:
    never = Invariant(
        who=Condition(),
        reaches=frozenset({category}),
        without=without,
        is_open_uninspected=category in OPEN_UNINSPECTED,
    )
    return rule_that(never, f"law {category}")
