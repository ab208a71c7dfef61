"""Reports of content, who they are about, what was answered; and what is blocked at once."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.reports import ReportState


class ReportStepRow(Base):
    """
    What somebody did about a report. Never changed.

    *block* and *incident* name others by number, without a key: each is kept for its own time.
    """

    __tablename__ = "report_steps"
    __table_args__ = (CheckConstraint("length(trim(reasons)) > 0", name="reasons_given"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    state: Mapped[ReportState] = mapped_column(choice(ReportState, "state"))
    actor_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    reasons: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    block: Mapped[int | None]
    incident: Mapped[int | None]


class ReportAboutRow(Base):
    """Somebody whom a report is about; *named_by* null: their name stood in it."""

    __tablename__ = "report_about"

    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    named_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))


class ReportRow(Base):
    """
    A report as it was made; *code_hash* stands for the code that its maker has.

    *closed_at* is when it was answered, for the time that it is kept. Nothing says from which
    device it came.
    """

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint(
            "(state IN ('waiting', 'with-head')) = (closed_at IS NULL)",
            name="closed_when_answered",
        ),
        Index("ix_reports_state", "state"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reported_at: Mapped[datetime]
    state: Mapped[ReportState] = mapped_column(choice(ReportState, "state"))
    saw: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    site: Mapped[str | None] = mapped_column(String(253), index=True)
    name: Mapped[str] = mapped_column(String(100))
    reporter_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    closed_at: Mapped[datetime | None]

    steps: Mapped[list[ReportStepRow]] = relationship(order_by=ReportStepRow.id, lazy="selectin")
    about: Mapped[list[ReportAboutRow]] = relationship(lazy="selectin")


class ReportTryRow(Base):
    """A report or a look at an answer from an address, for limiting them; soon deleted."""

    __tablename__ = "report_tries"
    __table_args__ = (Index("ix_report_tries_address_at", "address", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64))
    is_look: Mapped[bool]


class BlockRow(Base):
    """
    A block at once; *what* is JSON of `core.at_once.Blockable`.

    A trigger refuses every change but the one that lifts it, which happens once; another refuses
    that without the signature of *lifted_by* under *signed_digest*.
    """

    __tablename__ = "blocks_at_once"
    __table_args__ = (
        CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
        CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)"
            " AND (lifted_at IS NULL) = (lift_reason IS NULL)",
            name="lifted_wholly",
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(Text)
    is_for_everybody: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    report: Mapped[int | None]
    lifted_at: Mapped[datetime | None] = mapped_column(index=True)
    lifted_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    lift_reason: Mapped[str | None] = mapped_column(Text)
    signed_digest: Mapped[str | None] = mapped_column(String(64))
