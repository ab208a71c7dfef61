"""Incidents, what was done about them, and the evidence that is kept with them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.incidents import IncidentKind, IncidentState, Move, Severity


class IncidentStepRow(Base):
    """One move. Triggers refuse every change; it goes only with its incident."""

    __tablename__ = "incident_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(
        ForeignKey("incidents.id", ondelete="CASCADE"), index=True
    )
    move: Mapped[Move] = mapped_column(choice(Move, "move"))
    # No foreign key: what somebody did stays when they have left.
    actor_id: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)


class IncidentRow(Base):
    """
    An incident with where it stands; a trigger refuses to close one without action and outcome.

    *subject_key* is `workflow.incidents.IncidentSubject.key`: one that is open gathers what
    follows from the same subject.
    """

    __tablename__ = "incidents"
    __table_args__ = (
        CheckConstraint("tries >= 0 AND days >= 0", name="counted"),
        Index("ix_incidents_subject_key_kind", "subject_key", "kind"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[IncidentKind] = mapped_column(choice(IncidentKind, "kind"))
    severity: Mapped[Severity] = mapped_column(choice(Severity, "severity"))
    state: Mapped[IncidentState] = mapped_column(choice(IncidentState, "state"), index=True)
    audience: Mapped[Audience] = mapped_column(choice(Audience, "audience"))
    # No foreign key: an incident outlives the entry of the register.
    person_id: Mapped[str | None] = mapped_column(String(40), index=True)
    device_id: Mapped[str | None] = mapped_column(String(80))
    address: Mapped[str | None] = mapped_column(String(45))
    subject_key: Mapped[str] = mapped_column(String(100))
    summary: Mapped[str] = mapped_column(Text)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
    last_day: Mapped[date]
    tries: Mapped[int]
    days: Mapped[int]
    categories: Mapped[frozenset[str]]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str | None] = mapped_column(String(40))
    closed_at: Mapped[datetime | None]

    steps: Mapped[list[IncidentStepRow]] = relationship(
        order_by=IncidentStepRow.id, lazy="selectin", cascade="all, delete-orphan"
    )


class IncidentEvidenceRow(Base):
    """The facts of one event, copied: they stay as long as the incident does."""

    __tablename__ = "incident_evidence"
    __table_args__ = (UniqueConstraint("incident_id", "sender", "boot", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(
        ForeignKey("incidents.id", ondelete="CASCADE"), index=True
    )
    sender: Mapped[str] = mapped_column(String(80))
    boot: Mapped[str] = mapped_column(String(80))
    sequence: Mapped[int]
    # JSON of `workflow.incidents.Evidence`.
    facts: Mapped[str] = mapped_column(Text)


class GatherPositionRow(Base):
    """Up to which place of a sender's sequence events have been gathered."""

    __tablename__ = "gather_positions"

    sender: Mapped[str] = mapped_column(String(80), primary_key=True)
    boot: Mapped[str] = mapped_column(String(80), primary_key=True)
    sequence: Mapped[int]
    at: Mapped[datetime]


class BackgroundTallyRow(Base):
    """How often a background probe came from one subject on one day."""

    __tablename__ = "background_tallies"

    subject_key: Mapped[str] = mapped_column(String(100), primary_key=True)
    probe: Mapped[str] = mapped_column(String(80), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int]
