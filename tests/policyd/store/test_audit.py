"""The audit is append-only, and so is what was signed."""

import json

import pytest
from office import HEAD, MACHINE, PASSWORD
from sqlalchemy import text

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.models.audit import AuditAction


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor_id = 'nobody' WHERE id = 1",
        "DELETE FROM audit WHERE id = 1",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE id = 1",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(
    store: DecisionStore, statement: str
) -> None:
    before = store.audit.recent(limit=500)

    with pytest.raises(StoreError, match="append-only"), store.database.writing() as session:
        session.execute(text(statement))
    assert before == store.audit.recent(limit=500)


def test_entries_come_newest_first_and_by_what_they_are_about(store: DecisionStore) -> None:
    store.credentials.set_password(HEAD.id, "another password", at=MACHINE, by="vole")

    newest = store.audit.recent(limit=1)[0]
    assert (AuditAction.PASSWORD_SET, "vole", "person", HEAD.id) == (
        newest.action,
        newest.actor,
        newest.object_kind,
        newest.object_id,
    )
    older = store.audit.recent(limit=2, before=newest.id)
    assert [newest.id - 1, newest.id - 2] == [each.id for each in older]
    about_head = store.audit.recent(object_kind="person", object_id=HEAD.id)
    assert {HEAD.id} == {each.object_id for each in about_head}


def test_no_entry_holds_a_password_or_its_hash(store: DecisionStore) -> None:
    everything = json.dumps([dict(each.details) for each in store.audit.recent(limit=500)])

    assert PASSWORD not in everything
    assert "quick:" not in everything
