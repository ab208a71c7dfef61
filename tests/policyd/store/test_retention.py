"""What has been kept long enough is deleted, but for legal holds, and nothing of it stays."""

from datetime import timedelta
from pathlib import Path

import pytest
from office import CHAIR, DSL, HEAD, LEAD, LESSON, MACHINE, PUPIL, TEACHER, form
from sqlalchemy import select, text

from schoolgate_policyd.ledger.notes import Signer
from schoolgate_policyd.ledger.verifying import verify
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError, UnknownObject
from schoolgate_policyd.store.log_export import exported_log
from schoolgate_policyd.store.models import PersonRow, SessionRow, SignInAttemptRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.retention import days_of
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.forms import ReviewForm
from schoolgate_policyd.workflow.legal_holds import HoldOn, NewHold

SIGNER = Signer.made("school.example/audit")
USUAL = days_of(KINDS, ())
YEARS_LATER = MACHINE + timedelta(days=11 * 365)
RARE = "Zephyrine Quaverley-Umbershoot"


def octets_of(store: DecisionStore) -> bytes:
    """Return every octet that is on the disk of the database."""
    place = store.database.engine.url.database
    assert place is not None
    folder = Path(place).parent
    return b"".join(each.read_bytes() for each in folder.glob(f"{Path(place).name}*"))


def noted(store: DecisionStore, actor: str, times: int = 1, **details: object) -> None:
    with store.database.writing() as session:
        for number in range(times):
            note(
                session,
                AuditAction.PERSON_LOOKED_AT,
                at=MACHINE,
                actor=actor,
                on=("person", f"{actor}-{number}"),
                details=details,
            )


def test_what_is_deleted_is_in_no_octet_of_the_files_and_the_ledger_verifies(
    store: DecisionStore,
) -> None:
    """Many rows, so that pages are split and rearranged: `secure_delete` alone leaves copies."""
    noted(store, "zephyrine", times=300, why=RARE)
    store.checkpoints.make(SIGNER, at=MACHINE)
    assert RARE.encode() in octets_of(store)

    counts = store.retention.delete_due(USUAL, at=YEARS_LATER)

    assert counts["audit-names"] >= 300
    left = octets_of(store)
    assert RARE.encode() not in left
    assert b"zephyrine" not in left
    store.checkpoints.make(SIGNER, at=YEARS_LATER)
    verdict = verify(exported_log(store.database, SIGNER.verifier.name), SIGNER.verifier)
    assert (True, counts["audit-names"]) == (verdict.is_intact, verdict.deleted)


def test_a_deletion_is_counted_in_the_audit_and_happens_once_a_day(store: DecisionStore) -> None:
    counts = store.retention.delete_due(USUAL, at=YEARS_LATER)
    again = store.retention.delete_due(USUAL, at=YEARS_LATER + timedelta(hours=1))

    assert counts
    assert {} == again
    told = {
        each.object_id: each.details["count"]
        for each in store.audit.recent(limit=20)
        if each.action is AuditAction.RECORDS_DELETED
    }
    assert counts == told
    run = store.retention.runs()[0]
    assert (counts, YEARS_LATER) == (run.counts, run.erased_at)


def test_nothing_is_deleted_before_its_time(store: DecisionStore) -> None:
    before = store.audit.recent(limit=500)

    assert {} == store.retention.delete_due(USUAL, at=MACHINE + timedelta(days=1))
    assert before == store.audit.recent(limit=500)


def test_while_somebody_reads_the_erasure_is_owed_and_done_later(store: DecisionStore) -> None:
    noted(store, "zephyrine", times=3)
    with store.database.engine.connect() as reader:
        reader.exec_driver_sql("PRAGMA busy_timeout=100")
        reader.exec_driver_sql("SELECT count(*) FROM audit_personal").scalar()
        with store.database.writing() as session:
            session.execute(text("DELETE FROM sign_in_attempts"))
        _quick_to_give_up(store)
        store.retention.delete_due(USUAL, at=YEARS_LATER)
        assert store.retention.runs()[0].erased_at is None

    assert store.retention.erase_due(at=YEARS_LATER + timedelta(hours=1))
    assert YEARS_LATER + timedelta(hours=1) == store.retention.runs()[0].erased_at
    assert b"zephyrine" not in octets_of(store)


