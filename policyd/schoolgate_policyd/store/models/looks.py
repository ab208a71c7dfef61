"""Looks at what one named person did, and the key of the pseudonyms."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.looks import MAX_WORDS, LookReason


class LookRow(Base):
    """A record that was opened (machine time); triggers keep what was said."""

    __tablename__ = "looks"
    __table_args__ = (
        CheckConstraint("at < ends_at", name="in_order"),
        Index("ix_looks_by_id_ends_at", "by_id", "ends_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # No foreign keys: a look outlives those whom it names, until its own time is over.
    person_id: Mapped[str] = mapped_column(String(40), index=True)
    by_id: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[LookReason] = mapped_column(choice(LookReason, "reason"))
    words: Mapped[str] = mapped_column(String(MAX_WORDS))


class PseudonymKeyRow(Base):
    """One row: from this key and a session everybody's pseudonyms follow."""

    __tablename__ = "pseudonym_key"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32))
