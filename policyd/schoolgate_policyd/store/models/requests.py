"""The blocked content access request: its steps, versions, questions, grants and review."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.store.models.delegations import DelegationRow
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
        UniqueConstraint("request_id", "version"),
        Index("ix_grants_state_ends_at", "state", "ends_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("access_requests.id"))
    version: Mapped[int]
    kind: Mapped[GrantKind] = mapped_column(choice(GrantKind, "kind"))
    scope: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    class_id: Mapped[str | None] = mapped_column(ForeignKey("classes.id"), index=True)
    state: Mapped[GrantState] = mapped_column(choice(GrantState, "state"))
    signed_in_version: Mapped[int]


class StepRow(Base):
    """
    One move of a request; a signed one has a name, a date and a digest. Never changed.

    A trigger refuses a decision that no signature of its actor's is under: one of that digest,
    for that request and that version; and another that it is deleted before the step.
    """

    __tablename__ = "request_steps"
    __table_args__ = (
        UniqueConstraint("request_id", "version", "state"),
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
    version: Mapped[int]
    state: Mapped[State] = mapped_column(choice(State, "state"))
    actor_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    reasons: Mapped[str] = mapped_column(Text)
    signed_name: Mapped[str | None] = mapped_column(String(200))
    signed_on: Mapped[date | None]
    signed_digest: Mapped[str | None] = mapped_column(String(64))
    delegation_id: Mapped[int | None] = mapped_column(ForeignKey("delegations.id"))
    signature_id: Mapped[int | None] = mapped_column(index=True)

    delegation: Mapped[DelegationRow | None] = relationship(lazy="joined")


class EarlierFormRow(Base):
    """A form before it was changed; *form* is JSON of `workflow.requests.RequestForm`."""

    __tablename__ = "request_forms"

    request_id: Mapped[int] = mapped_column(ForeignKey("access_requests.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)


class QuestionRow(Base):
    """A question about a request; it is answered once."""

    __tablename__ = "request_questions"
    __table_args__ = (
        CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="answered_both"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("access_requests.id"), index=True)
    asked_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    question: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)


class ReviewRow(Base):
    """How it went, and the online safety lead's note; each is said once."""

    __tablename__ = "request_reviews"
    __table_args__ = (
        CheckConstraint(
            "(note IS NULL) = (noted_by IS NULL) AND (note IS NULL) = (noted_at IS NULL)",
            name="noted_whole",
        ),
    )

    request_id: Mapped[int] = mapped_column(ForeignKey("access_requests.id"), primary_key=True)
    how_it_went: Mapped[str] = mapped_column(Text)
    told_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text)
    noted_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    noted_at: Mapped[datetime | None]


class DraftRow(Base):
    """A request that is not finished; *entry* is JSON of the fields as they were typed."""

    __tablename__ = "request_drafts"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    entry: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]


class RequestRow(Base):
    """A request with the newest version of its form, and where it stands."""

    __tablename__ = "access_requests"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index("ix_access_requests_state_ends_at", "state", "ends_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    requester_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    state: Mapped[State] = mapped_column(choice(State, "state"))
    version: Mapped[int] = mapped_column(server_default="1")
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
    grants: Mapped[list[GrantRow]] = relationship(order_by=GrantRow.version, lazy="selectin")
    earlier: Mapped[list[EarlierFormRow]] = relationship(
        order_by=EarlierFormRow.version, lazy="selectin"
    )
    questions: Mapped[list[QuestionRow]] = relationship(order_by=QuestionRow.id, lazy="selectin")
    review: Mapped[ReviewRow | None] = relationship(lazy="joined")

    @property
    def grant(self) -> GrantRow | None:
        """The grant of the newest version of the form, if that was approved."""
        return next((each for each in self.grants if each.version == self.version), None)