def _quick_to_give_up(store: DecisionStore) -> None:
    with store.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=100")


@pytest.mark.parametrize(
    ("hold", "is_kept"),
    [
        (NewHold(HoldOn.PERSON, TEACHER.id, "a claim"), True),
        (NewHold(HoldOn.PERSON, LEAD.id, "a claim"), True),
        (NewHold(HoldOn.OBJECT, "request/1", "a claim"), True),
        (NewHold(HoldOn.KIND, "requests", "a claim"), True),
        (NewHold(HoldOn.PERSON, PUPIL.id, "a claim"), False),
        (NewHold(HoldOn.OBJECT, "request/2", "a claim"), False),
        (NewHold(HoldOn.OBJECT, "device/tablet", "a claim"), False),
        (NewHold(HoldOn.KIND, "sessions", "a claim"), False),
    ],
)
def test_what_is_under_a_legal_hold_stays_until_it_is_lifted(
    store: DecisionStore, hold: NewHold, is_kept: bool
) -> None:
    asked = store.requests.submit(TEACHER.id, form(), at=MACHINE, moment=LESSON)
    answer = ReviewForm(are_in_place=True, why="seen")
    store.requests.review(asked.id, by=LEAD.id, answer=answer, at=MACHINE, moment=LESSON)
    other = store.requests.submit(TEACHER.id, form(), at=MACHINE, moment=LESSON)
    for each in (asked.id, other.id):
        store.requests.withdraw(each, by=TEACHER.id, why="no", at=MACHINE, moment=LESSON)
    placed = store.legal_holds.place(hold, by=HEAD.id, at=MACHINE)

    store.retention.delete_due(USUAL, at=YEARS_LATER)

    assert is_kept == (asked.id in {each.id for each in store.requests.every()})
    store.legal_holds.lift(placed.id, why="settled", by=DSL.id, at=YEARS_LATER)
    store.retention.delete_due(USUAL, at=YEARS_LATER)
    assert () == store.requests.every()


def test_a_held_persons_entries_keep_their_personal_parts(store: DecisionStore) -> None:
    store.legal_holds.place(NewHold(HoldOn.PERSON, PUPIL.id, "a claim"), by=HEAD.id, at=MACHINE)

    store.retention.delete_due(USUAL, at=YEARS_LATER)

    whole = {
        (each.object_kind, each.object_id)
        for each in store.audit.recent(limit=500)
        if each.is_whole and each.at == MACHINE
    }
    assert {("person", PUPIL.id)} == whole


def test_a_request_that_nobody_decided_lapses_and_goes_in_its_time(store: DecisionStore) -> None:
    asked = store.requests.submit(TEACHER.id, form(), at=MACHINE, moment=LESSON)

    store.retention.delete_due(USUAL, at=MACHINE + timedelta(days=365))
    assert [asked.id] == [each.id for each in store.requests.every()]

    store.retention.delete_due(USUAL, at=YEARS_LATER)
    assert () == store.requests.every()


def test_sign_in_records_are_deleted_but_those_of_now(store: DecisionStore) -> None:
    month = timedelta(days=40)
    for at in (MACHINE, MACHINE + month):
        with store.database.writing() as session:
            session.add(
                SessionRow(
                    token_hash=f"{at}",
                    person_id=TEACHER.id,
                    created_at=at,
                    last_seen_at=at,
                    expires_at=at,
                )
            )
            session.add(SignInAttemptRow(at=at, account_hash="a", address="::1"))

    store.retention.delete_due(USUAL, at=MACHINE + month)

    with store.database.reading() as session:
        assert [MACHINE + month] == list(session.scalars(select(SessionRow.created_at)))
        assert [MACHINE + month] == list(session.scalars(select(SignInAttemptRow.at)))


