"""Alerts by e-mail: people's addresses, what waits to be sent, and how far it is."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base


class EmailAddressRow(Base):
    """Where a person's alerts go."""

    __tablename__ = "email_addresses"

    person_id: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    address: Mapped[str] = mapped_column(String(254))
    set_at: Mapped[datetime]


class OutboxRow(Base):
    """
    An alert for one person; *facts* is JSON of numbers and closed words, without a name.

    The key and the recipient are there once, so nothing is sent twice for one reason. A row has
    been sent, or given up, or waits for *next_try_at*. The *message_id* stays the same however
    often it is tried, so that a mail program folds what arrived twice.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("key", "recipient_id"),
        CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="one_end"),
        Index("ix_outbox_sent_at_given_up_at", "sent_at", "given_up_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120))
    recipient_id: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(40))
    path: Mapped[str] = mapped_column(String(200))
    facts: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(80), unique=True)
    made_at: Mapped[datetime] = mapped_column(index=True)
    next_try_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    why: Mapped[str | None] = mapped_column(String(300))
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]


class MailProgressRow(Base):
    """One row: up to which audit entry alerts were made, and since when no mail leaves."""

    __tablename__ = "mail_progress"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    read_up_to: Mapped[int]
    last_sent_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    why: Mapped[str | None] = mapped_column(String(300))
