"""The school's register: who may change which line, and what leaving ends at once."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from office import (
    DSL,
    HEAD,
    LESSON,
    MACHINE,
    NETWORKS,
    PASSWORD,
    PUPIL,
    SECOND_HEAD,
    TEACHER,
    QuickHasher,
    fill,
    form,
    sign,
)
from sqlalchemy import text, update
from to_sign import DOCUMENT, sign_day, sign_duties, sign_network

from schoolgate_policyd.core.subjects import Audience, Device, DeviceKind, Duty, HeldDuty
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.forgetting import forget_in
from schoolgate_policyd.store.models import PersonRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import NewPerson, SignedIn
from schoolgate_policyd.store.signed_networks import NetworkToSign
from schoolgate_policyd.workflow.different_days import DayEntry, DayKind
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, Stale, WrongState
from schoolgate_policyd.workflow.networks import NetworkEntry
from schoolgate_policyd.workflow.people_table import read_table
from schoolgate_policyd.workflow.register_people import PersonEntry
from schoolgate_policyd.workflow.signing import MAX_SIGNED_TEXT, SignedKind

TECHNICIAN = "tern"
TODAY = LESSON.date()
AT = {"at": MACHINE}
NOW = {"at": MACHINE, "moment": LESSON}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office's people with a technician, made once: each test has a copy of its own."""
    path = tmp_path_factory.mktemp("office") / "decisions.db"
    duty = (HeldDuty(Duty.TECHNICIAN),)
    with closing(DecisionStore(path, hasher=QuickHasher())) as made:
        fill(made)
        made.people.add(
            NewPerson(TECHNICIAN, "Tam Pintail", Audience.STAFF, "tam", duty), at=MACHINE, by=None
        )
        made.credentials.set_password(TECHNICIAN, PASSWORD, at=MACHINE, by=None)
    return path


@pytest.fixture
def store(tmp_path: Path, filled: Path) -> Iterator[DecisionStore]:
    copied = shutil.copy(filled, tmp_path / "decisions.db")
    with closing(DecisionStore(copied, hasher=QuickHasher())) as opened:
        yield opened


def version(store: DecisionStore, person: str) -> int:
    return store.person_records.one(person).version


def entry(store: DecisionStore, person: str, **changes: object) -> PersonEntry:
    held = store.person_records.one(person).entry
    values = {field: getattr(held, field) for field in held.__struct_fields__}
    return PersonEntry(**(values | changes))


def change(store: DecisionStore, person: str, by: str, **changes: object) -> None:
    store.people_changes.change(
        person,
        entry(store, person, **changes),
        version=version(store, person),
        by=by,
        **NOW,
    )


def actions(store: DecisionStore, person: str) -> list[AuditAction]:
    found = store.audit.recent(object_kind="person", object_id=person)
    return [each.action for each in found]


def sign_in(store: DecisionStore, username: str) -> SignedIn:
    signed_in = store.credentials.sign_in(username, PASSWORD, address="127.0.2.10", **NOW)
    assert isinstance(signed_in, SignedIn)
    return signed_in


def test_a_change_is_audited_without_the_name_and_seen_by_policyd(store: DecisionStore) -> None:
    before = store.version()

    change(store, PUPIL.id, TECHNICIAN, name="Idris Newname", year_group=5, age=10)

    assert "Idris Newname" == store.people.member(PUPIL.id).name
    assert before < store.version()
    newest = store.audit.recent(object_kind="person", object_id=PUPIL.id)[0]
    assert (TECHNICIAN, AuditAction.PERSON_CHANGED) == (newest.actor, newest.action)
    assert {"name": "changed", "age": "changed", "year_group": [None, 5]} == dict(newest.details)


def test_a_stale_form_changes_nothing(store: DecisionStore) -> None:
    old = version(store, PUPIL.id)
    change(store, PUPIL.id, TECHNICIAN, year_group=5)

    with pytest.raises(Stale):
        store.people_changes.change(
            PUPIL.id, entry(store, PUPIL.id, year_group=6), version=old, by=TECHNICIAN, **NOW
        )

    assert 5 == store.person_records.one(PUPIL.id).entry.year_group


