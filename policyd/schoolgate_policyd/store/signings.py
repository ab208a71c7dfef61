"""
Signings and signatures: a text is shown, then its signer's proof is kept with it.

`begin` keeps what is shown; `take_in` and `put_in` work in the transaction of the decision that is
signed, so that there is no decision without its signature and no signature without its decision.
"""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import SignatureRow, SigningRow
from schoolgate_policyd.workflow.signing import (
    Assertion,
    Means,
    SignedDocument,
    SignedKind,
    Signing,
    StoredSignature,
)

_KEPT_AFTER_BEGIN = timedelta(days=1)
_NONCE_OCTETS = 32


class Signings:
    """What is being signed and what was; *at* is machine time, people are ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self,
        session_id: int,
        person: str,
        document: SignedDocument,
        entered: Mapping[str, str],
        *,
        at: datetime,
    ) -> Signing:
        """Keep what *person* is about to sign in the session *session_id*."""
        nonce = secrets.token_hex(_NONCE_OCTETS)
        with self._database.writing() as session:
            session.execute(delete(SigningRow).where(SigningRow.begun_at < at - _KEPT_AFTER_BEGIN))
            row = SigningRow(
                nonce=nonce,
                session_id=session_id,
                person_id=person,
                kind=document.kind,
                object_id=document.object_id,
                version=document.version,
                text=document.text,
                entered=json.dumps(dict(entered), ensure_ascii=False),
                begun_at=at,
            )
            session.add(row)
            session.flush()
            return _signing(row)

    def find(self, nonce: str, session_id: int) -> Signing:
        """Return the signing that was begun in this session. Raises UnknownObject."""
        with self._database.reading() as session:
            return _signing(_row_in(session, nonce, session_id))

    def signature(self, signature: int) -> StoredSignature:
        """Return a signature. Raises UnknownObject."""
        with self._database.reading() as session:
            return signature_in(session, signature)

    def kept_digest(self, signature: int) -> str:
        """Return the digest as it stands beside a signature. Raises UnknownObject."""
        with self._database.reading() as session:
            signature_in(session, signature)
            kept = select(SignatureRow.digest).where(SignatureRow.id == signature)
            return session.scalars(kept).one()

    def of(self, kind: SignedKind, object_id: str) -> tuple[StoredSignature, ...]:
        """Return the signatures under an object's versions, oldest first."""
        query = (
            select(SignatureRow)
            .where(SignatureRow.kind == kind, SignatureRow.object_id == object_id)
            .order_by(SignatureRow.id)
        )
        with self._database.reading() as session:
            return tuple(_signature(row) for row in session.scalars(query))


def take_in(session: Session, nonce: str, session_id: int, *, at: datetime) -> Signing:
    """
    Return an open signing, which is used now and for this alone.

    Raises UnknownObject, WrongState once it was used or took too long.
    """
    row = _row_in(session, nonce, session_id)
    signing = _signing(row)
    signing.require_open(at)
    row.used_at = at
    return signing


def put_in(
    session: Session,
    signing: Signing,
    means: Means,
    assertion: Assertion | None,
    *,
    at: datetime,
) -> StoredSignature:
    """Keep the signature that came of *signing*, whose proof was checked."""
    document = signing.document
    row = SignatureRow(
        kind=document.kind,
        object_id=document.object_id,
        version=document.version,
        person_id=signing.person,
        nonce=signing.nonce,
        text=document.text,
        digest=signing.challenge.hex(),
        means=means,
        at=at,
    )
    if assertion is not None:
        row.credential_id = assertion.credential_id
        row.public_key = assertion.public_key
        row.client_data = assertion.client_data
        row.authenticator_data = assertion.authenticator_data
        row.assertion_signature = assertion.signature
        row.origin = assertion.origin
    session.add(row)
    session.flush()
    return _signature(row)


def signature_in(session: Session, signature: int) -> StoredSignature:
    """Return a signature in the transaction of *session*. Raises UnknownObject."""
    row = session.get(SignatureRow, signature)
    if row is None:
        raise UnknownObject(f"there is no signature {signature}")
    return _signature(row)


def _row_in(session: Session, nonce: str, session_id: int) -> SigningRow:
    row = session.get(SigningRow, nonce)
    if row is None or row.session_id != session_id:
        raise UnknownObject("there is no such signing in this session")
    return row


def _signing(row: SigningRow) -> Signing:
    return Signing(
        nonce=row.nonce,
        session=row.session_id,
        person=row.person_id,
        document=SignedDocument(row.kind, row.object_id, row.version, row.text),
        entered=json.loads(row.entered),
        begun_at=row.begun_at,
        is_used=row.used_at is not None,
    )


def _signature(row: SignatureRow) -> StoredSignature:
    parts = (
        row.credential_id,
        row.public_key,
        row.client_data,
        row.authenticator_data,
        row.assertion_signature,
        row.origin,
    )
    credential_id, public_key, client_data, authenticator_data, signed, origin = parts
    assertion = None
    if (
        credential_id is not None
        and public_key is not None
        and client_data is not None
        and authenticator_data is not None
        and signed is not None
        and origin is not None
    ):
        assertion = Assertion(
            credential_id, public_key, client_data, authenticator_data, signed, origin
        )
    return StoredSignature(
        id=row.id,
        document=SignedDocument(row.kind, row.object_id, row.version, row.text),
        person=row.person_id,
        nonce=row.nonce,
        means=row.means,
        at=row.at,
        assertion=assertion,
    )
