"""Checkpoints of the audit, legal holds, and what was deleted when."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.legal_holds import HoldOn


class CheckpointRow(Base):
    """
    A signed checkpoint of the first *size* entries of the audit; never changed or deleted.

    *subtrees* are the roots of the tree's complete subtrees one after the other, from which the
    next checkpoint is made without hashing everything again. *key* is the public key.
    """

    __tablename__ = "audit_checkpoints"
    __table_args__ = (CheckConstraint("length(root) = 32", name="root_whole"),)

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    subtrees: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)


class CheckpointWishRow(Base):
    """One row while somebody waits for a checkpoint; policyd makes it, and takes the row away."""

    __tablename__ = "audit_checkpoint_wishes"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class WitnessRow(Base):
    """When a witness got a checkpoint; with a *fault* it has not, and it is tried again."""

    __tablename__ = "audit_witnesses"

    size: Mapped[int] = mapped_column(
        ForeignKey("audit_checkpoints.size"), primary_key=True, autoincrement=False
    )
    witness: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
    fault: Mapped[str | None] = mapped_column(Text)


class LegalHoldRow(Base):
    """
    A legal hold; never deleted, and changed once, when it is lifted.

    No foreign keys: a hold says what must stay, and outlives whoever placed it.
    """

    __tablename__ = "legal_holds"
    __table_args__ = (
        CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
        CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)"
            " AND (lifted_at IS NULL) = (lifted_why IS NULL)",
            name="lifted_whole",
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    on: Mapped[HoldOn] = mapped_column("held_on", choice(HoldOn, "held_on"))
    target: Mapped[str] = mapped_column(String(121))
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[str] = mapped_column(String(40))
    placed_at: Mapped[datetime]
    lifted_by: Mapped[str | None] = mapped_column(String(40))
    lifted_at: Mapped[datetime | None]
    lifted_why: Mapped[str | None] = mapped_column(Text)


class RetentionRunRow(Base):
    """
    A day on which something was deleted: *counts* is JSON of how many of each kind.

    Until *erased_at* the file may still have octets of it in pages that SQLite no longer uses.
    """

    __tablename__ = "retention_runs"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    counts: Mapped[str] = mapped_column(Text)
    erased_at: Mapped[datetime | None]
