"""Versions of the school's policy, with their texts, steps, proofs and replays."""

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

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOVES = (
    "taken-up",
    "begun",
    "proposed",
    "approved",
    "directed",
    "refused",
    "withdrawn",
)
_IS_NO_DRAFT = "(SELECT state FROM policy_versions WHERE number = {row}.version) <> 'draft'"
_TEXTS_STAY = "BEGIN SELECT RAISE(ABORT, 'the text of a proposed policy is never changed'); END"
_STEPS_STAY = "BEGIN SELECT RAISE(ABORT, 'a step of a policy version is never changed'); END"
_CHECKS_STAY = "BEGIN SELECT RAISE(ABORT, 'what a proof said is never changed'); END"
# What was proposed, proved, approved and signed is what stays, whatever a program does.
_TRIGGERS = (
    f"""
    CREATE TRIGGER policy_texts_refuse_insert BEFORE INSERT ON policy_texts
    WHEN {_IS_NO_DRAFT.format(row="NEW")} {_TEXTS_STAY}
    """,
    f"""
    CREATE TRIGGER policy_texts_refuse_update BEFORE UPDATE ON policy_texts
    WHEN {_IS_NO_DRAFT.format(row="OLD")} OR NEW.version <> OLD.version {_TEXTS_STAY}
    """,
    f"""
    CREATE TRIGGER policy_texts_refuse_delete BEFORE DELETE ON policy_texts
    WHEN {_IS_NO_DRAFT.format(row="OLD")} {_TEXTS_STAY}
    """,
    f"CREATE TRIGGER policy_steps_refuse_update BEFORE UPDATE ON policy_steps {_STEPS_STAY}",
    f"CREATE TRIGGER policy_steps_refuse_delete BEFORE DELETE ON policy_steps {_STEPS_STAY}",
    """
    CREATE TRIGGER policy_steps_refuse_replacement BEFORE INSERT ON policy_steps
    WHEN EXISTS (SELECT 1 FROM policy_steps
      WHERE id = NEW.id OR (version = NEW.version AND move = NEW.move))
    BEGIN SELECT RAISE(ABORT, 'a step of a policy version is never changed'); END
    """,
    f"CREATE TRIGGER policy_checks_refuse_update BEFORE UPDATE ON policy_checks {_CHECKS_STAY}",
    f"CREATE TRIGGER policy_checks_refuse_delete BEFORE DELETE ON policy_checks {_CHECKS_STAY}",
    """
    CREATE TRIGGER policy_versions_refuse_delete BEFORE DELETE ON policy_versions
    BEGIN SELECT RAISE(ABORT, 'every version of a policy is kept'); END
    """,
    """
    CREATE TRIGGER policy_versions_refuse_replacement BEFORE INSERT ON policy_versions
    WHEN EXISTS (SELECT 1 FROM policy_versions WHERE number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'every version of a policy is kept'); END
    """,
    """
    CREATE TRIGGER policy_versions_keep_what_was_proposed BEFORE UPDATE ON policy_versions
    WHEN NEW.number <> OLD.number OR NEW.school <> OLD.school OR NEW.origin <> OLD.origin
      OR NEW.base IS NOT OLD.base OR NEW.taken_from IS NOT OLD.taken_from
      OR NEW.author_id IS NOT OLD.author_id
      OR (OLD.state <> 'draft' AND (NEW.summary <> OLD.summary OR NEW.digest <> OLD.digest
        OR NEW.terms <> OLD.terms OR NEW.changes <> OLD.changes))
    BEGIN SELECT RAISE(ABORT, 'what was proposed is never changed'); END
    """,
    """
    CREATE TRIGGER policy_versions_never_go_back BEFORE UPDATE ON policy_versions
    WHEN NEW.state <> OLD.state AND NOT (
      (OLD.state = 'draft' AND NEW.state IN ('proposed', 'withdrawn'))
      OR (OLD.state = 'draft' AND NEW.state = 'directed' AND OLD.origin = 'rule-files')
      OR (OLD.state = 'proposed' AND NEW.state IN ('directed', 'refused', 'withdrawn'))
      OR (OLD.state = 'directed' AND NEW.state = 'withdrawn'))
    BEGIN SELECT RAISE(ABORT, 'a policy version never goes back'); END
    """,
)


def upgrade() -> None:
    """Create the tables and the triggers that keep what was proposed."""
    _create_versions()
    _create_texts()
    _create_steps()
    _create_checks()
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Refuse: going back would drop what was signed."""
    raise NotImplementedError("what was signed is not dropped")


def _create_versions() -> None:
    op.create_table(
        "policy_versions",
        number("number", is_key=True),
        words("school", 80),
        one_of("origin", "rule-files", "draft"),
        one_of("state", "draft", "proposed", "directed", "refused", "withdrawn"),
        ref("base", "policy_versions.number", is_optional=True),
        ref("taken_from", "policy_versions.number", is_optional=True),
        ref("author_id", "people.id", is_optional=True),
        words("summary", None),
        words("digest", 64),
        words("terms", None),
        words("changes", None),
        sa.CheckConstraint(
            "(origin = 'rule-files') = (author_id IS NULL)", name="drafts_by_people"
        ),
        sa.Index("ix_policy_versions_school_state", "school", "state"),
        **NEVER_REUSED,
    )


def _create_texts() -> None:
    op.create_table(
        "policy_texts",
        ref("version", "policy_versions.number", is_key=True),
        words("path", 120, is_key=True),
        words("text", None),
    )


def _create_steps() -> None:
    op.create_table(
        "policy_steps",
        number(is_key=True),
        ref("version", "policy_versions.number"),
        one_of("move", *_MOVES),
        ref("actor_id", "people.id", is_optional=True),
        moment("at"),
        words("reasons", None),
        words("signed_name", 200, is_optional=True),
        sa.Column("signed_on", sa.Date()),
        words("signed_digest", 64, is_optional=True),
        sa.Column("minutes_on", sa.Date()),
        words("minutes_reference", 200, is_optional=True),
        moment("in_force_from", is_optional=True),
        sa.Column("announced_on", sa.Date()),
        yes_no("is_for_safety"),
        sa.UniqueConstraint("version", "move"),
        sa.CheckConstraint("length(trim(reasons)) > 0", name="reasons_given"),
        sa.CheckConstraint(
            "(move IN ('directed', 'taken-up')) = (in_force_from IS NOT NULL)"
            " AND (move = 'directed') = (signed_digest IS NOT NULL)"
            " AND (signed_digest IS NULL) = (signed_name IS NULL)"
            " AND (signed_digest IS NULL) = (signed_on IS NULL)",
            name="directions_signed",
        ),
        sa.CheckConstraint(
            "(move = 'approved') = (minutes_on IS NOT NULL)"
            " AND (minutes_on IS NULL) = (minutes_reference IS NULL)",
            name="approvals_minuted",
        ),
        sa.CheckConstraint("(move = 'taken-up') = (actor_id IS NULL)", name="somebody_did_it"),
    )


def _create_checks() -> None:
    op.create_table(
        "policy_checks",
        number(is_key=True),
        ref("version", "policy_versions.number"),
        one_of("kind", "proof", "replay"),
        words("digest", 64),
        moment("at"),
        words("result", None),
        sa.Index("ix_policy_checks_version_kind", "version", "kind"),
        **NEVER_REUSED,
    )
