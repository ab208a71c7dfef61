"""People who leave, versions of lines, the school's record, networks, days, the first run."""

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

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let lines be changed, and give the school's own record its tables."""
    for column in (
        moment("leaves_at", is_optional=True),
        words("leaves_by", 40, is_optional=True),
        sa.Column("has_left", sa.Boolean(), nullable=False, server_default="0"),
    ):
        op.add_column("people", column)
    for table in ("people", "classes", "devices"):
        op.add_column(
            table, sa.Column("version", sa.Integer(), nullable=False, server_default="1")
        )
    _create_school()
    _create_days()
    op.create_table(
        "first_run_codes",
        number(is_key=True),
        words("code_hash", 64),
        moment("made_at"),
        moment("expires_at"),
        moment("opened_at", is_optional=True),
        words("token_hash", 64, is_optional=True),
        moment("ended_at", is_optional=True),
        sa.UniqueConstraint("code_hash"),
        sa.UniqueConstraint("token_hash"),
        **NEVER_REUSED,
    )


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")


def _create_school() -> None:
    op.create_table(
        "school",
        number(is_key=True),
        words("name", 80),
        words("preset", 80),
        moment("set_up_at", is_optional=True),
        number("version"),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.create_table(
        "networks",
        words("id", 80, is_key=True),
        words("name", 80),
        one_of("audience", "pupil", "staff", "visitor"),
        one_of("device", "school-computer", "school-mobile", "own-device", "unknown"),
        yes_no("inspectable"),
        number("version"),
    )


def _create_days() -> None:
    op.create_table(
        "different_days",
        number(is_key=True),
        one_of("kind", "closed", "closed-for-pupils", "lessons"),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False, index=True),
        words("name", 80),
        number("years_first", is_optional=True),
        number("years_last", is_optional=True),
        ref("directed_by", "people.id"),
        moment("at"),
        moment("withdrawn_at", is_optional=True),
        ref("withdrawn_by", "people.id", is_optional=True),
        sa.CheckConstraint("first <= last", name="days_in_order"),
        sa.CheckConstraint("(years_first IS NULL) = (years_last IS NULL)", name="years_both"),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_both"
        ),
        **NEVER_REUSED,
    )
