"""Incidents with their evidence, restrictions, supervised sessions, assigned devices."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from schoolgate_policyd.store.migrations.columns import (
    NEVER_REUSED,
    moment,
    number,
    one_of,
    words,
    yes_no,
)

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What was recorded stays as it was recorded, and what is over stays over, whatever a program does.
_TRIGGERS = (
    """
    CREATE TRIGGER incident_steps_refuse_update BEFORE UPDATE ON incident_steps
    BEGIN SELECT RAISE(ABORT, 'a step of an incident is never changed'); END
    """,
    """
    CREATE TRIGGER incident_evidence_refuse_update BEFORE UPDATE ON incident_evidence
    BEGIN SELECT RAISE(ABORT, 'evidence is never changed'); END
    """,
    """
    CREATE TRIGGER incidents_close_with_action_and_outcome BEFORE UPDATE OF state ON incidents
    WHEN NEW.state = 'closed' AND OLD.state <> 'closed' AND (
      NOT EXISTS (SELECT 1 FROM incident_steps WHERE incident_id = NEW.id AND move = 'acted'
        AND length(trim(text)) > 0)
      OR NOT EXISTS (SELECT 1 FROM incident_steps WHERE incident_id = NEW.id
        AND move = 'closed' AND length(trim(text)) > 0))
    BEGIN SELECT RAISE(ABORT, 'an incident is closed with an action and an outcome'); END
    """,
    """
    CREATE TRIGGER restrictions_keep_what_was_decided BEFORE UPDATE ON restrictions
    WHEN OLD.state IN ('refused', 'ended-early', 'over')
      OR (OLD.state = 'decided' AND NEW.state NOT IN ('decided', 'ended-early', 'over'))
      OR NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.person_id <> OLD.person_id
      OR NEW.service IS NOT OLD.service OR NEW.site IS NOT OLD.site
      OR NEW.starts_at <> OLD.starts_at
      OR NEW.ends_at <> OLD.ends_at OR NEW.why <> OLD.why OR NEW.proposed_by <> OLD.proposed_by
    BEGIN SELECT RAISE(ABORT, 'a restriction is never changed and never revived'); END
    """,
    """
    CREATE TRIGGER supervised_sessions_stay BEFORE UPDATE ON supervised_sessions
    WHEN OLD.ended_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.person_id <> OLD.person_id
      OR NEW.starts_at <> OLD.starts_at OR NEW.ends_at <> OLD.ends_at
    BEGIN SELECT RAISE(ABORT, 'a supervised session is never changed and never revived'); END
    """,
    """
    CREATE TRIGGER device_assignments_stay BEFORE UPDATE ON device_assignments
    WHEN OLD.ended_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.person_id <> OLD.person_id
      OR NEW.device_id <> OLD.device_id OR NEW.ends_at <> OLD.ends_at
    BEGIN SELECT RAISE(ABORT, 'an assignment is never changed and never revived'); END
    """,
)


def upgrade() -> None:
    """Create the tables and the triggers that keep what was recorded."""
    _create_incidents()
    _create_steps_and_evidence()
    _create_gathering()
    _create_restrictions()
    _create_lived("supervised_sessions", "person_id", "opened")
    _create_lived("device_assignments", "device_id", "assigned")
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")


def _day(name: str, *, is_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=False, primary_key=is_key)


def _of_incident(on_delete: str, *, is_optional: bool = False) -> sa.Column[Any]:
    key = sa.ForeignKey("incidents.id", ondelete=on_delete)
    return sa.Column("incident_id", sa.Integer(), key, nullable=is_optional, index=True)


def _create_incidents() -> None:
    op.create_table(
        "incidents",
        number(is_key=True),
        one_of("kind", "circumvention", "harmful-content"),
        one_of("severity", "low", "medium", "high"),
        one_of("state", "new", "looked-into", "closed", index=True),
        one_of("audience", "pupil", "staff", "visitor"),
        sa.Column("person_id", sa.String(40), nullable=True, index=True),
        words("device_id", 80, is_optional=True),
        words("address", 45, is_optional=True),
        words("subject_key", 100),
        words("summary", None),
        moment("first_at"),
        moment("last_at", index=True),
        _day("last_day"),
        number("tries"),
        number("days"),
        words("categories", None),
        moment("opened_at"),
        words("opened_by", 40, is_optional=True),
        moment("closed_at", is_optional=True),
        sa.CheckConstraint("tries >= 0 AND days >= 0", name="counted"),
        sa.Index("ix_incidents_subject_key_kind", "subject_key", "kind"),
        **NEVER_REUSED,
    )


def _create_steps_and_evidence() -> None:
    moves = ("opened", "taken-up", "noted", "acted", "named", "closed", "reopened")
    op.create_table(
        "incident_steps",
        number(is_key=True),
        _of_incident("CASCADE"),
        one_of("move", *moves),
        words("actor_id", 40, is_optional=True),
        moment("at"),
        words("text", None),
    )
    op.create_table(
        "incident_evidence",
        number(is_key=True),
        _of_incident("CASCADE"),
        words("sender", 80),
        words("boot", 80),
        number("sequence"),
        words("facts", None),
        sa.UniqueConstraint("incident_id", "sender", "boot", "sequence"),
    )


def _create_gathering() -> None:
    op.create_table(
        "gather_positions",
        words("sender", 80, is_key=True),
        words("boot", 80, is_key=True),
        number("sequence"),
        moment("at"),
    )
    op.create_table(
        "background_tallies",
        words("subject_key", 100, is_key=True),
        words("probe", 80, is_key=True),
        _day("day", is_key=True),
        number("count"),
    )


def _create_restrictions() -> None:
    op.create_table(
        "restrictions",
        number(is_key=True),
        one_of("kind", "supervised-only", "withdrawn-service"),
        sa.Column("person_id", sa.String(40), nullable=False, index=True),
        words("service", 80, is_optional=True),
        words("site", 253, is_optional=True),
        moment("starts_at"),
        moment("ends_at"),
        words("why", None),
        words("document", None),
        words("section", None),
        yes_no("is_ours"),
        _of_incident("SET NULL", is_optional=True),
        words("proposed_by", 40),
        moment("proposed_at"),
        one_of("state", "proposed", "refused", "decided", "ended-early", "over"),
        words("decided_by", 40, is_optional=True),
        moment("decided_at", is_optional=True),
        words("reasons", None),
        words("ended_by", 40, is_optional=True),
        moment("ended_at", is_optional=True),
        words("ended_why", None),
        sa.CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        sa.CheckConstraint(
            "(kind = 'supervised-only' AND service IS NULL AND site IS NULL)"
            " OR (kind = 'withdrawn-service' AND (service IS NULL) <> (site IS NULL))",
            name="one_withdrawn",
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided_by_somebody",
        ),
        sa.CheckConstraint("length(trim(why)) > 0", name="why_given"),
        sa.Index("ix_restrictions_state_ends_at", "state", "ends_at"),
        **NEVER_REUSED,
    )


def _create_lived(table: str, one_lives: str, begun: str) -> None:
    """Create a table of what somebody begins and ends, at most one at a time of *one_lives*."""
    is_assignment = one_lives == "device_id"
    people = sa.Column("person_id", sa.String(40), nullable=False, index=is_assignment)
    op.create_table(
        table,
        number(is_key=True),
        *((words("device_id", 40),) if is_assignment else ()),
        people,
        words(f"{begun}_by", 40),
        moment(f"{begun}_at"),
        moment("starts_at"),
        moment("ends_at"),
        moment("ended_at", is_optional=True),
        words("ended_by", 40, is_optional=True),
        sa.CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        **NEVER_REUSED,
    )
    op.create_index(
        f"uq_{table}_one_lives",
        table,
        [one_lives],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
