"""A delegation, as something to sign."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.orm import Session

from schoolgate_policyd.store.delegations import given_in, keep_in
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow.delegations import DelegationForm, delegation_text
from schoolgate_policyd.workflow.requests import Signature
from schoolgate_policyd.workflow.signing import (
    UNSIGNED,
    SignedDocument,
    SignedKind,
    StoredSignature,
)


class DelegationToSign(msgspec.Struct, frozen=True):
    """
    The delegation that head *by* gives; the object that is signed is the head's office.

    *at* is machine time, *moment* the school's clock, *zone* that of the school.
    """

    by: str
    form: DelegationForm
    signed_on: date
    zone: ZoneInfo
    at: datetime
    moment: datetime

    def document_in(self, session: Session) -> SignedDocument:
        """Return what is to be signed. Raises NotAllowed, InvalidForm, WrongState."""
        signer = member_in(session, self.by)
        unsigned = Signature(signer.name, self.signed_on, UNSIGNED)
        given = given_in(
            session, self.form, by=self.by, signature=unsigned, at=self.at, moment=self.moment
        )
        deputy = member_in(session, given.deputy)
        text = delegation_text(given, head=signer, deputy=deputy, zone=self.zone)
        return SignedDocument(SignedKind.DELEGATION, self.by, 0, text)

    def finish_in(self, session: Session, signature: StoredSignature) -> None:
        """Name the deputy, with the signature that was just kept."""
        name = member_in(session, self.by).name
        signed = Signature(name, self.signed_on, signature.digest, signature.id)
        given = given_in(
            session, self.form, by=self.by, signature=signed, at=self.at, moment=self.moment
        )
        keep_in(session, given, at=self.at)
