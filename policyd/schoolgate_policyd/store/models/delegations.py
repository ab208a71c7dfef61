"""Who decides in the head's name while the head is away."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base


class DelegationRow(Base):
    """A delegation; a trigger lets it be withdrawn once and changed in nothing else."""

    __tablename__ = "delegations"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        CheckConstraint("head_id <> deputy_id", name="for_somebody_else"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)"
            " AND (withdrawn_at IS NULL) = (withdrawn_why IS NULL)",
            name="withdrawn_whole",
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    head_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    deputy_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reasons: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime]
    signed_name: Mapped[str] = mapped_column(String(200))
    signed_on: Mapped[date]
    signed_digest: Mapped[str] = mapped_column(String(64))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    withdrawn_why: Mapped[str | None] = mapped_column(Text)
