"""
What people prove themselves with beside a password, and what they let programs do for them.

No secret is stored in clear: tokens and codes are hashes, and the secret of one-time codes is
sealed with a key that is outside of the database.
"""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base


class PasskeyRow(Base):
    """
    A passkey; *user_handle* is random and the same for all of one person's.

    It is what an authenticator keeps of the account, so it says nothing of whose it is.
    """

    __tablename__ = "passkeys"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    user_handle: Mapped[bytes] = mapped_column(LargeBinary(64))
    sign_count: Mapped[int]
    transports: Mapped[frozenset[str]]
    is_backed_up: Mapped[bool] = mapped_column(Boolean)
    name: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class OneTimeCodeRow(Base):
    """
    The sealed secret of a person's one-time codes.

    The one that is not confirmed yet stands beside the confirmed one, so that setting codes up
    anew and giving up half-way loses nothing; it was shown in *session_id* and nowhere else.
    *last_step* is the time step of the last code that was taken: no code of it or before is
    taken again.
    """

    __tablename__ = "one_time_codes"

    person_id: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    is_confirmed: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    last_step: Mapped[int | None]
    # No foreign key: a session that is long over is deleted, the codes set up in it are not.
    session_id: Mapped[int]


class RecoveryCodeRow(Base):
    """The SHA-256 of a recovery code, which works once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("person_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiTokenRow(Base):
    """A token with which a program acts for its owner within *scopes*; only the hash is kept."""

    __tablename__ = "api_tokens"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    scopes: Mapped[frozenset[str]]
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SetupCodeRow(Base):
    """The hash of a code with which somebody sets their account up, once and before its end."""

    __tablename__ = "setup_codes"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    # No foreign key: the code of somebody who has left is still a code.
    made_by: Mapped[str | None] = mapped_column(String(40))
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RetiredTokenRow(Base):
    """
    The hash of a session's token that was replaced: whoever uses it long after has stolen it.

    One that *is_weaker* is from before the second factor and opens nothing any more; another
    still opens the session for the moments that requests under way take.
    """

    __tablename__ = "retired_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[int] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    retired_at: Mapped[datetime]
    is_weaker: Mapped[bool] = mapped_column(Boolean)
