"""No column that names a person is forgotten where it is counted who is named."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from office import DSL, HEAD, MACHINE, PUPIL, TEACHER
from paper_stages import Make, assignment, block, supervised
from sqlalchemy import Column, String

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.forgettable import Naming, naming_in
from schoolgate_policyd.store.forgetting import forget_in
from schoolgate_policyd.store.models import Base, PersonRow
from schoolgate_policyd.store.named_people import ELSEWHERE, NAMED_IN
from schoolgate_policyd.store.retention_kinds import FOR_GOOD, KINDS
from schoolgate_policyd.store.retention_rows import Sweep
from schoolgate_policyd.workflow.legal_holds import Held, HoldOn, NewHold

LATER = MACHINE + timedelta(days=4 * 365)
DELETES = {each.name: each.delete for each in KINDS if each.delete is not None}
# Text that ends like the name of somebody and is not.
NOBODY = {
    "audit_personal.object_id",
    "signatures.object_id",
    "signings.object_id",
    "incidents.device_id",
    "device_assignments.device_id",
    "device_classes.class_id",
    "device_classes.device_id",
    "class_members.class_id",
    "grants.class_id",
    "access_requests.class_id",
    "outbox.message_id",
}


def refers_to_people(column: Column[object]) -> bool:
    return any(each.target_fullname == "people.id" for each in column.foreign_keys)


def could_name_somebody(column: Column[object]) -> bool:
    is_like_it = column.name.endswith(("_id", "_by")) and isinstance(column.type, String)
    return refers_to_people(column) or is_like_it


def columns() -> Iterator[str]:
    for table in Base.metadata.tables.values():
        for column in table.columns:
            if could_name_somebody(column):
                yield f"{table.name}.{column.name}"


COUNTED = {
    f"{each.class_.__tablename__}.{each.key}"
    for places in NAMED_IN.values()
    for _, people in places
    for each in people
}


def test_every_column_that_names_somebody_is_counted_or_says_why_not() -> None:
    assert set(columns()) - NOBODY == COUNTED | set(ELSEWHERE)
    assert set() == COUNTED & set(ELSEWHERE)


def test_every_kind_that_names_somebody_is_one_that_the_page_knows() -> None:
    known = {each.name for each in (*KINDS, *FOR_GOOD)}

    assert set() == set(NAMED_IN) - known


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (supervised(ended_at=MACHINE, ended_by=TEACHER.id), "supervised-sessions"),
        (assignment(ended_at=MACHINE, ended_by=TEACHER.id), "assignments"),
        (block(lifted_at=MACHINE, lifted_by=TEACHER.id, lift_reason="so"), "blocks"),
    ],
)
def test_whoever_ended_something_is_named_and_a_hold_on_them_keeps_it(
    store: DecisionStore, make: Make, kind: str
) -> None:
    make(store)

    with store.database.writing() as session:
        assert Naming(kind, 1) in naming_in(session, TEACHER.id)
        assert 0 == DELETES[kind](session, Sweep(LATER, Held(people=frozenset({TEACHER.id}))))
        assert 1 == DELETES[kind](session, Sweep(LATER, Held(people=frozenset({DSL.id}))))


def test_whoever_placed_a_hold_is_named_by_it_for_good(store: DecisionStore) -> None:
    store.legal_holds.place(NewHold(HoldOn.KIND, "events", "a claim"), by=DSL.id, at=MACHINE)

    with store.database.reading() as session:
        assert Naming("legal-holds", 1) in naming_in(session, DSL.id)


def test_who_planned_that_somebody_leaves_goes_with_their_name(store: DecisionStore) -> None:
    with store.database.writing() as session:
        row = session.get_one(PersonRow, PUPIL.id)
        row.leaves_by = HEAD.id
        session.flush()
        assert Naming("people-who-left", 1) in naming_in(session, HEAD.id)

        forget_in(row)

        assert row.leaves_by is None
