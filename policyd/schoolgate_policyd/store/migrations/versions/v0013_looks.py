"""Looks at what one named person did, and the key of the pseudonyms."""

import sqlalchemy as sa
from alembic import op

from schoolgate_policyd.store.migrations.columns import (
    NEVER_REUSED,
    moment,
    number,
    one_of,
    words,
)

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_REASONS = (
    "social-media-in-working-time",
    "breach-of-the-policy",
    "prevention-of-crime",
    "safeguarding",
    "their-own-request",
)
# When and why somebody looked stays as it was written until its time is over.
_TRIGGERS = (
    """
    CREATE TRIGGER looks_keep_what_was_said BEFORE UPDATE ON looks
    WHEN NEW.id <> OLD.id OR NEW.at <> OLD.at OR NEW.ends_at <> OLD.ends_at
      OR NEW.reason <> OLD.reason
    BEGIN SELECT RAISE(ABORT, 'a look is never changed'); END
    """,
    """
    CREATE TRIGGER looks_refuse_replacement BEFORE INSERT ON looks
    WHEN EXISTS (SELECT 1 FROM looks WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a look is never changed'); END
    """,
)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "looks",
        number(is_key=True),
        words("person_id", 40),
        words("by_id", 40),
        moment("at"),
        moment("ends_at"),
        one_of("reason", *_REASONS),
        words("words", 300),
        sa.CheckConstraint("at < ends_at", name="in_order"),
        **NEVER_REUSED,
    )
    op.create_index("ix_looks_person_id", "looks", ["person_id"])
    op.create_index("ix_looks_by_id_ends_at", "looks", ["by_id", "ends_at"])
    op.create_table(
        "pseudonym_key",
        number(is_key=True),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")
