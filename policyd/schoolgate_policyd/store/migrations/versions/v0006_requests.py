"""Drafts, versions of a request, questions, deputies, reviews after the end, standing requests."""

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

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STATES = (
    "submitted",
    "measures-confirmed",
    "measures-refused",
    "approved",
    "refused",
    "withdrawn",
)
_STEP_STAYS = "BEGIN SELECT RAISE(ABORT, 'a step of a request is never changed'); END"
_GRANT_STAYS = "BEGIN SELECT RAISE(ABORT, 'a grant is never changed and never revived'); END"
_VERSION_STAYS = "BEGIN SELECT RAISE(ABORT, 'an earlier form is never changed'); END"
_ANSWER_STAYS = "BEGIN SELECT RAISE(ABORT, 'a question is answered once'); END"
_DELEGATION_STAYS = "BEGIN SELECT RAISE(ABORT, 'a delegation is never changed, only ended'); END"
_REVIEW_STAYS = "BEGIN SELECT RAISE(ABORT, 'how it went is said once'); END"
_STANDING_STAYS = "BEGIN SELECT RAISE(ABORT, 'what was asked for is never changed'); END"
# What was signed stays as it was signed, and what was said stays said, whatever a program does.
_TRIGGERS = (
    f"CREATE TRIGGER request_steps_refuse_update BEFORE UPDATE ON request_steps {_STEP_STAYS}",
    """
    CREATE TRIGGER request_steps_refuse_replacement BEFORE INSERT ON request_steps
    WHEN EXISTS (SELECT 1 FROM request_steps
      WHERE id = NEW.id OR (request_id = NEW.request_id AND version = NEW.version
        AND state = NEW.state))
    BEGIN SELECT RAISE(ABORT, 'a step of a request is never changed'); END
    """,
    """
    CREATE TRIGGER grants_refuse_replacement BEFORE INSERT ON grants
    WHEN EXISTS (SELECT 1 FROM grants
      WHERE id = NEW.id OR (request_id = NEW.request_id AND version = NEW.version))
    BEGIN SELECT RAISE(ABORT, 'a grant is never changed and never revived'); END
    """,
    f"""
    CREATE TRIGGER grants_keep_what_was_signed BEFORE UPDATE ON grants
    WHEN OLD.state <> 'live'
      OR NEW.id <> OLD.id OR NEW.request_id <> OLD.request_id OR NEW.version <> OLD.version
      OR NEW.kind <> OLD.kind OR NEW.scope <> OLD.scope
      OR NEW.starts_at <> OLD.starts_at OR NEW.ends_at <> OLD.ends_at
      OR NEW.person_id IS NOT OLD.person_id OR NEW.class_id IS NOT OLD.class_id
    {_GRANT_STAYS}
    """,
    f"CREATE TRIGGER request_forms_refuse_update BEFORE UPDATE ON request_forms {_VERSION_STAYS}",
    """
    CREATE TRIGGER request_forms_refuse_replacement BEFORE INSERT ON request_forms
    WHEN EXISTS (SELECT 1 FROM request_forms
      WHERE request_id = NEW.request_id AND version = NEW.version)
    BEGIN SELECT RAISE(ABORT, 'an earlier form is never changed'); END
    """,
    f"""
    CREATE TRIGGER request_questions_are_answered_once BEFORE UPDATE ON request_questions
    WHEN OLD.answer IS NOT NULL OR NEW.id <> OLD.id OR NEW.request_id <> OLD.request_id
      OR NEW.asked_by <> OLD.asked_by OR NEW.asked_at <> OLD.asked_at
      OR NEW.question <> OLD.question
    {_ANSWER_STAYS}
    """,
    f"""
    CREATE TRIGGER request_reviews_are_noted_once BEFORE UPDATE ON request_reviews
    WHEN OLD.note IS NOT NULL OR NEW.request_id <> OLD.request_id
      OR NEW.how_it_went <> OLD.how_it_went OR NEW.told_at <> OLD.told_at
    {_REVIEW_STAYS}
    """,
    f"""
    CREATE TRIGGER delegations_are_only_ended BEFORE UPDATE ON delegations
    WHEN OLD.withdrawn_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.head_id <> OLD.head_id
      OR NEW.deputy_id <> OLD.deputy_id OR NEW.starts_at <> OLD.starts_at
      OR NEW.ends_at <> OLD.ends_at OR NEW.reasons <> OLD.reasons OR NEW.given_at <> OLD.given_at
      OR NEW.signed_digest <> OLD.signed_digest
    {_DELEGATION_STAYS}
    """,
    f"""
    CREATE TRIGGER standing_requests_keep_what_was_asked BEFORE UPDATE ON standing_requests
    WHEN NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.requester_id <> OLD.requester_id
      OR NEW.reasons <> OLD.reasons OR NEW.measures <> OLD.measures
      OR NEW.review_on <> OLD.review_on
    {_STANDING_STAYS}
    """,
    f"""
    CREATE TRIGGER standing_steps_refuse_update BEFORE UPDATE ON standing_steps
    {_STANDING_STAYS}
    """,
)


