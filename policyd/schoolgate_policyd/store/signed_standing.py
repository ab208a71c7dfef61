"""The decision on a standing permission, as something to sign."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.orm import Session

from schoolgate_policyd.store.people import member_in, members_in
from schoolgate_policyd.store.signed_decisions import known_in
from schoolgate_policyd.store.standing_requests import move_in, standing_request_in
from schoolgate_policyd.workflow import moves, standing_requests
from schoolgate_policyd.workflow.forms import DecisionForm
from schoolgate_policyd.workflow.requests import Signature
from schoolgate_policyd.workflow.signing import (
    UNSIGNED,
    SignedDocument,
    SignedKind,
    StoredSignature,
)
from schoolgate_policyd.workflow.standing_requests import StandingRequest
from schoolgate_policyd.workflow.standing_text import Permits, standing_text


class StandingToSign(msgspec.Struct, frozen=True):
    """
    A decision of *by* on the request for a standing permission *number*.

    *permits* is what the policy in force says of it. The version that is signed counts the steps:
    each is another. *at* is machine time, *moment* the school's clock, *zone* that of the school.
    """

    number: int
    by: str
    decision: DecisionForm
    permits: Permits
    zone: ZoneInfo
    at: datetime
    moment: datetime

    def document_in(self, session: Session) -> SignedDocument:
        """Return what is to be signed. Raises NotAllowed, WrongState, InvalidForm."""
        request = standing_request_in(session, self.number)
        self._decided(session, request, UNSIGNED, None)
        text = standing_text(
            request,
            self.decision,
            self.permits,
            signer=member_in(session, self.by),
            known=known_in(session, self.zone),
        )
        return SignedDocument(SignedKind.STANDING, str(request.id), len(request.steps), text)

    def finish_in(self, session: Session, signature: StoredSignature) -> None:
        """Decide, with the signature that was just kept."""

        def move(session: Session, request: StandingRequest) -> StandingRequest:
            return self._decided(session, request, signature.digest, signature.id)

        move_in(session, self.number, move)

    def _decided(
        self, session: Session, request: StandingRequest, digest: str, signature: int | None
    ) -> StandingRequest:
        signer, people, form = member_in(session, self.by), members_in(session), self.decision
        moves.require_own_name(form.staff_name, signer, people)
        return standing_requests.decide(
            request,
            by=signer,
            people=people,
            is_approved=form.is_approved,
            reasons=form.reasons,
            signature=Signature(form.staff_name, form.signed_on, digest, signature),
            at=self.at,
            moment=self.moment,
        )
