"""Standing permissions on their way: what was asked for, and each step."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.requests import State


class StandingStepRow(Base):
    """One move; a signed one has a name, a date and a digest. Never changed."""

    __tablename__ = "standing_steps"
    __table_args__ = (
        UniqueConstraint("request_id", "state"),
        CheckConstraint("length(trim(reasons)) > 0", name="reasons_given"),
        CheckConstraint(
            "(state IN ('approved', 'refused')) = (signed_digest IS NOT NULL)"
            " AND (signed_digest IS NULL) = (signed_name IS NULL)"
            " AND (signed_digest IS NULL) = (signed_on IS NULL)",
            name="decisions_signed",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("standing_requests.id"))
    state: Mapped[State] = mapped_column(choice(State, "state"))
    actor_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    reasons: Mapped[str] = mapped_column(Text)
    signed_name: Mapped[str | None] = mapped_column(String(200))
    signed_on: Mapped[date | None]
    signed_digest: Mapped[str | None] = mapped_column(String(64))


class StandingRequestRow(Base):
    """What somebody asked to be permitted until its review date."""

    __tablename__ = "standing_requests"
    __table_args__ = (
        Index("ix_standing_requests_name_state", "name", "state"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    requester_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    state: Mapped[State] = mapped_column(choice(State, "state"))
    reasons: Mapped[str] = mapped_column(Text)
    measures: Mapped[str] = mapped_column(Text)
    review_on: Mapped[date]

    steps: Mapped[list[StandingStepRow]] = relationship(
        order_by=StandingStepRow.id, lazy="selectin"
    )
