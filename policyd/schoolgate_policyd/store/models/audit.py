"""What happened, append-only, and the counter that tells policyd of a change."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice


class AuditAction(StrEnum):
    """What can be in the audit."""

    PERSON_ADDED = "person-added"
    CLASS_ADDED = "class-added"
    DEVICE_REGISTERED = "device-registered"
    PASSWORD_SET = "password-set"  # noqa: S105 - the name of an action
    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    REQUEST_SUBMITTED = "request-submitted"
    MEASURES_CONFIRMED = "measures-confirmed"
    MEASURES_REFUSED = "measures-refused"
    REQUEST_APPROVED = "request-approved"
    REQUEST_REFUSED = "request-refused"
    REQUEST_WITHDRAWN = "request-withdrawn"
    GRANT_ENDED = "grant-ended"
    STANDING_RECORDED = "standing-recorded"
    STANDING_WITHDRAWN = "standing-withdrawn"
    DEVICE_CLAIMED = "device-claimed"
    CLAIM_ENDED = "claim-ended"
    POLICY_TAKEN_UP = "policy-taken-up"
    POLICY_DRAFT_BEGUN = "policy-draft-begun"
    POLICY_DRAFT_CHANGED = "policy-draft-changed"
    POLICY_PROVED = "policy-proved"
    POLICY_REPLAYED = "policy-replayed"
    POLICY_PROPOSED = "policy-proposed"
    POLICY_APPROVED = "policy-approved"
    POLICY_DIRECTED = "policy-directed"
    POLICY_REFUSED = "policy-refused"
    POLICY_WITHDRAWN = "policy-withdrawn"
    PERSON_LOOKED_AT = "person-looked-at"


class AuditRow(Base):
    """
    An entry; *actor_id* null is Schoolgate itself. Triggers refuse every change and deletion.

    *details* is JSON without secrets and without more of people than their ids.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_object_kind_object_id", "object_kind", "object_id"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    # No foreign key: an entry outlives the person it names.
    actor_id: Mapped[str | None] = mapped_column(String(40))
    # Not closed in the database: later versions do more things, and entries are never rewritten.
    action: Mapped[AuditAction] = mapped_column(choice(AuditAction, "action", is_closed=False))
    object_kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(80))
    details: Mapped[str] = mapped_column(Text)


class StoreVersionRow(Base):
    """One row: how many changes policyd had to see."""

    __tablename__ = "store_version"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
