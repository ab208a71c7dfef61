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

_KINDS = (
    "decision",
    "delegation",
    "standing",
    "block",
    "different-day",
    "network",
    "policy",
    "duty",
)
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
    """
    CREATE TRIGGER standing_steps_need_a_signature BEFORE INSERT ON standing_steps
    WHEN NEW.state IN ('approved', 'refused') AND NOT EXISTS (
      SELECT 1 FROM signatures
      WHERE digest = NEW.signed_digest AND kind = 'standing'
        AND object_id = CAST(NEW.request_id AS TEXT) AND person_id = NEW.actor_id)
    BEGIN SELECT RAISE(ABORT, 'a decision on a standing permission needs its signature'); END
    """,
    """
    CREATE TRIGGER signatures_stay_under_standing_steps BEFORE DELETE ON signatures
    WHEN OLD.kind = 'standing'
      AND EXISTS (SELECT 1 FROM standing_steps WHERE signed_digest = OLD.digest)
    BEGIN SELECT RAISE(ABORT, 'a decision on a standing permission needs its signature'); END
    """,
    """
    CREATE TRIGGER signatures_go_with_their_standing_request AFTER DELETE ON standing_requests
    BEGIN
      DELETE FROM signatures WHERE kind = 'standing' AND object_id = CAST(OLD.id AS TEXT);
      DELETE FROM signings WHERE kind = 'standing' AND object_id = CAST(OLD.id AS TEXT);
    END
    """,
    """
    CREATE TRIGGER lifting_needs_a_signature BEFORE UPDATE ON blocks_at_once
    WHEN NEW.lifted_at IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM signatures
      WHERE digest = NEW.signed_digest AND kind = 'block' AND object_id = CAST(NEW.id AS TEXT)
        AND person_id = NEW.lifted_by)
    BEGIN SELECT RAISE(ABORT, 'lifting a block needs its signature'); END
    """,
    """
    CREATE TRIGGER signatures_stay_under_lifted_blocks BEFORE DELETE ON signatures
    WHEN OLD.kind = 'block'
      AND EXISTS (SELECT 1 FROM blocks_at_once WHERE signed_digest = OLD.digest)
    BEGIN SELECT RAISE(ABORT, 'lifting a block needs its signature'); END
    """,
    """
    CREATE TRIGGER signatures_go_with_their_block AFTER DELETE ON blocks_at_once
    BEGIN
      DELETE FROM signatures WHERE kind = 'block' AND object_id = CAST(OLD.id AS TEXT);
      DELETE FROM signings WHERE kind = 'block' AND object_id = CAST(OLD.id AS TEXT);
    END
    """,
    """
    CREATE TRIGGER different_days_need_a_signature BEFORE INSERT ON different_days
    WHEN NOT EXISTS (
      SELECT 1 FROM signatures
      WHERE digest = NEW.signed_digest AND kind = 'different-day'
        AND person_id = NEW.directed_by)
    BEGIN SELECT RAISE(ABORT, 'a day that is different needs its signature'); END
    """,
    """
    CREATE TRIGGER different_days_stay_as_signed BEFORE UPDATE ON different_days
    WHEN NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.first <> OLD.first
      OR NEW.last <> OLD.last OR NEW.name <> OLD.name OR NEW.directed_by <> OLD.directed_by
      OR NEW.years_first IS NOT OLD.years_first OR NEW.years_last IS NOT OLD.years_last
      OR NEW.at <> OLD.at OR NEW.signed_digest IS NOT OLD.signed_digest
    BEGIN SELECT RAISE(ABORT, 'a day that is different is never changed, only withdrawn'); END
    """,
    """
    CREATE TRIGGER signatures_stay_under_different_days BEFORE DELETE ON signatures
    WHEN OLD.kind = 'different-day'
      AND EXISTS (SELECT 1 FROM different_days WHERE signed_digest = OLD.digest)
    BEGIN SELECT RAISE(ABORT, 'a day that is different needs its signature'); END
    """,
    """
    CREATE TRIGGER signatures_go_with_their_different_day AFTER DELETE ON different_days
    BEGIN
      DELETE FROM signatures WHERE kind = 'different-day' AND digest = OLD.signed_digest;
    END
    """,
    """
    CREATE TRIGGER networks_name_a_signature BEFORE UPDATE ON networks
    WHEN NEW.signed_digest IS NOT NULL
      AND (NEW.signed_digest IS NOT OLD.signed_digest OR NEW.audience <> OLD.audience
        OR NEW.device <> OLD.device OR NEW.inspectable <> OLD.inspectable)
      AND NOT EXISTS (
      SELECT 1 FROM signatures
      WHERE digest = NEW.signed_digest AND kind = 'network' AND object_id = NEW.id
        AND version = OLD.version)
    BEGIN SELECT RAISE(ABORT, 'a network that was opened needs its signature'); END
    """,
    """
    CREATE TRIGGER new_networks_name_a_signature BEFORE INSERT ON networks
    WHEN NEW.signed_digest IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM signatures
      WHERE digest = NEW.signed_digest AND kind = 'network' AND object_id = NEW.id
        AND version = 0)
    BEGIN SELECT RAISE(ABORT, 'a network that was opened needs its signature'); END
    """,
    """
    CREATE TRIGGER signatures_stay_under_networks BEFORE DELETE ON signatures
    WHEN OLD.kind = 'network'
      AND EXISTS (SELECT 1 FROM networks WHERE signed_digest = OLD.digest)
    BEGIN SELECT RAISE(ABORT, 'a network that was opened needs its signature'); END
    """,
    """
    CREATE TRIGGER policy_steps_need_a_signature BEFORE INSERT ON policy_steps
    WHEN NEW.move = 'directed' AND NOT EXISTS (
      SELECT 1 FROM signatures
      WHERE digest = NEW.signed_digest AND kind = 'policy'
        AND object_id = CAST(NEW.version AS TEXT) AND person_id = NEW.actor_id)
    BEGIN SELECT RAISE(ABORT, 'a direction of the policy needs its signature'); END
    """,
    """
    CREATE TRIGGER signatures_stay_under_policy_steps BEFORE DELETE ON signatures
    WHEN OLD.kind = 'policy'
      AND EXISTS (SELECT 1 FROM policy_steps WHERE signed_digest = OLD.digest)
    BEGIN SELECT RAISE(ABORT, 'a direction of the policy needs its signature'); END
    """,
    # Duties can be given at the first run, when nobody can sign yet. The newest signature says
    # every duty from then on, so those before it are superseded.
    """
    CREATE TRIGGER signatures_stay_under_duties BEFORE DELETE ON signatures
    WHEN OLD.kind = 'duty' AND EXISTS (SELECT 1 FROM duties WHERE person_id = OLD.object_id)
      AND NOT EXISTS (
        SELECT 1 FROM signatures AS later
        WHERE later.kind = 'duty' AND later.object_id = OLD.object_id AND later.id > OLD.id)
    BEGIN SELECT RAISE(ABORT, 'duties need their signature'); END
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
    op.add_column("blocks_at_once", words("signed_digest", 64, is_optional=True))
    op.add_column("different_days", words("signed_digest", 64, is_optional=True))
    op.add_column("networks", words("signed_digest", 64, is_optional=True))
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")
