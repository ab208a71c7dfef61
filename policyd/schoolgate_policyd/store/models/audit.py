"""What happened, append-only, and the counter that tells policyd of a change."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice


class AuditAction(StrEnum):
    """What can be in the audit."""

    PERSON_ADDED = "person-added"
    CLASS_ADDED = "class-added"
    DEVICE_REGISTERED = "device-registered"
    PERSON_CHANGED = "person-changed"
    PERSON_LEAVES = "person-leaves"
    PERSON_LEFT = "person-left"
    PERSON_CAME_BACK = "person-came-back"
    DUTY_GIVEN = "duty-given"
    DUTY_TAKEN = "duty-taken"
    CLASS_CHANGED = "class-changed"
    CLASS_REMOVED = "class-removed"
    DEVICE_CHANGED = "device-changed"
    DEVICE_REMOVED = "device-removed"
    NETWORK_CHANGED = "network-changed"
    PEOPLE_IMPORTED = "people-imported"
    YEARS_MOVED_UP = "years-moved-up"
    DAY_DIRECTED = "day-directed"
    DAY_WITHDRAWN = "day-withdrawn"
    SCHOOL_CHANGED = "school-changed"
    FIRST_RUN_CODE_MADE = "first-run-code-made"
    FIRST_RUN_OPENED = "first-run-opened"
    FIRST_RUN_ENDED = "first-run-ended"
    PASSWORD_SET = "password-set"  # noqa: S105 - the name of an action
    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    SESSION_REVOKED = "session-revoked"
    SESSION_STOLEN = "session-stolen"
    SECOND_FACTOR_PROVEN = "second-factor-proven"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_RENAMED = "passkey-renamed"
    PASSKEY_REMOVED = "passkey-removed"
    CODES_SET_UP = "codes-set-up"
    CODES_REMOVED = "codes-removed"
    RECOVERY_CODES_MADE = "recovery-codes-made"
    RECOVERY_CODE_USED = "recovery-code-used"
    SETUP_CODE_MADE = "setup-code-made"
    ACCOUNT_SET_UP = "account-set-up"
    SECOND_FACTOR_TAKEN_OFF = "second-factor-taken-off"
    API_TOKEN_MADE = "api-token-made"  # noqa: S105 - the name of an action
    API_TOKEN_REVOKED = "api-token-revoked"  # noqa: S105 - the name of an action
    REQUEST_SUBMITTED = "request-submitted"
    MEASURES_CONFIRMED = "measures-confirmed"
    MEASURES_REFUSED = "measures-refused"
    REQUEST_APPROVED = "request-approved"
    REQUEST_REFUSED = "request-refused"
    REQUEST_WITHDRAWN = "request-withdrawn"
    REQUEST_CHANGED = "request-changed"
    QUESTION_ASKED = "question-asked"
    QUESTION_ANSWERED = "question-answered"
    REQUEST_TOLD = "request-told"
    REQUEST_REVIEWED = "request-reviewed"
    GRANT_ENDED = "grant-ended"
    DEPUTY_NAMED = "deputy-named"
    DEPUTY_WITHDRAWN = "deputy-withdrawn"
    STANDING_ASKED = "standing-asked"
    STANDING_REFUSED = "standing-refused"
    STANDING_LAPSED = "standing-lapsed"
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
    EMAIL_SET = "email-set"
    POLICY_ACKNOWLEDGED = "policy-acknowledged"
    SITE_SUGGESTED = "site-suggested"
    SITE_UNLISTED = "site-unlisted"
    TRAINING_RECORDED = "training-recorded"
    EXPORTED = "exported"
    RECORD_OPENED = "record-opened"
    INCIDENT_OPENED = "incident-opened"
    INCIDENT_MORE_SEVERE = "incident-more-severe"
    INCIDENT_LOOKED_AT = "incident-looked-at"
    INCIDENT_TAKEN_UP = "incident-taken-up"
    INCIDENT_NOTED = "incident-noted"
    INCIDENT_ACTED = "incident-acted"
    INCIDENT_NAMED = "incident-named"
    INCIDENT_CLOSED = "incident-closed"
    INCIDENT_REOPENED = "incident-reopened"
    RESTRICTION_PROPOSED = "restriction-proposed"
    RESTRICTION_DECIDED = "restriction-decided"
    RESTRICTION_REFUSED = "restriction-refused"
    RESTRICTION_ENDED_EARLY = "restriction-ended-early"
    RESTRICTION_OVER = "restriction-over"
    SUPERVISED_SESSION_OPENED = "supervised-session-opened"
    SUPERVISED_SESSION_ENDED = "supervised-session-ended"
    DEVICE_ASSIGNED = "device-assigned"
    ASSIGNMENT_ENDED = "assignment-ended"
    REPORT_MADE = "report-made"
    REPORT_ANSWERED = "report-answered"
    REPORT_TO_HEAD = "report-to-head"
    REPORT_ABOUT = "report-about"
    REPORT_NOT_ABOUT = "report-not-about"
    BLOCKED_AT_ONCE = "blocked-at-once"
    BLOCK_LIFTED = "block-lifted"
    RECORDS_DELETED = "records-deleted"
    LEGAL_HOLD_PLACED = "legal-hold-placed"
    LEGAL_HOLD_LIFTED = "legal-hold-lifted"
    CHECKPOINT_WANTED = "checkpoint-wanted"
    AUDIT_EXPORTED = "audit-exported"


class AuditRow(Base):
    """
    What stays of an entry for ever: the leaf of the ledger that `ledger.entries` defines.

    *id* is the entry's number; it counts from 1 without a gap. Triggers refuse every change and
    deletion. *leaf_hash* was made when the entry was written, so that a row that was changed in
    the file all the same is found at its place.
    """

    __tablename__ = "audit"
    __table_args__ = (
        CheckConstraint("length(commitment) = 32 AND length(leaf_hash) = 32", name="hashes_whole"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    # Not closed in the database: later versions do more things, and entries are never rewritten.
    action: Mapped[AuditAction] = mapped_column(
        choice(AuditAction, "action", is_closed=False), index=True
    )
    object_kind: Mapped[str] = mapped_column(String(40), index=True)
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditPersonalRow(Base):
    """
    The personal part of an entry, deleted when its time is over; *actor_id* null is Schoolgate.

    *details* is JSON without secrets and without more of people than their ids. Written with its
    leaf and never changed: triggers refuse everything but to delete it.
    """

    __tablename__ = "audit_personal"
    __table_args__ = (CheckConstraint("length(salt) = 32", name="salt_whole"),)

    id: Mapped[int] = mapped_column(ForeignKey("audit.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    # No foreign key: an entry outlives the person it names.
    actor_id: Mapped[str | None] = mapped_column(String(40), index=True)
    object_id: Mapped[str] = mapped_column(String(80), index=True)
    details: Mapped[str] = mapped_column(Text)


class StoreVersionRow(Base):
    """One row: how many changes policyd had to see."""

    __tablename__ = "store_version"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
