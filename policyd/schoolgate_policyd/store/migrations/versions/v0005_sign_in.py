"""Passkeys, one-time codes, recovery codes, API tokens, set-up codes, and sessions that rotate."""

import sqlalchemy as sa
from alembic import op

from schoolgate_policyd.store.migrations.columns import (
    NEVER_REUSED,
    moment,
    number,
    ref,
    words,
    yes_no,
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; whoever is signed in signs in again, by the rules of from now on."""
    _create_passkeys()
    _create_codes()
    _create_tokens()
    for added in (
        words("next_hash", 64, is_optional=True),
        moment("rotated_at", is_optional=True),
        moment("proven_at", is_optional=True),
        words("lacks", 40, is_optional=True),
        words("device", 80, is_optional=True),
        words("address", 64, is_optional=True),
    ):
        op.add_column("sessions", added)
    op.create_index("ix_sessions_next_hash", "sessions", ["next_hash"], unique=True)
    op.execute("UPDATE sessions SET ended_at = last_seen_at WHERE ended_at IS NULL")
    # The limit for one account counts attempts from every address.
    op.create_index(
        "ix_sign_in_attempts_account_hash_at", "sign_in_attempts", ["account_hash", "at"]
    )


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")


def _create_passkeys() -> None:
    op.create_table(
        "passkeys",
        number(is_key=True),
        ref("person_id", "people.id", on_delete="CASCADE", index=True),
        sa.Column("credential_id", sa.LargeBinary(1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("user_handle", sa.LargeBinary(64), nullable=False),
        number("sign_count"),
        words("transports", None),
        yes_no("is_backed_up"),
        words("name", 80),
        moment("made_at"),
        moment("last_used_at", is_optional=True),
        sa.UniqueConstraint("credential_id"),
        **NEVER_REUSED,
    )


def _create_codes() -> None:
    op.create_table(
        "one_time_codes",
        ref("person_id", "people.id", on_delete="CASCADE", is_key=True),
        sa.Column("is_confirmed", sa.Boolean(), primary_key=True),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        moment("made_at"),
        number("last_step", is_optional=True),
        number("session_id"),
    )
    op.create_table(
        "recovery_codes",
        number(is_key=True),
        ref("person_id", "people.id", on_delete="CASCADE", index=True),
        words("code_hash", 64),
        moment("made_at"),
        moment("used_at", is_optional=True),
        sa.UniqueConstraint("person_id", "code_hash"),
    )
    op.create_table(
        "setup_codes",
        number(is_key=True),
        ref("person_id", "people.id", on_delete="CASCADE", index=True),
        words("code_hash", 64),
        moment("made_at"),
        words("made_by", 40, is_optional=True),
        moment("ends_at"),
        moment("used_at", is_optional=True),
        sa.UniqueConstraint("code_hash"),
        **NEVER_REUSED,
    )


def _create_tokens() -> None:
    op.create_table(
        "api_tokens",
        number(is_key=True),
        ref("person_id", "people.id", on_delete="CASCADE", index=True),
        words("token_hash", 64),
        words("name", 80),
        words("scopes", None),
        moment("made_at"),
        moment("ends_at"),
        moment("last_used_at", is_optional=True),
        moment("revoked_at", is_optional=True),
        sa.UniqueConstraint("token_hash"),
        **NEVER_REUSED,
    )
    op.create_table(
        "retired_tokens",
        words("token_hash", 64, is_key=True),
        ref("session_id", "sessions.id", on_delete="CASCADE", index=True),
        moment("retired_at"),
        yes_no("is_weaker"),
    )
