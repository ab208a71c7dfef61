"""What came with versions of a request, in the database: nothing of what was said is changed."""

from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from office import (
    HEAD,
    LEAD,
    LESSON,
    LONDON,
    MACHINE,
    TEACHER,
    QuickHasher,
    form,
    policy,
    sign,
    sign_decision,
    source,
)
from sqlalchemy import text

from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError, UnknownObject
from schoolgate_policyd.store.lived import read_past
from schoolgate_policyd.store.migrate import MIGRATIONS
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.signed_delegations import DelegationToSign
from schoolgate_policyd.workflow.delegations import DelegationForm
from schoolgate_policyd.workflow.effects import effects_of
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm
from schoolgate_policyd.workflow.request_drafts import MAX_DRAFTS
from schoolgate_policyd.workflow.requests import AccessRequest
from schoolgate_policyd.workflow.scopes import grant_for

# An approved request as the version of the database before this one kept it.
BEFORE = """
INSERT INTO people (id, name, audience) VALUES ('t', 'T', 'staff');
INSERT INTO access_requests (id, requester_id, state, staff_name, written_on, url, site_content,
    reasons, measures, scope, starts_at, ends_at)
  VALUES (1, 't', 'approved', 'T', '2026-11-20', 'https://x.example/', 'c', 'r', 'm', 'page',
    '2026-11-20 10:00:00.000000', '2026-11-20 12:00:00.000000');
INSERT INTO request_steps (request_id, state, actor_id, at, reasons)
  VALUES (1, 'submitted', 't', '2026-11-20 10:00:00.000000', 'r');
INSERT INTO request_steps (request_id, state, actor_id, at, reasons, signed_name, signed_on,
    signed_digest)
  VALUES (1, 'approved', 't', '2026-11-20 10:00:00.000000', 'r', 'T', '2026-11-20', 'abc');
INSERT INTO grants (id, request_id, kind, scope, starts_at, ends_at, person_id, state,
    signed_in_version)
  VALUES ('grant-1', 1, 'access-grant', '{}', '2026-11-20 10:00:00.000000',
    '2026-11-20 12:00:00.000000', 't', 'live', 3)
"""
ADDRESS = "127.0.2.10"
MINUTE = timedelta(minutes=1)
OTHER = form("https://www.clips.example/other")


def submitted(store: DecisionStore) -> int:
    return store.requests.submit(TEACHER.id, form(), at=MACHINE, moment=LESSON).id


def approved(store: DecisionStore, number: int, *, after: timedelta = MINUTE) -> AccessRequest:
    answer = ReviewForm(are_in_place=True, why="looked at")
    at = MACHINE + after
    request = store.requests.review(number, by=LEAD.id, answer=answer, at=at, moment=LESSON)
    grant = grant_for(request, policy().catalogue)
    return sign_decision(
        store,
        number,
        by=HEAD.id,
        decision=DecisionForm(
            is_approved=True,
            reasons="fine",
            staff_name=HEAD.name,
            signed_on=date(2026, 11, 20),
        ),
        effects=effects_of(grant, source(), request.form.url, moment=LESSON),
        address=ADDRESS,
        at=at,
        moment=LESSON,
    )


def change(store: DecisionStore, number: int, *, after: timedelta) -> AccessRequest:
    return store.requests.change(
        number, by=TEACHER.id, form=OTHER, why="another", at=MACHINE + after, moment=LESSON
    )


def test_a_change_withdraws_the_grant_in_its_own_transaction(store: DecisionStore) -> None:
    number = submitted(store)
    approved(store, number)
    before = store.version()

    changed = change(store, number, after=2 * MINUTE)

    assert () == store.live(LESSON).grants
    assert before + 1 == store.version()
    assert changed == store.requests.find(number)
    assert [form()] == [each.form for each in changed.earlier]
    (entry,) = store.audit.recent(limit=1)
    assert (AuditAction.REQUEST_CHANGED, {"version": 2}) == (entry.action, dict(entry.details))


