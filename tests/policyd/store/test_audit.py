"""The audit is append-only, and so is what was signed."""

import json
from datetime import timedelta
from typing import Any

import pytest
from office import HEAD, MACHINE, PASSWORD
from sqlalchemy import text
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import MAX_DETAILS, AuditFilter, note
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.models.audit import AuditAction


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET action = 'signed-out' WHERE id = 1",
        "DELETE FROM audit WHERE id = 1",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE id = 1",
        (
            "INSERT INTO audit SELECT id + 1000, at, action, object_kind, commitment, leaf_hash"
            " FROM audit WHERE id = 1"
        ),
        "UPDATE audit_personal SET actor_id = 'nobody' WHERE id = 1",
        "INSERT OR REPLACE INTO audit_personal SELECT * FROM audit_personal WHERE id = 1",
        (
            "INSERT INTO audit_personal SELECT 1, salt, actor_id, object_id, details"
            " FROM audit_personal WHERE id = 2"
        ),
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(
    store: DecisionStore, statement: str
) -> None:
    before = store.audit.recent(limit=500)

    with pytest.raises(StoreError, match="append-only"), store.database.writing() as session:
        session.execute(text(statement))
    assert before == store.audit.recent(limit=500)


def test_a_personal_part_that_was_deleted_does_not_come_back(store: DecisionStore) -> None:
    with store.database.writing() as session:
        session.execute(text("DELETE FROM audit_personal WHERE id = 1"))

    with pytest.raises(StoreError, match="append-only"), store.database.writing() as session:
        session.execute(
            text(
                "INSERT INTO audit_personal SELECT 1, salt, actor_id, object_id, details"
                " FROM audit_personal WHERE id = 2"
            )
        )
    first = store.audit.recent(limit=500)[-1]
    assert (1, None, "", {}, False) == (
        first.id,
        first.actor,
        first.object_id,
        first.details,
        first.is_whole,
    )


def test_an_entry_that_is_undone_leaves_no_gap(store: DecisionStore) -> None:
    before = store.audit.recent(limit=1)[0].id
    with store.database.writing() as session:
        _note(session)
        session.rollback()

    with store.database.writing() as session:
        _note(session)
        _note(session)

    assert [before + 2, before + 1] == [each.id for each in store.audit.recent(limit=2)]


def test_entries_are_found_by_person_action_object_and_time(store: DecisionStore) -> None:
    later = MACHINE + timedelta(hours=1)
    with store.database.writing() as session:
        _note(session, actor="swift", on=("request", 7), at=later)
        _note(session, actor="wren", on=("person", "swift"), at=later)
        _note(session, actor="wren", on=("request", 70), at=later)

    def found(**wanted: Any) -> list[str]:  # noqa: ANN401 - as the filter has it
        entries = store.audit.search(AuditFilter(since=later, **wanted))
        return [f"{each.actor} {each.object_kind} {each.object_id}" for each in entries]

    assert ["wren person swift", "swift request 7"] == found(person="swift")
    assert ["swift request 7"] == found(object_kind="request", object_id="7")
    assert [] == found(until=later)
    assert 3 == len(found(action=AuditAction.PERSON_LOOKED_AT))
    assert [] == found(action=AuditAction.SIGNED_IN)


def test_an_entry_says_no_more_than_fits_a_line_of_the_log(store: DecisionStore) -> None:
    with pytest.raises(ValueError, match="octets"), store.database.writing() as session:
        _note(session, details={"why": "x" * MAX_DETAILS})


def _note(session: Session, **given: Any) -> None:  # noqa: ANN401 - as note has it
    entry = {"at": MACHINE, "actor": "swift", "on": ("person", "acorn"), **given}
    note(session, AuditAction.PERSON_LOOKED_AT, **entry)


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
