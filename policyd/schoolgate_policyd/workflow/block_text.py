"""What the head signs to lift a block at once: what was closed, for whom, and what that opens."""

import msgspec

from schoolgate_policyd.core.at_once import BlockedService
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.workflow.blockable import name_of
from schoolgate_policyd.workflow.blocks import Block
from schoolgate_policyd.workflow.decision_text import Known
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.signed_text import (
    NOW,
    Part,
    moment_words,
    signature_part,
    signed_text,
)

TITLE = "Lifting a block at once"
# What was blocked is never changed, so there is one version of it.
VERSION = 0


class Reopens(msgspec.Struct, frozen=True):
    """What is blocked, in the words of the policy in force, and which *document* that is."""

    what: str
    document: str


def reopens(policy: Policy, block: Block) -> Reopens:
    """Return what *policy* calls what *block* closes."""
    what, document = name_of(block.what, policy.catalogue), policy.document
    if isinstance(block.what, BlockedService):
        what = f"{what} (service {block.what.service})"
    return Reopens(what, document.name)


def lifting_text(
    block: Block, reason: str, opening: Reopens, *, signer: Member, known: Known
) -> str:
    """Return exactly what *signer* signs."""
    whom = "everybody" if block.is_for_everybody else "pupils, and whoever is not known"
    blocked = (
        ("Block", f"{block.number}, version {VERSION}"),
        ("What is blocked", opening.what),
        ("For whom", whom),
        ("Blocked by", known.person(block.by)),
        ("Blocked on", moment_words(block.at, known.zone)),
        ("Why", block.reason),
    )
    opens = (
        ("Opens", f"{opening.what}, as far as the policy leaves it open"),
        ("To whom", whom),
        ("Policy", opening.document),
        ("From", NOW),
        ("Until", "somebody blocks it again"),
        ("Reasons", reason),
    )
    parts = (
        Part("What is blocked at once", blocked),
        Part("What this signature opens", opens),
        signature_part(signer),
    )
    return signed_text(TITLE, parts)