def test_both_grants_of_a_changed_request_are_in_the_past_when_they_held(
    store: DecisionStore, tmp_path: Path
) -> None:
    number = submitted(store)
    approved(store, number)
    change(store, number, after=2 * MINUTE)
    approved(store, number, after=3 * MINUTE)

    shift = LESSON - MACHINE
    past = read_past(tmp_path / "decisions.db", LESSON, LESSON + 9 * MINUTE, shift=shift)

    assert [
        ("grant-1", LESSON + MINUTE, LESSON + 2 * MINUTE),
        ("grant-1-2", LESSON + 3 * MINUTE, form().ends_at),
    ] == [(each.id, each.starts_at, each.ends_at) for each in past.grants]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE request_forms SET form = '{}'",
        "INSERT OR REPLACE INTO request_forms SELECT * FROM request_forms",
        "UPDATE request_questions SET question = 'x'",
        "UPDATE request_questions SET answer = 'x', answered_at = '2026-11-20 10:00:00'",
        "UPDATE request_reviews SET how_it_went = 'x'",
        "UPDATE delegations SET ends_at = '2030-01-01 00:00:00'",
        "UPDATE grants SET version = 9",
        "UPDATE request_steps SET reasons = 'x'",
    ],
)
def test_what_was_said_and_signed_cannot_be_changed(store: DecisionStore, statement: str) -> None:
    number = submitted(store)
    talk = store.request_talk
    talk.ask(number, by=LEAD.id, question="Why?", at=MACHINE, moment=LESSON)
    talk.answer(number, by=TEACHER.id, text="So", at=MACHINE, moment=LESSON)
    change(store, number, after=MINUTE)
    approved(store, number)
    over = form().ends_at
    talk.tell(number, by=TEACHER.id, how_it_went="well", at=MACHINE, moment=over)
    delegation = DelegationForm(LEAD.id, LESSON, LESSON + timedelta(days=2), "away")
    day = date(2026, 11, 20)
    sign(store, DelegationToSign(HEAD.id, delegation, day, LONDON, MACHINE, LESSON))

    with pytest.raises(StoreError, match=r"never changed|once|only ended"):  # noqa: SIM117 - the transaction ends in it
        with store.database.writing() as session:
            session.execute(text(statement))


def test_every_word_beside_the_decision_has_its_entry(store: DecisionStore) -> None:
    number, talk = submitted(store), store.request_talk
    talk.ask(number, by=LEAD.id, question="Why?", at=MACHINE, moment=LESSON)
    talk.answer(number, by=TEACHER.id, text="So", at=MACHINE, moment=LESSON)
    approved(store, number)
    over = form().ends_at
    talk.tell(number, by=TEACHER.id, how_it_went="well", at=MACHINE, moment=over)
    done = talk.note(number, by=LEAD.id, text="good", at=MACHINE, moment=over)

    assert done == store.requests.find(number)
    assert [
        AuditAction.REQUEST_REVIEWED,
        AuditAction.REQUEST_TOLD,
        AuditAction.REQUEST_APPROVED,
        AuditAction.MEASURES_CONFIRMED,
        AuditAction.QUESTION_ANSWERED,
        AuditAction.QUESTION_ASKED,
    ] == [each.action for each in store.audit.recent(limit=6)]


def test_nobody_can_pile_up_drafts_and_a_long_one_is_cut(store: DecisionStore) -> None:
    drafts = store.request_drafts
    for _ in range(MAX_DRAFTS):
        kept = drafts.save(TEACHER.id, {"reasons": "x" * 100_000, "more": "y"}, at=MACHINE)
    assert {"reasons": "x" * 10_000} == kept.entry

    with pytest.raises(NotAllowed, match="drafts"):
        drafts.save(TEACHER.id, {"reasons": "x"}, at=MACHINE)
    with pytest.raises(UnknownObject):
        drafts.find(kept.id, HEAD.id)


def test_what_was_signed_before_versions_is_the_first_version(tmp_path: Path) -> None:
    """A database as the migration before this one left it, brought to the newest."""
    path = tmp_path / "decisions.db"
    database = Database(open_engine(path))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        for statement in BEFORE.split(";"):
            connection.execute(text(statement))
    database.close()

    with (
        closing(DecisionStore(path, hasher=QuickHasher())) as store,
        store.database.reading() as session,
    ):
        steps = session.execute(
            text("SELECT version, state, signed_digest FROM request_steps ORDER BY id")
        ).all()
        grant = session.execute(text("SELECT id, version, state FROM grants")).one()
        version = session.scalar(text("SELECT version FROM access_requests"))
    assert [(1, "submitted", None), (1, "approved", "abc")] == [tuple(each) for each in steps]
    assert ("grant-1", 1, "live") == tuple(grant)
    assert 1 == version
