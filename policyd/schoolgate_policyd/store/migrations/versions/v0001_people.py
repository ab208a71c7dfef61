"""People, classes, the device register, sign-in, the audit and the store's version."""

import sqlalchemy as sa
from alembic import op

from schoolgate_policyd.store.migrations.columns import (
    NEVER_REUSED,
    moment,
    number,
    one_of,
    ref,
    words,
    yes_no,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and refuse in the database itself to change the audit."""
    _create_people()
    _create_devices()
    _create_sign_in()
    _create_audit()


def downgrade() -> None:
    """Refuse: there is nothing before."""
    raise NotImplementedError("there is no version before the first")


def _create_people() -> None:
    op.create_table("classes", words("id", 40, is_key=True), words("name", 80))
    op.create_table(
        "people",
        words("id", 40, is_key=True),
        words("username", 40, is_optional=True),
        words("name", 120),
        one_of("audience", "pupil", "staff", "visitor"),
        number("year_group", is_optional=True),
        number("age", is_optional=True),
        sa.Column("hours_start", sa.Time()),
        sa.Column("hours_end", sa.Time()),
        sa.UniqueConstraint("username"),
        sa.CheckConstraint("(hours_start IS NULL) = (hours_end IS NULL)", name="hours_both"),
        sa.CheckConstraint("hours_start < hours_end", name="hours_in_order"),
        sa.CheckConstraint("username = lower(username)", name="username_lower"),
    )
    op.create_table(
        "class_members",
        ref("class_id", "classes.id", on_delete="CASCADE", is_key=True),
        ref("person_id", "people.id", on_delete="CASCADE", is_key=True, index=True),
    )
    _create_duties()


def _create_duties() -> None:
    op.create_table(
        "duties",
        ref("person_id", "people.id", on_delete="CASCADE", is_key=True),
        one_of(
            "duty",
            "head",
            "chair-of-governors",
            "governor",
            "online-safety-lead",
            "dsl",
            "technician",
            "account-operator",
            is_key=True,
            index=True,
        ),
        words("platforms", None, is_optional=True),
    )
    op.create_table(
        "overtime_days",
        ref("person_id", "people.id", on_delete="CASCADE", is_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
    )


def _create_devices() -> None:
    op.create_table(
        "devices",
        words("id", 40, is_key=True),
        words("address", 45),
        ref("owner_id", "people.id", on_delete="SET NULL", is_optional=True, index=True),
        one_of(
            "kind",
            "school-computer",
            "school-mobile",
            "own-device",
            "unknown",
            is_optional=True,
        ),
        yes_no("inspectable", is_optional=True),
        yes_no("is_shared"),
        words("groups", None),
        sa.UniqueConstraint("address"),
        sa.CheckConstraint("NOT (is_shared AND owner_id IS NOT NULL)", name="shared_has_no_owner"),
    )
    op.create_table(
        "device_classes",
        ref("device_id", "devices.id", on_delete="CASCADE", is_key=True),
        ref("class_id", "classes.id", on_delete="CASCADE", is_key=True, index=True),
    )


def _create_sign_in() -> None:
    op.create_table(
        "credentials",
        ref("person_id", "people.id", on_delete="CASCADE", is_key=True),
        words("password_hash", 255),
        moment("changed_at"),
    )
    op.create_table(
        "sessions",
        number(is_key=True),
        words("token_hash", 64),
        ref("person_id", "people.id", on_delete="CASCADE", index=True),
        moment("created_at"),
        moment("last_seen_at"),
        moment("expires_at", index=True),
        moment("ended_at", is_optional=True),
        sa.UniqueConstraint("token_hash"),
        **NEVER_REUSED,
    )
    op.create_table(
        "sign_in_attempts",
        number(is_key=True),
        moment("at", index=True),
        words("account_hash", 64),
        words("address", 64),
        yes_no("has_succeeded"),
        sa.Index("ix_sign_in_attempts_address_at", "address", "at"),
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        number(is_key=True),
        moment("at", index=True),
        words("actor_id", 40, is_optional=True),
        words("action", 40),
        words("object_kind", 40),
        words("object_id", 80),
        words("details", None),
        sa.Index("ix_audit_object_kind_object_id", "object_kind", "object_id"),
        **NEVER_REUSED,
    )
    op.create_table(
        "store_version",
        number(is_key=True),
        number("version"),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.execute("INSERT INTO store_version (id, version) VALUES (1, 0)")
    for happening in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_refuses_{happening.lower()} BEFORE {happening} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        )
    # `INSERT OR REPLACE` deletes without asking the trigger above.
    op.execute(
        "CREATE TRIGGER audit_refuses_replacement BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
    )