def upgrade() -> None:
    """Give requests their versions; nothing of what was signed is lost or changed."""
    _create_delegations()
    # With a constant default, so that what is there becomes the first version of its form.
    op.add_column(
        "access_requests", sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column("standing_records", moment("lapsed_at", is_optional=True))
    _rebuild_steps()
    _rebuild_grants()
    _create_talk()
    _create_standing()
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Go back by restoring a backup: a record of decisions is never cut down to an older form."""
    raise NotImplementedError("restore the backup that was made before the upgrade")


def _create_delegations() -> None:
    op.create_table(
        "delegations",
        number(is_key=True),
        ref("head_id", "people.id", index=True),
        ref("deputy_id", "people.id", index=True),
        moment("starts_at"),
        moment("ends_at"),
        words("reasons", None),
        moment("given_at"),
        words("signed_name", 200),
        sa.Column("signed_on", sa.Date(), nullable=False),
        words("signed_digest", 64),
        moment("withdrawn_at", is_optional=True),
        ref("withdrawn_by", "people.id", is_optional=True),
        words("withdrawn_why", None, is_optional=True),
        sa.CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        sa.CheckConstraint("head_id <> deputy_id", name="for_somebody_else"),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)"
            " AND (withdrawn_at IS NULL) = (withdrawn_why IS NULL)",
            name="withdrawn_whole",
        ),
        **NEVER_REUSED,
    )


def _rebuild_steps() -> None:
    op.rename_table("request_steps", "request_steps_before")
    op.create_table(
        "request_steps",
        number(is_key=True),
        ref("request_id", "access_requests.id"),
        number("version"),
        one_of("state", *_STATES),
        ref("actor_id", "people.id"),
        moment("at"),
        words("reasons", None),
        words("signed_name", 200, is_optional=True),
        sa.Column("signed_on", sa.Date()),
        words("signed_digest", 64, is_optional=True),
        sa.Column("delegation_id", sa.Integer(), sa.ForeignKey("delegations.id"), nullable=True),
        sa.UniqueConstraint("request_id", "version", "state"),
        sa.CheckConstraint("length(trim(reasons)) > 0", name="reasons_given"),
        sa.CheckConstraint(
            "(state IN ('approved', 'refused')) = (signed_digest IS NOT NULL)"
            " AND (signed_digest IS NULL) = (signed_name IS NULL)"
            " AND (signed_digest IS NULL) = (signed_on IS NULL)",
            name="decisions_signed",
        ),
    )
    _move(
        "request_steps",
        "id",
        "request_id",
        "1",
        "state",
        "actor_id",
        "at",
        "reasons",
        "signed_name",
        "signed_on",
        "signed_digest",
        "NULL",
    )


def _rebuild_grants() -> None:
    for index in ("ix_grants_state_ends_at", "ix_grants_person_id", "ix_grants_class_id"):
        op.drop_index(index, "grants")
    op.rename_table("grants", "grants_before")
    op.create_table(
        "grants",
        words("id", 40, is_key=True),
        ref("request_id", "access_requests.id"),
        number("version"),
        one_of("kind", "access-grant", "curriculum-grant", "supervised-session"),
        words("scope", None),
        moment("starts_at"),
        moment("ends_at"),
        ref("person_id", "people.id", is_optional=True, index=True),
        ref("class_id", "classes.id", is_optional=True, index=True),
        one_of("state", "live", "withdrawn", "ended"),
        number("signed_in_version"),
        sa.UniqueConstraint("request_id", "version"),
        sa.CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        sa.CheckConstraint("(person_id IS NULL) <> (class_id IS NULL)", name="for_one"),
        sa.Index("ix_grants_state_ends_at", "state", "ends_at"),
    )
    _move(
        "grants",
        "id",
        "request_id",
        "1",
        "kind",
        "scope",
        "starts_at",
        "ends_at",
        "person_id",
        "class_id",
        "state",
        "signed_in_version",
    )


def _move(table: str, *columns: str) -> None:
    """Put what was in the table before into its new form, and drop what was before."""
    chosen = ", ".join(columns)
    op.execute(f"INSERT INTO {table} SELECT {chosen} FROM {table}_before")  # noqa: S608 - ours
    op.drop_table(f"{table}_before")


def _create_talk() -> None:
    op.create_table(
        "request_drafts",
        number(is_key=True),
        ref("author_id", "people.id", on_delete="CASCADE", index=True),
        words("entry", None),
        moment("changed_at"),
        **NEVER_REUSED,
    )
    op.create_table(
        "request_forms",
        ref("request_id", "access_requests.id", is_key=True),
        number("version", is_key=True),
        words("form", None),
        moment("replaced_at"),
        words("why", None),
    )
    op.create_table(
        "request_questions",
        number(is_key=True),
        ref("request_id", "access_requests.id", index=True),
        ref("asked_by", "people.id"),
        moment("asked_at"),
        words("question", None),
        moment("answered_at", is_optional=True),
        words("answer", None, is_optional=True),
        sa.CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="answered_both"),
        **NEVER_REUSED,
    )
    op.create_table(
        "request_reviews",
        ref("request_id", "access_requests.id", is_key=True),
        words("how_it_went", None),
        moment("told_at"),
        words("note", None, is_optional=True),
        ref("noted_by", "people.id", is_optional=True),
        moment("noted_at", is_optional=True),
        sa.CheckConstraint(
            "(note IS NULL) = (noted_by IS NULL) AND (note IS NULL) = (noted_at IS NULL)",
            name="noted_whole",
        ),
    )


def _create_standing() -> None:
    op.create_table(
        "standing_requests",
        number(is_key=True),
        words("name", 80),
        ref("requester_id", "people.id", index=True),
        one_of("state", *_STATES),
        words("reasons", None),
        words("measures", None),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Index("ix_standing_requests_name_state", "name", "state"),
        **NEVER_REUSED,
    )
    op.create_table(
        "standing_steps",
        number(is_key=True),
        sa.Column(
            "request_id", sa.Integer(), sa.ForeignKey("standing_requests.id"), nullable=False
        ),
        one_of("state", *_STATES),
        ref("actor_id", "people.id"),
        moment("at"),
        words("reasons", None),
        words("signed_name", 200, is_optional=True),
        sa.Column("signed_on", sa.Date()),
        words("signed_digest", 64, is_optional=True),
        sa.UniqueConstraint("request_id", "state"),
        sa.CheckConstraint("length(trim(reasons)) > 0", name="reasons_given"),
        sa.CheckConstraint(
            "(state IN ('approved', 'refused')) = (signed_digest IS NOT NULL)"
            " AND (signed_digest IS NULL) = (signed_name IS NULL)"
            " AND (signed_digest IS NULL) = (signed_on IS NULL)",
            name="decisions_signed",
        ),
    )
