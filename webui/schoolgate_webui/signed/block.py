"""Lifting a block at once, from its form to what is signed."""

from collections.abc import Mapping

from schoolgate_policyd.store.signed_blocks import LiftingToSign
from schoolgate_policyd.workflow.block_text import reopens
from schoolgate_policyd.workflow.blocks import LIFTING_FIELDS, parse_lifting
from schoolgate_webui.desk import Desk
from schoolgate_webui.signed.form import SignedForm


def _back(number: str) -> str:
    """Return the page with the form."""
    return f"/blocks/{number}"


def _done(number: str) -> str:
    """Return the page that says that it was lifted."""
    return f"/blocks/{number}?done=lifted"


def _signable(desk: Desk, number: str, entered: Mapping[str, str]) -> LiftingToSign:
    """
    Return what is to be signed of the form that was *entered*, by the policy in force now.

    Raises InvalidForm, UnknownObject.
    """
    block = desk.site.decisions.blocks.find(int(number))
    return LiftingToSign(
        number=block.number,
        by=desk.member.id,
        reason=parse_lifting(entered),
        opening=reopens(desk.site.policy_in_force.policy(), block),
        zone=desk.now.zone,
        at=desk.now.machine,
    )


FORM = SignedForm(LIFTING_FIELDS, _signable, _back, _done)