@pytest.mark.parametrize(
    ("person", "by", "changes"),
    [
        (TECHNICIAN, TECHNICIAN, {"name": "Tam"}),
        (HEAD.id, HEAD.id, {"name": "Ngozi"}),
        (HEAD.id, TECHNICIAN, {"audience": Audience.VISITOR}),
        (DSL.id, TECHNICIAN, {"username": "other"}),
        (PUPIL.id, TEACHER.id, {"year_group": 6}),
        (PUPIL.id, DSL.id, {"year_group": 6}),
    ],
)
def test_a_line_is_changed_by_those_who_may_alone(
    store: DecisionStore, person: str, by: str, changes: dict[str, object]
) -> None:
    held = store.person_records.one(person)

    with pytest.raises(NotAllowed):
        change(store, person, by, **changes)

    assert held == store.person_records.one(person)


def give(store: DecisionStore, person: str, by: str, *duties: Duty) -> None:
    held = tuple(HeldDuty(each) for each in duties)
    sign_duties(store, person, *held, by=by)


def test_a_duty_is_given_by_the_head_and_both_ways_are_audited(store: DecisionStore) -> None:
    give(store, TEACHER.id, HEAD.id, Duty.ACCOUNT_OPERATOR)
    give(store, TEACHER.id, HEAD.id)

    assert [AuditAction.DUTY_TAKEN, AuditAction.DUTY_GIVEN] == actions(store, TEACHER.id)[:2]
    assert frozenset() == store.people.member(TEACHER.id).duties
    for entry in store.audit.recent(object_id=TEACHER.id)[:2]:
        assert "they know how" == entry.details["reasons"]
    taken, given = reversed(store.signings.of(SignedKind.DUTY, TEACHER.id))
    assert "Given: account operator, on every platform" in given.document.text
    assert "Taken away: account operator" in taken.document.text


def test_what_was_signed_about_duties_goes_when_their_holder_is_forgotten(
    store: DecisionStore,
) -> None:
    give(store, TEACHER.id, HEAD.id, Duty.ACCOUNT_OPERATOR)
    leave(store, TEACHER.id, HEAD.id)
    assert 1 == len(store.signings.of(SignedKind.DUTY, TEACHER.id))

    with store.database.writing() as session:
        forget_in(session.get_one(PersonRow, TEACHER.id))

    assert () == store.signings.of(SignedKind.DUTY, TEACHER.id)


def test_the_same_duties_are_not_signed_again(store: DecisionStore) -> None:
    give(store, TEACHER.id, HEAD.id, Duty.ACCOUNT_OPERATOR)

    with pytest.raises(InvalidForm, match="already"):
        give(store, TEACHER.id, HEAD.id, Duty.ACCOUNT_OPERATOR)


@pytest.mark.parametrize(
    ("person", "by"), [(TEACHER.id, TECHNICIAN), (HEAD.id, HEAD.id), (PUPIL.id, HEAD.id)]
)
def test_nobody_gives_a_duty_who_may_not(store: DecisionStore, person: str, by: str) -> None:
    held = store.people.member(person).duties
    with pytest.raises(NotAllowed):
        give(store, person, by, Duty.HEAD, Duty.TECHNICIAN)

    assert held == store.people.member(person).duties


def test_the_last_technician_stays_until_another_can_sign_in(store: DecisionStore) -> None:
    with pytest.raises(NotAllowed, match="only ICT technician"):
        give(store, TECHNICIAN, HEAD.id)
    with pytest.raises(NotAllowed, match="only ICT technician"):
        leave(store, TECHNICIAN, HEAD.id)
    assert {Duty.TECHNICIAN} == store.people.member(TECHNICIAN).duties

    give(store, TEACHER.id, HEAD.id, Duty.TECHNICIAN)
    give(store, TECHNICIAN, HEAD.id)

    assert frozenset() == store.people.member(TECHNICIAN).duties


def test_the_last_head_who_can_sign_in_stays(store: DecisionStore) -> None:
    leave(store, SECOND_HEAD.id, HEAD.id)

    with pytest.raises(NotAllowed, match="only headteacher"):
        leave(store, HEAD.id, "badger")


def leave(store: DecisionStore, person: str, by: str, after: timedelta = timedelta()) -> None:
    store.people_changes.leave(
        person, LESSON + after, version=version(store, person), by=by, **NOW
    )


