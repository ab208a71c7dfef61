"""Signatures under networks and duties go in their time, once nothing stands on them any more."""

from datetime import datetime, timedelta

import pytest
from office import HEAD, MACHINE, NETWORKS, PUPIL, SECOND_HEAD, TEACHER, sign
from sqlalchemy import func, select, text
from to_sign import DOCUMENT, TODAY, duties_to_sign, sign_day

from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty, HeldDuty
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.forgettable import Naming, naming_in
from schoolgate_policyd.store.forgetting import forget_in
from schoolgate_policyd.store.models import PersonRow, SignatureRow, SigningRow
from schoolgate_policyd.store.people_changes import put_duties
from schoolgate_policyd.store.retention import days_of
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.store.signed_networks import NetworkToSign
from schoolgate_policyd.workflow.different_days import DayEntry, DayKind
from schoolgate_policyd.workflow.legal_holds import HoldOn, NewHold
from schoolgate_policyd.workflow.networks import NetworkEntry

USUAL = days_of(KINDS, ())
YEAR = timedelta(days=365)
KEPT = timedelta(days=USUAL["signatures"] + 1)
THEN = MACHINE + YEAR
LATER = THEN + 5 * YEAR
GOVERNOR, LEAD = HeldDuty(Duty.GOVERNOR), HeldDuty(Duty.ONLINE_SAFETY_LEAD)


def duties(store: DecisionStore, *held: HeldDuty, at: datetime, of: str = TEACHER.id) -> None:
    sign(store, duties_to_sign(store, of, *held, at=at), at=at)


def entry(audience: Audience, *, is_known: bool = True) -> NetworkEntry:
    kind = DeviceKind.SCHOOL_COMPUTER if is_known else DeviceKind.UNKNOWN
    return NetworkEntry("Wi-Fi", audience, kind, inspectable=True, reasons="the new block")


def network(store: DecisionStore, audience: Audience, version: int, at: datetime) -> None:
    to_sign = NetworkToSign(HEAD.id, NETWORKS[0], entry(audience), version, DOCUMENT, at)
    sign(store, to_sign, at=at)


def signatures(store: DecisionStore, at: datetime) -> list[int]:
    """Return the numbers of the signatures that are kept once *at* came."""
    store.retention.delete_due(USUAL, at=at)
    with store.database.reading() as session:
        return list(session.scalars(select(SignatureRow.id).order_by(SignatureRow.id)))


def test_a_signature_under_a_network_goes_after_the_one_that_replaced_it(
    store: DecisionStore,
) -> None:
    network(store, Audience.STAFF, 0, MACHINE)
    network(store, Audience.PUPIL, 1, THEN)

    assert [1, 2] == signatures(store, THEN + KEPT - 2 * timedelta(days=1))
    assert [2] == signatures(store, LATER)


def test_the_newest_stays_although_a_change_after_it_needed_none(store: DecisionStore) -> None:
    network(store, Audience.STAFF, 0, MACHINE)
    closed = entry(Audience.STAFF, is_known=False)
    store.networks.change(NETWORKS[0], closed, version=1, by=HEAD.id, at=MACHINE)

    assert [1] == signatures(store, LATER)


def test_a_signature_under_duties_goes_after_the_one_that_replaced_it(
    store: DecisionStore,
) -> None:
    duties(store, GOVERNOR, at=MACHINE)
    duties(store, GOVERNOR, LEAD, at=THEN)

    assert [1, 2] == signatures(store, THEN + KEPT - 2 * timedelta(days=1))
    assert [2] == signatures(store, LATER)


def test_a_signature_goes_after_the_duties_were_taken(store: DecisionStore) -> None:
    duties(store, GOVERNOR, at=MACHINE)
    duties(store, at=THEN)

    assert [1, 2] == signatures(store, THEN + KEPT - 2 * timedelta(days=1))
    assert [] == signatures(store, THEN + KEPT)


