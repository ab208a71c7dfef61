"""The decision on a request, as something to sign."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.delegations import staffing_in
from schoolgate_policyd.store.models import ClassRow, PersonRow
from schoolgate_policyd.store.people import member_in, members_in
from schoolgate_policyd.store.request_rows import request_of, request_row_in
from schoolgate_policyd.store.request_writing import move_in
from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.decision_text import Known, WouldOpen, decision_text
from schoolgate_policyd.workflow.effects import Effects
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.forms import DecisionForm
from schoolgate_policyd.workflow.requests import AccessRequest, Signature
from schoolgate_policyd.workflow.signing import (
    UNSIGNED,
    SignedDocument,
    SignedKind,
    StoredSignature,
)


class DecisionToSign(msgspec.Struct, frozen=True):
    """
    A decision of *by* on request *number*; *effects* and *would_open* are what an approval does.

    Both are worked out from what is in force at *moment* (the school's clock), where *at* is
    machine time and *zone* that of the school; a refusal needs neither.
    """

    number: int
    by: str
    decision: DecisionForm
    effects: Effects | None
    would_open: WouldOpen | None
    zone: ZoneInfo
    at: datetime
    moment: datetime

    def document_in(self, session: Session) -> SignedDocument:
        """
        Return what is to be signed, as the request is now.

        Raises NotAllowed, WrongState, OpensNothing, InvalidForm where it cannot be.
        """
        request = request_of(request_row_in(session, self.number))
        decided = self._decided(session, request, UNSIGNED, None)
        text = decision_text(
            request,
            self.decision,
            self.would_open if self.decision.is_approved else None,
            signer=member_in(session, self.by),
            step=decided.steps[-1],
            known=known_in(session, self.zone),
        )
        return SignedDocument(SignedKind.DECISION, str(request.id), request.version, text)

    def finish_in(self, session: Session, signature: StoredSignature) -> None:
        """Decide, with the signature that was just kept."""

        def move(session: Session, request: AccessRequest) -> AccessRequest:
            return self._decided(session, request, signature.digest, signature.id)

        move_in(session, self.number, move)

    def _decided(
        self, session: Session, request: AccessRequest, digest: str, signature: int | None
    ) -> AccessRequest:
        form, staffing = self.decision, staffing_in(session, self.moment)
        # Nobody signs with the name of somebody else, be it of one who can do nothing here.
        everybody = members_in(session)
        signed = Signature(form.staff_name, form.signed_on, digest, signature)
        if not form.is_approved:
            return moves.refuse(
                request,
                by=member_in(session, self.by),
                people=everybody,
                delegations=staffing.delegations,
                reasons=form.reasons,
                signature=signed,
                at=self.at,
                moment=self.moment,
            )
        if self.effects is None or self.would_open is None:
            raise WrongState("What would open has not been shown: look again before signing.")
        return moves.approve(
            request,
            by=member_in(session, self.by),
            people=everybody,
            delegations=staffing.delegations,
            reasons=form.reasons,
            signature=signed,
            effects=self.effects,
            at=self.at,
            moment=self.moment,
        )


def known_in(session: Session, zone: ZoneInfo) -> Known:
    """Return the names by which a text to sign calls people and classes."""
    people = session.execute(select(PersonRow.id, PersonRow.name))
    classes = session.execute(select(ClassRow.id, ClassRow.name))
    return Known(
        people={row.id: row.name for row in people},
        classes={row.id: row.name for row in classes},
        zone=zone,
    )