def test_who_leaves_loses_everything_at_once(store: DecisionStore) -> None:
    give(store, TEACHER.id, HEAD.id, Duty.ACCOUNT_OPERATOR)
    token = sign_in(store, "teacher").token
    asked = store.requests.submit(TEACHER.id, form(), **NOW)

    leave(store, TEACHER.id, HEAD.id)

    assert store.sessions.resume(token, **NOW) is None
    assert TEACHER.id not in {each.id for each in store.people.members()}
    assert TEACHER.id not in {each.id for each in store.register(NETWORKS).people}
    phone = next(each for each in store.people.devices() if each.id == "teacher-phone")
    assert phone.owner is None
    assert "withdrawn" == store.requests.find(asked.id).state
    assert "Amara Quillfeather" == store.people.names()[TEACHER.id]
    found = actions(store, TEACHER.id)
    assert {AuditAction.PERSON_LEFT, AuditAction.DUTY_TAKEN} <= set(found)
    with pytest.raises(Exception, match="no person"):
        store.people_changes.change(
            TEACHER.id, PersonEntry("X", Audience.STAFF), version=1, by=HEAD.id, **NOW
        )


def test_a_planned_leaving_takes_effect_by_itself(store: DecisionStore) -> None:
    leave(store, TEACHER.id, TECHNICIAN, after=timedelta(days=2))
    assert not store.person_records.one(TEACHER.id).has_left

    assert 0 == store.end_overdue(LESSON + timedelta(days=1), at=MACHINE)
    assert 1 == store.end_overdue(LESSON + timedelta(days=2), at=MACHINE)

    assert store.person_records.one(TEACHER.id).has_left


def test_who_is_back_has_a_line_and_nothing_else(store: DecisionStore) -> None:
    leave(store, TEACHER.id, TECHNICIAN)
    store.people_changes.come_back(
        TEACHER.id, version=version(store, TEACHER.id), by=TECHNICIAN, **AT
    )

    back = store.person_records.one(TEACHER.id)
    assert (False, None, False) == (back.has_left, back.entry.username, back.has_account)


TABLE = "id,name,year,class\nacorn,Idris Pebblethwaite,5,5B\nsorrel,Mo Sorrel,R,5B\n"


def test_a_table_is_taken_up_as_it_was_shown(store: DecisionStore) -> None:
    people = read_table(TABLE)
    plan = store.people_import.plan(people)
    assert (("5B",), 1, 1) == (
        tuple(each.id for each in plan.classes),
        len(plan.added),
        len(plan.changed),
    )

    store.people_import.take_up(people, shown=plan.digest, by=TECHNICIAN, **NOW)

    assert 5 == store.person_records.one("acorn").entry.year_group
    assert frozenset({"5B"}) == store.people.member("sorrel").classes
    again = store.people_import.plan(people)
    assert (0, 0, 2) == (len(again.added), len(again.changed), again.unchanged)


def test_a_table_that_was_shown_before_a_change_is_shown_again(store: DecisionStore) -> None:
    people = read_table(TABLE)
    shown = store.people_import.plan(people).digest
    change(store, "acorn", TECHNICIAN, year_group=3)

    with pytest.raises(Stale):
        store.people_import.take_up(people, shown=shown, by=TECHNICIAN, **NOW)

    assert "sorrel" not in store.people.names()


def test_a_technician_cannot_rename_themselves_by_a_table(store: DecisionStore) -> None:
    people = read_table("id,name,audience\ntern,Head Teacher,staff\nnew-1,Nia New,staff\n")
    shown = store.people_import.plan(people).digest

    with pytest.raises(NotAllowed):
        store.people_import.take_up(people, shown=shown, by=TECHNICIAN, **NOW)

    assert "new-1" not in store.people.names()


@pytest.mark.parametrize("audience", ["staff", "visitor"])
def test_who_counts_as_more_than_a_pupil_from_now_on_is_the_heads(
    store: DecisionStore, audience: str
) -> None:
    table = read_table(f"id,name,audience\nacorn,Idris Pebblethwaite,{audience}\n")
    shown = store.people_import.plan(table).digest
    more = Audience(audience)

    with pytest.raises(NotAllowed, match="only the headteacher"):
        store.people_import.take_up(table, shown=shown, by=TECHNICIAN, **NOW)
    with pytest.raises(NotAllowed, match="only the headteacher"):
        change(store, "acorn", TECHNICIAN, audience=more, year_group=None)
    assert Audience.PUPIL is store.person_records.one("acorn").entry.audience

    change(store, "acorn", HEAD.id, audience=more, year_group=None)
    assert more is store.person_records.one("acorn").entry.audience
    change(store, "acorn", TECHNICIAN, audience=Audience.PUPIL)
    assert Audience.PUPIL is store.person_records.one("acorn").entry.audience


