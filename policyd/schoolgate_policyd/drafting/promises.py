"""A preset's promises of what must never happen: compared, and in words."""

import msgspec

from schoolgate_policyd.core.invariants import Invariant
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import SOCIAL_MEDIA
from schoolgate_policyd.core.words import (
    EVERYBODY,
    LIFTS,
    describe_blocked,
    describe_condition,
    joined,
)
from schoolgate_policyd.rulefiles import Preset


def promised_only_by(preset: Preset, other: Preset) -> tuple[Invariant, ...]:
    """
    Return the promises of *preset* that *other* does not make.

    One about social media is the same promise whatever else counts as that now: a wider or
    narrower list is a change of its own. So is one that names the very same categories.
    """
    literal = frozenset(other.notes.invariants)
    folded = {_folded(each, other.policy) for each in other.notes.invariants}
    return tuple(
        each
        for each in preset.notes.invariants
        if each not in literal and _folded(each, preset.policy) not in folded
    )


def in_words(promise: Invariant, policy: Policy) -> str:
    """Return *promise* as it stands after "that": `pupils never reach social media`."""
    services = policy.catalogue.services_by_id
    who = describe_condition(promise.who, services)
    what = describe_blocked(promise.reaches, policy.catalogue, policy.social_media)
    without = (
        f" without {joined((LIFTS[kind] for kind in sorted(promise.without)), 'or')}"
        if promise.without
        else ""
    )
    but = joined(describe_condition(each, services) for each in promise.unless)
    unless = f", but for {but}" if but else ""
    where = " where something can look inside" if promise.is_open_uninspected else ""
    if who.startswith(EVERYBODY):
        return f"nobody reaches {what}{who.removeprefix(EVERYBODY)}{without}{unless}{where}"
    return f"{who} never reach {what}{without}{unless}{where}"


def _folded(promise: Invariant, policy: Policy) -> Invariant:
    social = policy.social_media
    reaches = promise.reaches
    if social and reaches >= social:
        reaches = (reaches - social) | {SOCIAL_MEDIA}
    return msgspec.structs.replace(promise, reaches=reaches)
