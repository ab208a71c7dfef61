"""Restrictions, supervised sessions, and school devices that are assigned to pupils."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.core.rules import RestrictionKind
from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.restrictions import RestrictionState


class RestrictionRow(Base):
    """
    A restriction as it was proposed, and what became of it.

    *starts_at* and *ends_at* are the school's clock.
    A trigger refuses every change of what was proposed, and of one that was refused or is over.
    """

    __tablename__ = "restrictions"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        CheckConstraint(
            "(kind = 'supervised-only' AND service IS NULL AND site IS NULL)"
            " OR (kind = 'withdrawn-service' AND (service IS NULL) <> (site IS NULL))",
            name="one_withdrawn",
        ),
        CheckConstraint(
            "(state = 'proposed') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided_by_somebody",
        ),
        CheckConstraint("length(trim(why)) > 0", name="why_given"),
        Index("ix_restrictions_state_ends_at", "state", "ends_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RestrictionKind] = mapped_column(choice(RestrictionKind, "kind"))
    person_id: Mapped[str] = mapped_column(String(40), index=True)
    service: Mapped[str | None] = mapped_column(String(80))
    site: Mapped[str | None] = mapped_column(String(253))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    section: Mapped[str] = mapped_column(Text)
    is_ours: Mapped[bool]
    incident_id: Mapped[int | None] = mapped_column(
        ForeignKey("incidents.id", ondelete="SET NULL"), index=True
    )
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime]
    state: Mapped[RestrictionState] = mapped_column(choice(RestrictionState, "state"))
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]
    reasons: Mapped[str] = mapped_column(Text)
    ended_by: Mapped[str | None] = mapped_column(String(40))
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str] = mapped_column(Text)


class SupervisedSessionRow(Base):
    """A supervised session on [starts_at, ends_at) (the school's clock). An end is for ever."""

    __tablename__ = "supervised_sessions"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index(
            "uq_supervised_sessions_one_lives",
            "person_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(String(40))
    opened_by: Mapped[str] = mapped_column(String(40))
    opened_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(40))


class AssignmentRow(Base):
    """A school device that a pupil uses on [starts_at, ends_at). An end is for ever."""

    __tablename__ = "device_assignments"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index(
            "uq_device_assignments_one_lives",
            "device_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[str] = mapped_column(String(40), index=True)
    assigned_by: Mapped[str] = mapped_column(String(40))
    assigned_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(40))
