"""Opening a network, as something to sign."""

from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.store.networks import STALE, change_in, record_in, require_right_in
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow.errors import Stale
from schoolgate_policyd.workflow.network_text import network_text
from schoolgate_policyd.workflow.networks import NetworkEntry
from schoolgate_policyd.workflow.signing import SignedDocument, SignedKind, StoredSignature


class NetworkToSign(msgspec.Struct, frozen=True):
    """
    That *by* has the *configured* network be as *entry* says, where that could open something.

    *version* is that of the network when its form was opened, *document* names the policy in
    force; *at* is machine time.
    """

    by: str
    configured: Network
    entry: NetworkEntry
    version: int
    document: str
    at: datetime

    def document_in(self, session: Session) -> SignedDocument:
        """Return what is to be signed. Raises NotAllowed, Stale."""
        record = record_in(session, self.configured)
        opens = require_right_in(session, self.configured, self.entry, self.by)
        if record.version != self.version or not opens:
            raise Stale(STALE)
        signer = member_in(session, self.by)
        text = network_text(record, self.entry, self.document, signer=signer)
        return SignedDocument(SignedKind.NETWORK, self.configured.id, record.version, text)

    def finish_in(self, session: Session, signature: StoredSignature) -> None:
        """Change the network, with the signature that was just kept."""
        change_in(
            session,
            self.configured,
            self.entry,
            version=self.version,
            by=self.by,
            at=self.at,
            signature=signature,
        )