def test_somebody_who_left_is_forgotten_and_what_they_signed_stays(store: DecisionStore) -> None:
    with store.database.writing() as session:
        session.execute(text("UPDATE people SET name = :name WHERE id = 'heron'"), {"name": RARE})
    with pytest.raises(WrongState, match="left"):
        store.retention.forget(TEACHER.id, by=HEAD.id, at=MACHINE)
    with store.database.writing() as session:
        row = session.get(PersonRow, TEACHER.id)
        assert row is not None
        row.has_left, row.leaves_at = True, MACHINE

    store.retention.forget(TEACHER.id, by=HEAD.id, at=MACHINE)

    assert RARE.encode() not in octets_of(store)
    with store.database.reading() as session:
        row = session.get(PersonRow, TEACHER.id)
        assert row is not None
        assert ("Somebody who left", None) == (row.name, row.username)


def test_names_of_people_who_left_go_when_their_time_is_over(store: DecisionStore) -> None:
    with store.database.writing() as session:
        row = session.get(PersonRow, TEACHER.id)
        assert row is not None
        row.name, row.has_left, row.leaves_at = RARE, True, MACHINE

    assert 1 == store.retention.delete_due(USUAL, at=YEARS_LATER)["people-who-left"]
    assert "people-who-left" not in store.retention.delete_due(USUAL, at=YEARS_LATER)
    assert RARE.encode() not in octets_of(store)


@pytest.mark.parametrize("by", [TEACHER.id, PUPIL.id, "vole"])
def test_only_head_dsl_and_chair_place_holds(store: DecisionStore, by: str) -> None:
    with pytest.raises((NotAllowed, UnknownObject)):
        store.legal_holds.place(NewHold(HoldOn.KIND, "events", "why"), by=by, at=MACHINE)


def test_nobody_places_or_lifts_a_hold_about_themselves(store: DecisionStore) -> None:
    about_head = NewHold(HoldOn.PERSON, HEAD.id, "a complaint")
    with pytest.raises(NotAllowed, match="themselves"):
        store.legal_holds.place(about_head, by=HEAD.id, at=MACHINE)

    placed = store.legal_holds.place(about_head, by=CHAIR.id, at=MACHINE)
    with pytest.raises(NotAllowed, match="themselves"):
        store.legal_holds.lift(placed.id, why="never mind", by=HEAD.id, at=MACHINE)


def test_a_hold_is_lifted_once_and_both_are_in_the_audit(store: DecisionStore) -> None:
    placed = store.legal_holds.place(
        NewHold(HoldOn.KIND, "events", "a claim"), by=HEAD.id, at=MACHINE
    )
    lifted = store.legal_holds.lift(placed.id, why="settled", by=CHAIR.id, at=MACHINE)

    assert not lifted.is_in_force
    with pytest.raises(WrongState):
        store.legal_holds.lift(placed.id, why="again", by=CHAIR.id, at=MACHINE)
    newest = store.audit.recent(object_kind="legal-hold", object_id=str(placed.id))
    assert [AuditAction.LEGAL_HOLD_LIFTED, AuditAction.LEGAL_HOLD_PLACED] == [
        each.action for each in newest
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM legal_holds",
        "UPDATE legal_holds SET reason = 'another'",
        "UPDATE legal_holds SET lifted_at = NULL, lifted_by = NULL, lifted_why = NULL",
    ],
)
def test_the_database_keeps_legal_holds(store: DecisionStore, statement: str) -> None:
    new = NewHold(HoldOn.KIND, "events", "a claim")
    placed = store.legal_holds.place(new, by=HEAD.id, at=MACHINE)
    store.legal_holds.lift(placed.id, why="settled", by=HEAD.id, at=MACHINE)

    with pytest.raises(StoreError, match="legal hold"), store.database.writing() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("hold", "error"),
    [
        (NewHold(HoldOn.PERSON, "nobody", "why"), UnknownObject),
        (NewHold(HoldOn.KIND, "nothing", "why"), UnknownObject),
    ],
)
def test_a_hold_is_on_what_is_there(
    store: DecisionStore, hold: NewHold, error: type[Exception]
) -> None:
    with pytest.raises(error):
        store.legal_holds.place(hold, by=HEAD.id, at=MACHINE)