def test_everybody_moves_up_and_the_last_year_leaves(store: DecisionStore) -> None:
    change(store, "acorn", TECHNICIAN, year_group=5)
    store.people.add(
        NewPerson("oak", "Olive Oak", Audience.PUPIL, year_group=6), at=MACHINE, by=None
    )
    moves = store.people_import.year_moves("Class 4B > Class 6A", 6)

    store.people_import.move_up(
        "Class 4B > Class 6A",
        6,
        shown=moves.digest,
        leave_at=LESSON + timedelta(days=1),
        by=TECHNICIAN,
        **NOW,
    )

    acorn = store.person_records.one("acorn").entry
    assert (6, frozenset({"6A"})) == (acorn.year_group, acorn.classes)
    assert LESSON + timedelta(days=1) == store.person_records.one("oak").leaves_at


def network_entry(audience: Audience, *, is_known: bool = True) -> NetworkEntry:
    kind = DeviceKind.SCHOOL_COMPUTER if is_known else DeviceKind.UNKNOWN
    return NetworkEntry("Staff Wi-Fi", audience, kind, inspectable=True, reasons="the new block")


def change_network(store: DecisionStore, by: str, entry_: NetworkEntry, held: int = 0) -> None:
    store.networks.change(NETWORKS[0], entry_, version=held, by=by, **AT)


def test_loosening_a_network_is_the_heads_who_signs_it(store: DecisionStore) -> None:
    staff = network_entry(Audience.STAFF)
    for sign_or_change in (change_network, sign_network):
        with pytest.raises(NotAllowed, match="only the headteacher"):
            sign_or_change(store, TECHNICIAN, staff)
    with pytest.raises(NotAllowed, match="signs it"):
        change_network(store, HEAD.id, staff)
    with pytest.raises(InvalidForm, match="not your password"):
        sign_network(store, HEAD.id, staff, password="wrong")
    assert NETWORKS == store.register(NETWORKS).networks

    sign_network(store, HEAD.id, staff)

    changed = store.register(NETWORKS).networks[0]
    assert (Audience.STAFF, "127.0.1.0/24") == (changed.audience, changed.cidr)
    newest = store.audit.recent(object_kind="network")[0]
    assert newest.details["could open"]
    (signature,) = store.signings.of(SignedKind.NETWORK, NETWORKS[0].id)
    assert (signature.digest, 0) == (newest.details["signed"], signature.document.version)


@pytest.mark.parametrize(
    ("id_", "name", "remedy"),
    [
        ("staff wi-fi", "Staff Wi-Fi", "Give it such an id first"),
        ("büro", "Staff Wi-Fi", "Give it such an id first"),
        ("pupils", "W" * MAX_SIGNED_TEXT, "Write less, or change less at once"),
    ],
)
def test_what_cannot_be_signed_is_said_with_its_remedy(
    store: DecisionStore, id_: str, name: str, remedy: str
) -> None:
    configured = msgspec.structs.replace(NETWORKS[0], id=id_)
    entered = msgspec.structs.replace(network_entry(Audience.STAFF), name=name)

    with pytest.raises(WrongState, match=remedy):
        sign(store, NetworkToSign(HEAD.id, configured, entered, 0, DOCUMENT, MACHINE))


def test_a_network_keeps_its_signature_until_it_is_changed_again(store: DecisionStore) -> None:
    sign_network(store, HEAD.id, network_entry(Audience.STAFF))
    for change in ("UPDATE networks SET audience = 'visitor'", "DELETE FROM signatures"):
        with pytest.raises(StoreError, match="signature"), store.database.writing() as session:
            session.execute(text(change))

    change_network(store, TECHNICIAN, network_entry(Audience.STAFF, is_known=False), held=1)

    assert 1 == len(store.signings.of(SignedKind.NETWORK, NETWORKS[0].id))
    assert not signed_for_networks(store)


