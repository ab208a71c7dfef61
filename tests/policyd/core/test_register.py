"""Who asks from which address."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
import strategies as worlds

from schoolgate_policyd.core.policy import Live, Register
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import (
    UNKNOWN_SUBJECT,
    Audience,
    Device,
    DeviceClaim,
    DeviceKind,
    Duty,
    HeldDuty,
    Network,
    Person,
    subject_from,
)

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TEACHER = Person(
    id="teacher", audience=Audience.STAFF, duties=(HeldDuty(Duty.DSL),), classes=frozenset({"4B"})
)
PUPIL = Person(id="pupil", audience=Audience.PUPIL, classes=frozenset({"4B"}), year_group=4, age=8)
NETWORKS = (
    Network("school", "127.0.0.0/16", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, True),
    Network("own", "127.0.2.0/24", Audience.STAFF, DeviceKind.OWN_DEVICE, True),
    Network("six", "2001:db8::/64", Audience.VISITOR, DeviceKind.OWN_DEVICE, False),
)
DEVICES = (
    Device(address="127.0.2.10", id="phone", owner="teacher"),
    Device(address="127.0.2.11", id="shared", is_shared=True),
    Device(
        address="127.0.1.10",
        id="laptop",
        owner="pupil",
        groups=frozenset({"trolley"}),
        inspectable=False,
    ),
    Device(
        address="127.0.1.11", id="tablet", classes=frozenset({"5A"}), kind=DeviceKind.SCHOOL_MOBILE
    ),
    Device(address="127.0.1.12", id="lost", owner="nobody"),
    Device(address="127.0.2.12", id="lent", kind=DeviceKind.SCHOOL_MOBILE),
    Device(address="127.0.2.13", id="known"),
)


def school(*claims: DeviceClaim) -> Snapshot:
    source = msgspec.structs.replace(
        worlds.source_of(()),
        register=Register(people=(TEACHER, PUPIL), networks=NETWORKS, devices=DEVICES),
        live=Live(claims=claims),
    )
    return compile_snapshot(source)


def test_a_registered_device_asks_for_its_owner() -> None:
    subject = school().subject_at("127.0.2.10", NOW)

    assert ("teacher", Audience.STAFF) == (subject.person, subject.audience)
    assert (DeviceKind.OWN_DEVICE, "own", "phone") == (
        subject.device,
        subject.network,
        subject.device_id,
    )
    assert (HeldDuty(Duty.DSL),) == subject.duties
    assert frozenset({"4B"}) == subject.classes
    assert subject.inspectable


def test_the_register_says_more_than_the_network() -> None:
    laptop = school().subject_at("127.0.1.10", NOW)
    tablet = school().subject_at("127.0.1.11", NOW)

    assert (4, 8, frozenset({"trolley"}), False) == (
        laptop.year_group,
        laptop.age,
        laptop.device_groups,
        laptop.inspectable,
    )
    assert (DeviceKind.SCHOOL_MOBILE, frozenset({"5A"}), None) == (
        tablet.device,
        tablet.classes,
        tablet.person,
    )


def test_the_narrowest_network_decides() -> None:
    assert "own" == school().subject_at("127.0.2.99", NOW).network
    assert Audience.STAFF is school().subject_at("127.0.2.99", NOW).audience
    assert "school" == school().subject_at("127.0.3.1", NOW).network
    assert "six" == school().subject_at("2001:db8::5", NOW).network


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "2001:db9::1", "", "localhost", "1.2.3", "x" * 99]
)
def test_any_other_address_is_an_unknown_subject(address: str) -> None:
    assert UNKNOWN_SUBJECT == school().subject_at(address, NOW)


def test_an_ipv4_mapped_address_is_the_ipv4_client() -> None:
    assert "phone" == school().subject_at("::ffff:127.0.2.10", NOW).device_id


def test_an_owner_who_is_not_on_the_register_is_unknown() -> None:
    subject = school().subject_at("127.0.1.12", NOW)

    assert (None, Audience.PUPIL) == (subject.person, subject.audience)


def claim(address: str, person: str = "teacher") -> DeviceClaim:
    return DeviceClaim(id="c", address=address, person=person, ends_at=NOW + timedelta(minutes=15))


def test_a_claim_says_who_a_device_is_until_it_ends() -> None:
    snapshot = school(claim("127.0.2.99"))

    claimed = snapshot.subject_at("127.0.2.99", NOW)
    assert ("teacher", NOW + timedelta(minutes=15)) == (claimed.person, claimed.known_until)
    ended = snapshot.subject_at("127.0.2.99", NOW + timedelta(minutes=15))
    assert (None, None) == (ended.person, ended.known_until)


def test_everything_asked_from_a_claimed_device_is_asked_by_one_subject() -> None:
    """Who looks something up by the subject need not compare two, nor keep them all."""
    snapshot = school(claim("127.0.2.99"))
    claimed = snapshot.subject_at("127.0.2.99", NOW)

    assert snapshot.subject_at("127.0.2.99", NOW + timedelta(minutes=14)) is claimed
    assert snapshot.subject_at("127.0.2.99", NOW + timedelta(minutes=15)).person is None


@pytest.mark.parametrize(
    "address", ["127.0.1.99", "127.0.2.11", "127.0.2.12", "10.0.0.1", "127.0.2.10"]
)
def test_a_claim_changes_nothing_where_none_is_allowed(address: str) -> None:
    """School devices, shared ones, unknown addresses and other people's own devices."""
    before = school().subject_at(address, NOW)
    after = school(claim(address, person="pupil")).subject_at(address, NOW)

    assert before == msgspec.structs.replace(after, known_until=None)


def test_a_registered_own_device_without_an_owner_may_be_claimed() -> None:
    assert "teacher" == school(claim("127.0.2.13")).subject_at("127.0.2.13", NOW).person


def test_a_pupil_s_claim_makes_a_pupil() -> None:
    subject = school(claim("127.0.2.99", person="pupil")).subject_at("127.0.2.99", NOW)

    assert Audience.PUPIL is subject.audience


def test_a_pupil_works_no_overtime() -> None:
    """Else a slip in the register could give one pupil less than the others get (law 6)."""
    days = frozenset({date(2026, 11, 20)})
    pupil, teacher = (
        subject_from(NETWORKS[0], None, msgspec.structs.replace(person, overtime=days))
        for person in (PUPIL, TEACHER)
    )

    assert (frozenset(), days) == (pupil.overtime, teacher.overtime)
