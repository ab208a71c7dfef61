"""Lifting a block at once, as something to sign."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.orm import Session

from schoolgate_policyd.store.blocks import block_in, lift_in
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.signed_decisions import known_in
from schoolgate_policyd.workflow import blocks
from schoolgate_policyd.workflow.block_text import VERSION, Reopens, lifting_text
from schoolgate_policyd.workflow.signing import SignedDocument, SignedKind, StoredSignature


class LiftingToSign(msgspec.Struct, frozen=True):
    """
    That *by* lifts block *number* for a *reason*; *opening* is what that opens.

    *at* is machine time, *zone* the school's.
    """

    number: int
    by: str
    reason: str
    opening: Reopens
    zone: ZoneInfo
    at: datetime

    def document_in(self, session: Session) -> SignedDocument:
        """Return what is to be signed. Raises NotAllowed, WrongState, UnknownObject."""
        block, signer = block_in(session, self.number), member_in(session, self.by)
        blocks.lifted(block, by=signer, reason=self.reason, at=self.at)
        known = known_in(session, self.zone)
        text = lifting_text(block, self.reason, self.opening, signer=signer, known=known)
        return SignedDocument(SignedKind.BLOCK, str(block.number), VERSION, text)

    def finish_in(self, session: Session, signature: StoredSignature) -> None:
        """Lift it, with the signature that was just kept."""
        lift_in(session, self.number, self.reason, signature, at=self.at)