def test_another_name_leaves_a_network_with_its_signature(store: DecisionStore) -> None:
    sign_network(store, HEAD.id, network_entry(Audience.STAFF))
    (signature,) = store.signings.of(SignedKind.NETWORK, NETWORKS[0].id)
    renamed = msgspec.structs.replace(network_entry(Audience.STAFF), name="Annexe")

    change_network(store, TECHNICIAN, renamed, held=1)

    assert ["Annexe", signature.digest] == signed_for_networks(store)
    with pytest.raises(StoreError, match="signature"), store.database.writing() as session:
        session.execute(text("DELETE FROM signatures"))


def signed_for_networks(store: DecisionStore) -> list[str]:
    with store.database.reading() as session:
        query = "SELECT name, signed_digest FROM networks WHERE signed_digest IS NOT NULL"
        return [word for row in session.execute(text(query)) for word in row]


def test_a_technician_closes_a_network_and_a_stale_change_is_told(store: DecisionStore) -> None:
    change_network(store, TECHNICIAN, network_entry(Audience.PUPIL, is_known=False))

    assert DeviceKind.UNKNOWN is store.register(NETWORKS).networks[0].device
    with pytest.raises(Stale):
        sign_network(store, HEAD.id, network_entry(Audience.STAFF))


SNOW = DayEntry(DayKind.CLOSED, TODAY, TODAY, "Snow")


def test_a_day_is_directed_by_the_head_alone_and_withdrawn(store: DecisionStore) -> None:
    for by, password in ((TECHNICIAN, PASSWORD), (HEAD.id, "wrong")):
        with pytest.raises((NotAllowed, InvalidForm)):
            sign_day(store, SNOW, by=by, password=password)
    assert (0, 0) == store.different_days.state()

    number = sign_day(store, SNOW)
    assert (SNOW,) == store.different_days.entries(TODAY)
    assert () == store.different_days.entries(date(2027, 1, 1))

    store.different_days.withdraw(number, by=HEAD.id, at=MACHINE)
    assert () == store.different_days.entries(TODAY)
    with pytest.raises(WrongState):
        store.different_days.withdraw(number, by=HEAD.id, at=MACHINE)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE different_days SET last = '2026-12-24'",
        "UPDATE different_days SET signed_digest = NULL",
        (
            "INSERT INTO different_days SELECT id + 1, kind, first, last, name, years_first,"
            " years_last, directed_by, at, NULL, NULL, 'x' FROM different_days"
        ),
        "DELETE FROM signatures",
    ],
)
def test_a_day_stays_as_it_was_signed(store: DecisionStore, change: str) -> None:
    sign_day(store, SNOW)

    with pytest.raises(StoreError, match="different"), store.database.writing() as session:
        session.execute(text(change))

    assert (SNOW,) == store.different_days.entries(TODAY)


def test_nobody_changes_their_own_device(store: DecisionStore) -> None:
    with pytest.raises(NotAllowed):
        store.devices.add(
            Device("127.0.2.77", "tams-phone", owner=TECHNICIAN), by=TECHNICIAN, at=MACHINE
        )
    store.devices.add(Device("127.0.2.77", "library-pc"), by=TECHNICIAN, at=MACHINE)
    with pytest.raises(InvalidForm):
        store.devices.add(Device("127.0.2.77", "other"), by=TECHNICIAN, at=MACHINE)

    assert "127.0.2.77" == store.devices.one("library-pc").device.address


def test_a_class_with_members_is_not_removed(store: DecisionStore) -> None:
    with pytest.raises(WrongState):
        store.classes.remove("4B", version=1, by=TECHNICIAN, at=MACHINE)
    store.classes.remove("6A", version=1, by=TECHNICIAN, at=MACHINE)

    assert ["4B"] == [each.id for each in store.classes.every()]


def test_a_search_finds_by_words_class_and_audience_without_patterns(
    store: DecisionStore,
) -> None:
    assert 1 == store.person_records.search("pebble idris")[0]
    assert 0 == store.person_records.search("%")[0]
    assert 1 == store.person_records.search(in_class="4B")[0]
    assert 1 == store.person_records.search(audience=Audience.PUPIL)[0]


def test_a_planned_day_that_came_holds_whoever_is_left(store: DecisionStore) -> None:
    with store.database.writing() as session:
        session.execute(
            update(PersonRow).where(PersonRow.id == TEACHER.id).values(leaves_at=LESSON)
        )
    store.end_overdue(LESSON, at=MACHINE)

    assert store.person_records.one(TEACHER.id).has_left
