"""How people sign in: password hashes, sessions, attempts. No secret is stored in clear."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.store.models.people import PersonRow
from schoolgate_policyd.workflow.accounts import Lack


class CredentialRow(Base):
    """The argon2 hash of a person's password."""

    __tablename__ = "credentials"

    person_id: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    password_hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[datetime]


class SessionRow(Base):
    """
    A session; *token_hash* is the SHA-256 of the token that the browser has.

    *next_hash* is that of the token it was given to use from now on, until it is seen to use it.
    *proven_at* is when the person last proved who they are, None when they signed in. *device*
    is a few words from a closed vocabulary, never what the browser said.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_next_hash", "next_hash", unique=True), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    next_hash: Mapped[str | None] = mapped_column(String(64))
    rotated_at: Mapped[datetime | None]
    proven_at: Mapped[datetime | None]
    lacks: Mapped[Lack | None] = mapped_column(choice(Lack, "lacks", is_closed=False))
    device: Mapped[str | None] = mapped_column(String(80))
    address: Mapped[str | None] = mapped_column(String(64))

    person: Mapped[PersonRow] = relationship(lazy="joined")


class SignInAttemptRow(Base):
    """
    An attempt to sign in or to sign, failed until it is seen to have succeeded.

    *account_hash* is the SHA-256 of the user name as typed: people type passwords there too.
    """

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        Index("ix_sign_in_attempts_address_at", "address", "at"),
        Index("ix_sign_in_attempts_account_hash_at", "account_hash", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    account_hash: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    has_succeeded: Mapped[bool] = mapped_column(default=False)
