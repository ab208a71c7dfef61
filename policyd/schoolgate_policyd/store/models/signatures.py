"""Signings that were begun, and the signatures that came of them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.signing import Means, SignedKind


class SigningRow(Base):
    """A text that was shown to whoever is to sign it; *entered* is JSON of their form."""

    __tablename__ = "signings"

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[int] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    kind: Mapped[SignedKind] = mapped_column(choice(SignedKind, "kind"))
    object_id: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    entered: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class SignatureRow(Base):
    """
    A signature with everything that proves it; a trigger refuses every change.

    *digest* is the challenge in hexadecimal. What a passkey said is kept whole, and whose public
    key it was, since a passkey may be removed.
    """

    __tablename__ = "signatures"
    __table_args__ = (
        CheckConstraint(
            "(means = 'passkey') = (assertion_signature IS NOT NULL)"
            " AND (assertion_signature IS NULL) = (credential_id IS NULL)"
            " AND (assertion_signature IS NULL) = (public_key IS NULL)"
            " AND (assertion_signature IS NULL) = (client_data IS NULL)"
            " AND (assertion_signature IS NULL) = (authenticator_data IS NULL)"
            " AND (assertion_signature IS NULL) = (origin IS NULL)",
            name="assertion_whole",
        ),
        Index("ix_signatures_kind_object_id", "kind", "object_id"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[SignedKind] = mapped_column(choice(SignedKind, "kind"))
    object_id: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(64), unique=True)
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    means: Mapped[Means] = mapped_column(choice(Means, "means"))
    at: Mapped[datetime]
    credential_id: Mapped[bytes | None] = mapped_column(LargeBinary(1023))
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    client_data: Mapped[bytes | None] = mapped_column(LargeBinary)
    authenticator_data: Mapped[bytes | None] = mapped_column(LargeBinary)
    assertion_signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    origin: Mapped[str | None] = mapped_column(String(400))
