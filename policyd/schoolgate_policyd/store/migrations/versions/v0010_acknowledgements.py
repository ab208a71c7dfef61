"""Acknowledgements of the policy, sites that pupils are asked to use, and training records."""

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

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "acknowledgements",
        number(is_key=True),
        ref("person_id", "people.id", on_delete="CASCADE"),
        ref("version", "policy_versions.number", index=True),
        moment("at"),
        sa.UniqueConstraint("person_id", "version"),
        **NEVER_REUSED,
    )
    op.create_table(
        "suggested_sites",
        number(is_key=True),
        words("url", 500),
        words("name", 120),
        words("about", 300),
        moment("listed_at"),
        moment("removed_at", is_optional=True),
        **NEVER_REUSED,
    )
    op.create_index(
        "uq_suggested_sites_one_stands",
        "suggested_sites",
        ["url"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "training_records",
        number(is_key=True),
        one_of("kind", "staff-training", "online-safety-education"),
        words("what", 200),
        words("for_whom", 200),
        sa.Column("given_on", sa.Date(), nullable=False, index=True),
        sa.Column("due_again_on", sa.Date(), nullable=True),
        moment("recorded_at"),
        words("recorded_by", 40),
        **NEVER_REUSED,
    )


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")
