"""Versions of the school's policy: their texts, each step, and what proof and replay said."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.policy_versions import Move, Origin, VersionState


class CheckKind(StrEnum):
    """What was worked out about a version's texts."""

    PROOF = "proof"
    REPLAY = "replay"


class PolicyTextRow(Base):
    """A text of a version. Triggers refuse every change once it is no draft any more."""

    __tablename__ = "policy_texts"

    version: Mapped[int] = mapped_column(ForeignKey("policy_versions.number"), primary_key=True)
    path: Mapped[str] = mapped_column(String(120), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class PolicyCheckRow(Base):
    """What a proof or a replay of exactly the texts with *digest* said, as JSON. Never changed."""

    __tablename__ = "policy_checks"
    __table_args__ = (Index("ix_policy_checks_version_kind", "version", "kind"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(ForeignKey("policy_versions.number"))
    kind: Mapped[CheckKind] = mapped_column(choice(CheckKind, "kind"))
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    result: Mapped[str] = mapped_column(Text)


class PolicyStepRow(Base):
    """One move of a version; a directed one has a date from which it holds. Never changed."""

    __tablename__ = "policy_steps"
    __table_args__ = (
        UniqueConstraint("version", "move"),
        CheckConstraint("length(trim(reasons)) > 0", name="reasons_given"),
        CheckConstraint(
            "(move IN ('directed', 'taken-up')) = (in_force_from IS NOT NULL)"
            " AND (move = 'directed') = (signed_digest IS NOT NULL)"
            " AND (signed_digest IS NULL) = (signed_name IS NULL)"
            " AND (signed_digest IS NULL) = (signed_on IS NULL)",
            name="directions_signed",
        ),
        CheckConstraint(
            "(move = 'approved') = (minutes_on IS NOT NULL)"
            " AND (minutes_on IS NULL) = (minutes_reference IS NULL)",
            name="approvals_minuted",
        ),
        CheckConstraint("(move = 'taken-up') = (actor_id IS NULL)", name="somebody_did_it"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(ForeignKey("policy_versions.number"))
    move: Mapped[Move] = mapped_column(choice(Move, "move"))
    actor_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    reasons: Mapped[str] = mapped_column(Text)
    signed_name: Mapped[str | None] = mapped_column(String(200))
    signed_on: Mapped[date | None]
    signed_digest: Mapped[str | None] = mapped_column(String(64))
    minutes_on: Mapped[date | None]
    minutes_reference: Mapped[str | None] = mapped_column(String(200))
    in_force_from: Mapped[datetime | None]
    announced_on: Mapped[date | None]
    is_for_safety: Mapped[bool] = mapped_column(default=False)


class PolicyVersionRow(Base):
    """
    A version with where it stands; *terms* and *changes* are JSON.

    Triggers keep what was proposed as it was proposed, and let no version go back.
    """

    __tablename__ = "policy_versions"
    __table_args__ = (
        Index("ix_policy_versions_school_state", "school", "state"),
        CheckConstraint("(origin = 'rule-files') = (author_id IS NULL)", name="drafts_by_people"),
        NEVER_REUSED,
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    school: Mapped[str] = mapped_column(String(80))
    origin: Mapped[Origin] = mapped_column(choice(Origin, "origin"))
    state: Mapped[VersionState] = mapped_column(choice(VersionState, "state"))
    base: Mapped[int | None] = mapped_column(ForeignKey("policy_versions.number"))
    taken_from: Mapped[int | None] = mapped_column(ForeignKey("policy_versions.number"))
    author_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    summary: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    terms: Mapped[str] = mapped_column(Text)
    changes: Mapped[str] = mapped_column(Text)

    steps: Mapped[list[PolicyStepRow]] = relationship(order_by=PolicyStepRow.id, lazy="selectin")
    texts: Mapped[list[PolicyTextRow]] = relationship(
        order_by=PolicyTextRow.path, cascade="all, delete-orphan"
    )
