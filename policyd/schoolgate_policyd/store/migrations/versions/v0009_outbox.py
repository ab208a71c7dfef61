"""E-mail addresses, the outbox, and how far the audit was read for alerts."""

import sqlalchemy as sa
from alembic import op

from schoolgate_policyd.store.migrations.columns import (
    NEVER_REUSED,
    moment,
    number,
    ref,
    words,
)

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; of what was done before nobody is told anew."""
    op.create_table(
        "email_addresses",
        ref("person_id", "people.id", on_delete="CASCADE", is_key=True),
        words("address", 254),
        moment("set_at"),
    )
    op.create_table(
        "outbox",
        number(is_key=True),
        words("key", 120),
        ref("recipient_id", "people.id", on_delete="CASCADE", index=True),
        words("kind", 40),
        words("path", 200),
        words("facts", None),
        words("message_id", 80),
        moment("made_at", index=True),
        moment("next_try_at"),
        number("tries"),
        words("why", 300, is_optional=True),
        moment("sent_at", is_optional=True),
        moment("given_up_at", is_optional=True),
        sa.UniqueConstraint("key", "recipient_id"),
        sa.UniqueConstraint("message_id"),
        sa.CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="one_end"),
        **NEVER_REUSED,
    )
    op.create_index("ix_outbox_sent_at_given_up_at", "outbox", ["sent_at", "given_up_at"])
    op.create_table(
        "mail_progress",
        number(is_key=True),
        number("read_up_to"),
        moment("last_sent_at", is_optional=True),
        moment("failing_since", is_optional=True),
        words("why", 300, is_optional=True),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.execute(
        "INSERT INTO mail_progress (id, read_up_to) "
        "SELECT 1, COALESCE((SELECT MAX(id) FROM audit), 0)"
    )


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")
