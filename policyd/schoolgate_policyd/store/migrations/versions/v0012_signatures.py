"""Signings that were begun, and signatures with everything that proves them."""

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

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KINDS = ("decision", "delegation", "standing", "policy", "network", "different-day")
_STAYS = "BEGIN SELECT RAISE(ABORT, 'a signature is never changed'); END"
_TRIGGERS = (
    f"CREATE TRIGGER signatures_refuse_update BEFORE UPDATE ON signatures {_STAYS}",
    """
    CREATE TRIGGER signatures_refuse_replacement BEFORE INSERT ON signatures
    WHEN EXISTS (SELECT 1 FROM signatures WHERE id = NEW.id OR nonce = NEW.nonce)
    BEGIN SELECT RAISE(ABORT, 'a signature is never changed'); END
    """,
    # Decisions from before have their digest alone; every new one has its signature.
    """
    CREATE TRIGGER request_steps_need_a_signature BEFORE INSERT ON request_steps
    WHEN NEW.state IN ('approved', 'refused') AND NOT EXISTS (
      SELECT 1 FROM signatures
      WHERE id = NEW.signature_id AND digest = NEW.signed_digest AND kind = 'decision'
        AND object_id = CAST(NEW.request_id AS TEXT) AND version = NEW.version
        AND person_id = NEW.actor_id)
    BEGIN SELECT RAISE(ABORT, 'a decision needs its signature'); END
    """,
    """
    CREATE TRIGGER signatures_stay_under_decisions BEFORE DELETE ON signatures
    WHEN EXISTS (SELECT 1 FROM request_steps WHERE signature_id = OLD.id)
    BEGIN SELECT RAISE(ABORT, 'a decision needs its signature'); END
    """,
    """
    CREATE TRIGGER delegations_need_a_signature BEFORE INSERT ON delegations
    WHEN NOT EXISTS (
      SELECT 1 FROM signatures
      WHERE digest = NEW.signed_digest AND kind = 'delegation' AND object_id = NEW.head_id
        AND person_id = NEW.head_id)
    BEGIN SELECT RAISE(ABORT, 'a delegation needs its signature'); END
    """,
    """
    CREATE TRIGGER signatures_stay_under_delegations BEFORE DELETE ON signatures
    WHEN EXISTS (SELECT 1 FROM delegations WHERE signed_digest = OLD.digest)
    BEGIN SELECT RAISE(ABORT, 'a delegation needs its signature'); END
    """,
    # What was signed goes with what it was about, once that is deleted.
    """
    CREATE TRIGGER signatures_go_with_their_delegation AFTER DELETE ON delegations
    BEGIN
      DELETE FROM signatures WHERE kind = 'delegation' AND digest = OLD.signed_digest;
    END
    """,
    """
    CREATE TRIGGER signatures_go_with_their_request AFTER DELETE ON access_requests
    BEGIN
      DELETE FROM signatures WHERE kind = 'decision' AND object_id = CAST(OLD.id AS TEXT);
      DELETE FROM signings WHERE kind = 'decision' AND object_id = CAST(OLD.id AS TEXT);
    END
    """,
)


def upgrade() -> None:
    """Create the tables; what was signed before keeps the digest in its own row."""
    op.create_table(
        "signings",
        words("nonce", 64, is_key=True),
        ref("session_id", "sessions.id", on_delete="CASCADE", index=True),
        ref("person_id", "people.id", on_delete="CASCADE"),
        one_of("kind", *_KINDS),
        words("object_id", 80),
        number("version"),
        words("text", None),
        words("entered", None),
        moment("begun_at", index=True),
        moment("used_at", is_optional=True),
    )
    op.create_table(
        "signatures",
        number(is_key=True),
        one_of("kind", *_KINDS),
        words("object_id", 80),
        number("version"),
        ref("person_id", "people.id", index=True),
        sa.Column("nonce", sa.String(64), nullable=False, unique=True),
        words("text", None),
        words("digest", 64),
        one_of("means", "passkey", "password-and-code", "password"),
        moment("at"),
        sa.Column("credential_id", sa.LargeBinary(1023)),
        sa.Column("public_key", sa.LargeBinary()),
        sa.Column("client_data", sa.LargeBinary()),
        sa.Column("authenticator_data", sa.LargeBinary()),
        sa.Column("assertion_signature", sa.LargeBinary()),
        words("origin", 400, is_optional=True),
        sa.CheckConstraint(
            "(means = 'passkey') = (assertion_signature IS NOT NULL)"
            " AND (assertion_signature IS NULL) = (credential_id IS NULL)"
            " AND (assertion_signature IS NULL) = (public_key IS NULL)"
            " AND (assertion_signature IS NULL) = (client_data IS NULL)"
            " AND (assertion_signature IS NULL) = (authenticator_data IS NULL)"
            " AND (assertion_signature IS NULL) = (origin IS NULL)",
            name="assertion_whole",
        ),
        sa.Index("ix_signatures_kind_object_id", "kind", "object_id"),
        **NEVER_REUSED,
    )
    # SQLite adds no column with a named foreign key: triggers hold the two together instead.
    op.add_column("request_steps", number("signature_id", is_optional=True))
    op.create_index("ix_request_steps_signature_id", "request_steps", ["signature_id"])
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")
