"""The audit becomes a ledger; legal holds, retention and checkpoints are kept."""

import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from schoolgate_policyd.ledger.entries import SALT_SIZE, Leaf, Personal
from schoolgate_policyd.ledger.tree import leaf_hash
from schoolgate_policyd.store.migrations.columns import (
    NEVER_REUSED,
    moment,
    number,
    one_of,
    words,
)

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000
_APPEND_ONLY = "the audit is append-only"
_CHECKPOINTS_STAY = "a checkpoint is never changed"
_HOLDS_STAY = "a legal hold is never changed but lifted once"
# What is in the ledger stays as it is, whatever a program does: a name, what it refuses, when,
# and what it says. `INSERT OR REPLACE` deletes without asking a trigger for deletions, so what
# is inserted must be the next entry.
_TRIGGERS = (
    ("audit_refuses_update", "UPDATE ON audit", None, _APPEND_ONLY),
    ("audit_refuses_delete", "DELETE ON audit", None, _APPEND_ONLY),
    (
        "audit_refuses_gaps_and_replacement",
        "INSERT ON audit",
        "NEW.id <> (SELECT COALESCE(MAX(id), 0) + 1 FROM audit)",
        _APPEND_ONLY,
    ),
    ("audit_personal_refuses_update", "UPDATE ON audit_personal", None, _APPEND_ONLY),
    (
        "audit_personal_comes_with_its_entry",
        "INSERT ON audit_personal",
        (
            "NEW.id IS NOT (SELECT MAX(id) FROM audit)"
            " OR EXISTS (SELECT 1 FROM audit_personal WHERE id = NEW.id)"
        ),
        _APPEND_ONLY,
    ),
    ("audit_checkpoints_refuse_update", "UPDATE ON audit_checkpoints", None, _CHECKPOINTS_STAY),
    ("audit_checkpoints_refuse_delete", "DELETE ON audit_checkpoints", None, _CHECKPOINTS_STAY),
    (
        "audit_checkpoints_only_grow",
        "INSERT ON audit_checkpoints",
        "NEW.size <= (SELECT COALESCE(MAX(size), -1) FROM audit_checkpoints)",
        _CHECKPOINTS_STAY,
    ),
    ("legal_holds_refuse_delete", "DELETE ON legal_holds", None, _HOLDS_STAY),
    (
        "legal_holds_refuse_replacement",
        "INSERT ON legal_holds",
        "EXISTS (SELECT 1 FROM legal_holds WHERE id = NEW.id)",
        _HOLDS_STAY,
    ),
    (
        "legal_holds_are_lifted_once",
        "UPDATE ON legal_holds",
        (
            "OLD.lifted_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.held_on <> OLD.held_on"
            " OR NEW.target <> OLD.target OR NEW.reason <> OLD.reason"
            " OR NEW.placed_by <> OLD.placed_by OR NEW.placed_at <> OLD.placed_at"
        ),
        _HOLDS_STAY,
    ),
)


def upgrade() -> None:
    """Move every entry into the ledger, in its order, each with a salt of its own."""
    for trigger in ("update", "delete", "replacement"):
        op.execute(f"DROP TRIGGER audit_refuses_{trigger}")
    for index in ("ix_audit_object_kind_object_id", "ix_audit_at"):
        op.drop_index(index, "audit")
    op.rename_table("audit", "audit_before")
    audit, personal = _create_ledger()
    _move(op.get_bind(), audit, personal)
    op.drop_table("audit_before")
    _create_checkpoints()
    _create_keeping()
    for name, happening, when, said in _TRIGGERS:
        condition = "" if when is None else f"WHEN {when} "
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {happening} {condition}"
            f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")


def _octets(name: str, size: int | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(size), nullable=False)


def _create_ledger() -> tuple[sa.Table, sa.Table]:
    audit = op.create_table(
        "audit",
        number(is_key=True),
        moment("at", index=True),
        sa.Column("action", sa.String(40), nullable=False, index=True),
        sa.Column("object_kind", sa.String(40), nullable=False, index=True),
        _octets("commitment", 32),
        _octets("leaf_hash", 32),
        sa.CheckConstraint(
            "length(commitment) = 32 AND length(leaf_hash) = 32", name="hashes_whole"
        ),
        **NEVER_REUSED,
    )
    personal = op.create_table(
        "audit_personal",
        sa.Column("id", sa.Integer(), sa.ForeignKey("audit.id"), primary_key=True),
        _octets("salt", 32),
        sa.Column("actor_id", sa.String(40), index=True),
        sa.Column("object_id", sa.String(80), nullable=False, index=True),
        words("details", None),
        sa.CheckConstraint("length(salt) = 32", name="salt_whole"),
    )
    return audit, personal


def _move(connection: sa.Connection, audit: sa.Table, personal: sa.Table) -> None:
    last = entry = 0
    while True:
        rows = connection.execute(
            sa.text(
                "SELECT id, at, actor_id, action, object_kind, object_id, details"
                " FROM audit_before WHERE id > :last ORDER BY id LIMIT :most"
            ),
            {"last": last, "most": _AT_ONCE},
        ).all()
        if not rows:
            return
        last = rows[-1].id
        for row in rows:
            entry += 1
            part = Personal(
                secrets.token_bytes(SALT_SIZE), row.actor_id, row.object_id, row.details
            )
            at = datetime.fromisoformat(row.at)
            leaf = Leaf(
                entry, at.replace(tzinfo=UTC), row.action, row.object_kind, part.commitment()
            )
            connection.execute(
                audit.insert().values(
                    id=entry,
                    at=at,
                    action=leaf.action,
                    object_kind=leaf.object_kind,
                    commitment=leaf.commitment,
                    leaf_hash=leaf_hash(leaf.octets()),
                )
            )
            connection.execute(
                personal.insert().values(
                    id=entry,
                    salt=part.salt,
                    actor_id=part.actor,
                    object_id=part.object_id,
                    details=part.details,
                )
            )


def _create_checkpoints() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", sa.Integer(), primary_key=True, autoincrement=False),
        moment("at"),
        _octets("root", 32),
        _octets("subtrees"),
        words("note", None),
        words("key", None),
        sa.CheckConstraint("length(root) = 32", name="root_whole"),
    )
    op.create_table(
        "audit_checkpoint_wishes",
        number(is_key=True),
        moment("at"),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.create_table(
        "audit_witnesses",
        sa.Column(
            "size",
            sa.Integer(),
            sa.ForeignKey("audit_checkpoints.size"),
            primary_key=True,
            autoincrement=False,
        ),
        words("witness", 40, is_key=True),
        moment("at"),
        words("fault", None, is_optional=True),
    )


def _create_keeping() -> None:
    op.create_table(
        "legal_holds",
        number(is_key=True),
        one_of("held_on", "person", "object", "kind"),
        words("target", 121),
        words("reason", None),
        words("placed_by", 40),
        moment("placed_at"),
        words("lifted_by", 40, is_optional=True),
        moment("lifted_at", is_optional=True),
        words("lifted_why", None, is_optional=True),
        sa.CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)"
            " AND (lifted_at IS NULL) = (lifted_why IS NULL)",
            name="lifted_whole",
        ),
        **NEVER_REUSED,
    )
    op.create_table(
        "retention_runs",
        number(is_key=True),
        moment("at"),
        words("counts", None),
        moment("erased_at", is_optional=True),
        **NEVER_REUSED,
    )
