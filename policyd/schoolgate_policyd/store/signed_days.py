"""Days that are different, as something to sign."""

from datetime import date, datetime

import msgspec
from sqlalchemy.orm import Session

from schoolgate_policyd.store.different_days import (
    calendar_version_in,
    direct_in,
    require_may_direct_in,
    standing_in,
)
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow.day_text import day_text
from schoolgate_policyd.workflow.different_days import DayEntry
from schoolgate_policyd.workflow.signing import SignedDocument, SignedKind, StoredSignature

CALENDAR = "calendar"


class DayToSign(msgspec.Struct, frozen=True):
    """
    That *by* has days go as *entry* says; *document* names the policy in force.

    The object that is signed is the school's calendar, whose version counts what was directed and
    withdrawn. *today* is the school's date, *at* machine time.
    """

    by: str
    entry: DayEntry
    document: str
    today: date
    at: datetime

    def document_in(self, session: Session) -> SignedDocument:
        """Return what is to be signed. Raises NotAllowed, WrongState."""
        require_may_direct_in(session, self.by, self.today)
        version = calendar_version_in(session)
        text = day_text(
            self.entry,
            standing_in(session, self.today),
            self.document,
            version=version,
            signer=member_in(session, self.by),
            signed_on=self.today,
        )
        return SignedDocument(SignedKind.DIFFERENT_DAY, CALENDAR, version, text)

    def finish_in(self, session: Session, signature: StoredSignature) -> None:
        """Have the days go so, with the signature that was just kept."""
        direct_in(session, self.entry, signature, at=self.at)
