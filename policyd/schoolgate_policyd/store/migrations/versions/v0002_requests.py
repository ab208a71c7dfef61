"""Requests, their steps and grants, standing permissions and device claims."""

import sqlalchemy as sa
from alembic import op

from schoolgate_policyd.store.migrations.columns import (
    NEVER_REUSED,
    moment,
    number,
    one_of,
    ref,
    words,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATES = (
    "submitted",
    "measures-confirmed",
    "measures-refused",
    "approved",
    "refused",
    "withdrawn",
)
# What was signed stays as it was signed, and what is over stays over, whatever a program does.
_TRIGGERS = (
    """
    CREATE TRIGGER request_steps_refuse_update BEFORE UPDATE ON request_steps
    BEGIN SELECT RAISE(ABORT, 'a step of a request is never changed'); END
    """,
    """
    CREATE TRIGGER request_steps_refuse_replacement BEFORE INSERT ON request_steps
    WHEN EXISTS (SELECT 1 FROM request_steps
      WHERE id = NEW.id OR (request_id = NEW.request_id AND state = NEW.state))
    BEGIN SELECT RAISE(ABORT, 'a step of a request is never changed'); END
    """,
    """
    CREATE TRIGGER grants_refuse_replacement BEFORE INSERT ON grants
    WHEN EXISTS (SELECT 1 FROM grants WHERE id = NEW.id OR request_id = NEW.request_id)
    BEGIN SELECT RAISE(ABORT, 'a grant is never changed and never revived'); END
    """,
    """
    CREATE TRIGGER grants_keep_what_was_signed BEFORE UPDATE ON grants
    WHEN OLD.state <> 'live'
      OR NEW.id <> OLD.id OR NEW.request_id <> OLD.request_id OR NEW.kind <> OLD.kind
      OR NEW.scope <> OLD.scope OR NEW.starts_at <> OLD.starts_at OR NEW.ends_at <> OLD.ends_at
      OR NEW.person_id IS NOT OLD.person_id OR NEW.class_id IS NOT OLD.class_id
    BEGIN SELECT RAISE(ABORT, 'a grant is never changed and never revived'); END
    """,
    """
    CREATE TRIGGER device_claims_stay_ended BEFORE UPDATE ON device_claims
    WHEN OLD.ended_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a device claim is never revived'); END
    """,
)


def upgrade() -> None:
    """Create the tables and the triggers that keep what was signed."""
    _create_requests()
    _create_steps()
    _create_grants()
    _create_standing_records()
    _create_device_claims()
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Refuse: going back would drop what was signed."""
    raise NotImplementedError("what was signed is not dropped")


def _create_requests() -> None:
    op.create_table(
        "access_requests",
        number(is_key=True),
        ref("requester_id", "people.id", index=True),
        one_of("state", *_STATES),
        words("staff_name", 200),
        sa.Column("written_on", sa.Date(), nullable=False),
        words("url", None),
        words("site_content", None),
        words("reasons", None),
        words("measures", None),
        ref("class_id", "classes.id", is_optional=True),
        one_of("scope", "page", "part", "site"),
        moment("starts_at"),
        moment("ends_at"),
        sa.CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        sa.Index("ix_access_requests_state_ends_at", "state", "ends_at"),
        **NEVER_REUSED,
    )


def _create_steps() -> None:
    op.create_table(
        "request_steps",
        number(is_key=True),
        ref("request_id", "access_requests.id"),
        one_of("state", *_STATES),
        ref("actor_id", "people.id"),
        moment("at"),
        words("reasons", None),
        words("signed_name", 200, is_optional=True),
        sa.Column("signed_on", sa.Date()),
        words("signed_digest", 64, is_optional=True),
        sa.UniqueConstraint("request_id", "state"),
        sa.CheckConstraint("length(trim(reasons)) > 0", name="reasons_given"),
        sa.CheckConstraint(
            "(state IN ('approved', 'refused')) = (signed_digest IS NOT NULL)"
            " AND (signed_digest IS NULL) = (signed_name IS NULL)"
            " AND (signed_digest IS NULL) = (signed_on IS NULL)",
            name="decisions_signed",
        ),
    )


def _create_grants() -> None:
    op.create_table(
        "grants",
        words("id", 40, is_key=True),
        ref("request_id", "access_requests.id"),
        one_of("kind", "access-grant", "curriculum-grant", "supervised-session"),
        words("scope", None),
        moment("starts_at"),
        moment("ends_at"),
        ref("person_id", "people.id", is_optional=True, index=True),
        ref("class_id", "classes.id", is_optional=True, index=True),
        one_of("state", "live", "withdrawn", "ended"),
        number("signed_in_version"),
        sa.UniqueConstraint("request_id"),
        sa.CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        sa.CheckConstraint("(person_id IS NULL) <> (class_id IS NULL)", name="for_one"),
        sa.Index("ix_grants_state_ends_at", "state", "ends_at"),
    )


def _create_standing_records() -> None:
    op.create_table(
        "standing_records",
        number(is_key=True),
        words("name", 80),
        one_of("kind", "head-permission", "confirmed-controls"),
        ref("actor_id", "people.id"),
        moment("at"),
        words("reasons", None),
        sa.Column("review_on", sa.Date(), nullable=False),
        moment("withdrawn_at", is_optional=True),
        ref("withdrawn_by", "people.id", is_optional=True),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_both"
        ),
        **NEVER_REUSED,
    )
    op.create_index(
        "uq_standing_records_one_stands",
        "standing_records",
        ["name", "kind"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def _create_device_claims() -> None:
    op.create_table(
        "device_claims",
        number(is_key=True),
        words("address", 45),
        ref("person_id", "people.id", on_delete="CASCADE"),
        ref("session_id", "sessions.id", on_delete="CASCADE", index=True),
        moment("claimed_at"),
        moment("last_seen_at"),
        moment("ends_at"),
        moment("ended_at", is_optional=True),
        one_of(
            "ended_why",
            "signed-out",
            "time-over",
            "replaced",
            "given-up",
            is_optional=True,
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ended_both"),
        **NEVER_REUSED,
    )
    op.create_index(
        "uq_device_claims_one_lives",
        "device_claims",
        ["address"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
