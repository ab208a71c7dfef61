"""The blocked content access request, each of its steps, and the grant that came of it."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.requests import ScopeChoice, State


class GrantState(StrEnum):
    """Whether a grant may be in force; only a live one may, and none becomes live again."""

    LIVE = "live"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class GrantRow(Base):
    """
    A signed grant; *scope* is JSON of `core.rules.Scope`.

    A trigger refuses every change but that of its state away from live: what was signed stays.
    """

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        CheckConstraint("(person_id IS NULL) <> (class_id IS NULL)", name="for_one"),
        Index("ix_grants_state_ends_at", "state", "ends_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("access_requests.id"), unique=True)
    kind: Mapped[GrantKind] = mapped_column(choice(GrantKind, "kind"))
    scope: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    class_id: Mapped[str | None] = mapped_column(ForeignKey("classes.id"), index=True)
    state: Mapped[GrantState] = mapped_column(choice(GrantState, "state"))
    signed_in_version: Mapped[int]


class StepRow(Base):
    """One move of a request; a signed one has a name, a date and a digest. Never changed."""

    __tablename__ = "request_steps"
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
    request_id: Mapped[int] = mapped_column(ForeignKey("access_requests.id"))
    state: Mapped[State] = mapped_column(choice(State, "state"))
    actor_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    reasons: Mapped[str] = mapped_column(Text)
    signed_name: Mapped[str | None] = mapped_column(String(200))
    signed_on: Mapped[date | None]
    signed_digest: Mapped[str | None] = mapped_column(String(64))


class RequestRow(Base):
    """A request as it was submitted, with where it stands."""

    __tablename__ = "access_requests"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index("ix_access_requests_state_ends_at", "state", "ends_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    requester_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    state: Mapped[State] = mapped_column(choice(State, "state"))
    staff_name: Mapped[str] = mapped_column(String(200))
    written_on: Mapped[date]
    url: Mapped[str] = mapped_column(Text)
    site_content: Mapped[str] = mapped_column(Text)
    reasons: Mapped[str] = mapped_column(Text)
    measures: Mapped[str] = mapped_column(Text)
    class_id: Mapped[str | None] = mapped_column(ForeignKey("classes.id"))
    scope: Mapped[ScopeChoice] = mapped_column(choice(ScopeChoice, "scope"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    steps: Mapped[list[StepRow]] = relationship(order_by=StepRow.id, lazy="selectin")
    grant: Mapped[GrantRow | None] = relationship(lazy="selectin")
