"""Reports of content, and what is blocked at once."""

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

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STATES = (
    "waiting",
    "with-head",
    "blocked",
    "blocked-already",
    "stays-open",
    "passed-on",
)
# What was reported, answered and blocked stays as it was, and what was lifted stays lifted.
_TRIGGERS = (
    """
    CREATE TRIGGER reports_keep_what_was_said BEFORE UPDATE ON reports
    WHEN NEW.id <> OLD.id OR NEW.saw <> OLD.saw OR NEW.url IS NOT OLD.url
      OR NEW.name <> OLD.name OR NEW.reporter_id IS NOT OLD.reporter_id
      OR NEW.code_hash <> OLD.code_hash OR NEW.reported_at <> OLD.reported_at
    BEGIN SELECT RAISE(ABORT, 'what was reported is never changed'); END
    """,
    """
    CREATE TRIGGER report_steps_refuse_update BEFORE UPDATE ON report_steps
    BEGIN SELECT RAISE(ABORT, 'a step of a report is never changed'); END
    """,
    """
    CREATE TRIGGER report_steps_refuse_replacement BEFORE INSERT ON report_steps
    WHEN EXISTS (SELECT 1 FROM report_steps WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a step of a report is never changed'); END
    """,
    """
    CREATE TRIGGER blocks_at_once_refuse_replacement BEFORE INSERT ON blocks_at_once
    WHEN EXISTS (SELECT 1 FROM blocks_at_once WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a block at once is never changed, only lifted'); END
    """,
    """
    CREATE TRIGGER blocks_at_once_are_only_lifted BEFORE UPDATE ON blocks_at_once
    WHEN OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL
      OR NEW.id <> OLD.id OR NEW.what <> OLD.what OR NEW.reason <> OLD.reason
      OR NEW.is_for_everybody <> OLD.is_for_everybody OR NEW.made_by <> OLD.made_by
      OR NEW.made_at <> OLD.made_at OR NEW.report IS NOT OLD.report
    BEGIN SELECT RAISE(ABORT, 'a block at once is never changed, only lifted'); END
    """,
)


def upgrade() -> None:
    """Create the tables and the triggers that keep what was said."""
    _create_reports()
    _create_steps()
    _create_tries()
    _create_blocks()
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")


def _create_reports() -> None:
    op.create_table(
        "reports",
        number(is_key=True),
        moment("reported_at"),
        one_of("state", *_STATES),
        words("saw", None),
        words("url", None, is_optional=True),
        words("site", 253, is_optional=True),
        words("name", 100),
        ref("reporter_id", "people.id", is_optional=True, index=True),
        words("code_hash", 64),
        moment("closed_at", is_optional=True),
        sa.UniqueConstraint("code_hash"),
        sa.CheckConstraint(
            "(state IN ('waiting', 'with-head')) = (closed_at IS NULL)",
            name="closed_when_answered",
        ),
        sa.Index("ix_reports_state", "state"),
        sa.Index("ix_reports_site", "site"),
        **NEVER_REUSED,
    )


def _create_steps() -> None:
    op.create_table(
        "report_steps",
        number(is_key=True),
        _of_report(index=True),
        one_of("state", *_STATES),
        ref("actor_id", "people.id"),
        moment("at"),
        words("reasons", None),
        words("answer", None),
        number("block", is_optional=True),
        number("incident", is_optional=True),
        sa.CheckConstraint("length(trim(reasons)) > 0", name="reasons_given"),
    )
    op.create_table(
        "report_about",
        _of_report(is_key=True),
        ref("person_id", "people.id", is_key=True),
        ref("named_by", "people.id", is_optional=True),
    )


def _of_report(*, is_key: bool = False, index: bool = False) -> sa.Column[int]:
    return sa.Column(
        "report_id",
        sa.Integer(),
        sa.ForeignKey("reports.id"),
        primary_key=is_key,
        nullable=False,
        index=index,
    )


def _create_tries() -> None:
    op.create_table(
        "report_tries",
        number(is_key=True),
        moment("at"),
        words("address", 64),
        yes_no("is_look"),
        sa.Index("ix_report_tries_address_at", "address", "at"),
    )


def _create_blocks() -> None:
    op.create_table(
        "blocks_at_once",
        number(is_key=True),
        words("what", None),
        yes_no("is_for_everybody"),
        words("reason", None),
        ref("made_by", "people.id"),
        moment("made_at"),
        number("report", is_optional=True),
        moment("lifted_at", is_optional=True, index=True),
        ref("lifted_by", "people.id", is_optional=True),
        words("lift_reason", None, is_optional=True),
        sa.CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)"
            " AND (lifted_at IS NULL) = (lift_reason IS NULL)",
            name="lifted_wholly",
        ),
        **NEVER_REUSED,
    )