def test_it_is_not_deleted_early_where_the_audit_does_not_say_from_whom_duties_were_taken(
    store: DecisionStore,
) -> None:
    duties(store, GOVERNOR, at=MACHINE)
    with store.database.writing() as session:
        put_duties(session, session.get_one(PersonRow, TEACHER.id), (), by=None, at=THEN)
        session.flush()
        session.execute(text("DELETE FROM audit_personal"))

    assert [1] == signatures(store, THEN + KEPT - 2 * timedelta(days=1))
    assert [] == signatures(store, THEN + KEPT)


def test_a_signature_goes_after_whoever_held_the_duties_left(store: DecisionStore) -> None:
    duties(store, GOVERNOR, at=MACHINE)
    version = store.person_records.one(TEACHER.id).version
    store.people_changes.leave(TEACHER.id, THEN, version=version, by=HEAD.id, at=THEN, moment=THEN)
    without = USUAL | {"people-who-left": 6 * 365}

    for at, numbers in ((THEN + KEPT - 2 * timedelta(days=1), [1]), (THEN + KEPT, [])):
        store.retention.delete_due(without, at=at)
        with store.database.reading() as session:
            assert numbers == list(session.scalars(select(SignatureRow.id)))


def test_the_database_keeps_the_newest_signature_under_duties(store: DecisionStore) -> None:
    duties(store, GOVERNOR, at=MACHINE)
    duties(store, LEAD, at=THEN)

    with pytest.raises(StoreError, match="duties need"), store.database.writing() as session:
        session.execute(text("DELETE FROM signatures WHERE id = 2"))
    with store.database.writing() as session:
        session.execute(text("DELETE FROM signatures WHERE id = 1"))


@pytest.mark.parametrize(
    ("hold", "is_kept"),
    [
        (NewHold(HoldOn.PERSON, HEAD.id, "a claim"), True),
        (NewHold(HoldOn.PERSON, TEACHER.id, "a claim"), True),
        (NewHold(HoldOn.KIND, "signatures", "a claim"), True),
        (NewHold(HoldOn.PERSON, PUPIL.id, "a claim"), False),
    ],
)
def test_a_hold_keeps_what_its_signer_or_the_holder_of_the_duties_is_named_in(
    store: DecisionStore, hold: NewHold, is_kept: bool
) -> None:
    duties(store, GOVERNOR, at=MACHINE)
    duties(store, LEAD, at=MACHINE)
    store.legal_holds.place(hold, by=SECOND_HEAD.id, at=MACHINE)

    assert ([1, 2] if is_kept else [2]) == signatures(store, LATER)


def test_a_hold_on_the_network_keeps_it(store: DecisionStore) -> None:
    network(store, Audience.STAFF, 0, MACHINE)
    network(store, Audience.PUPIL, 1, MACHINE)
    hold = NewHold(HoldOn.OBJECT, f"network/{NETWORKS[0].id}", "a claim")
    store.legal_holds.place(hold, by=HEAD.id, at=MACHINE)

    assert [1, 2] == signatures(store, LATER)


def test_whoever_signed_for_networks_and_duties_is_told_that_it_names_them(
    store: DecisionStore,
) -> None:
    network(store, Audience.STAFF, 0, MACHINE)
    duties(store, GOVERNOR, at=MACHINE)
    # That signature goes with its day, which names them.
    sign_day(store, DayEntry(DayKind.CLOSED, TODAY, TODAY, "Snow"))

    with store.database.reading() as session:
        assert Naming("signatures", 2) in naming_in(session, HEAD.id)
        assert "signatures" not in {each.kind for each in naming_in(session, TEACHER.id)}


def test_what_was_begun_to_be_signed_about_somebody_goes_when_they_are_forgotten(
    store: DecisionStore,
) -> None:
    duties(store, GOVERNOR, at=MACHINE)
    duties(store, at=MACHINE)
    duties(store, GOVERNOR, at=MACHINE, of=SECOND_HEAD.id)
    with store.database.writing() as session:
        of_whom = select(SigningRow.object_id).order_by(SigningRow.object_id)
        assert [SECOND_HEAD.id, TEACHER.id, TEACHER.id] == list(session.scalars(of_whom))

        forget_in(session.get_one(PersonRow, TEACHER.id))

        assert [SECOND_HEAD.id] == list(session.scalars(of_whom))
        assert 1 == session.scalar(select(func.count()).select_from(SignatureRow))
