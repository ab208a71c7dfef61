"""Which names lead to the proxy, which to the site, and which nowhere."""

import msgspec
import pytest
from dns_asked import asked_for, changed, decided
from dns_world import PUPIL, STAFF, STRANGER, source

from schoolgate_dns.errors import InspectionError
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.stages.steer import Course, Inspection, course_of, inspection_at
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Source

BOTH = Inspection(bytes([192, 0, 2, 9]), bytes(15) + b"\1")


def without_trust(school: Source) -> Source:
    """The same school, whose devices do not trust its authority."""
    networks = tuple(
        msgspec.structs.replace(each, inspectable=False) for each in school.register.networks
    )
    register = msgspec.structs.replace(school.register, networks=networks)
    return msgspec.structs.replace(school, register=register)


NAMES = {"blocked": "tiktok.example", "depends": "forum.example", "open part": "wiki.example"}


@pytest.mark.parametrize(
    ("what", "inspection", "is_trusted", "course"),
    [
        ("blocked", BOTH, True, Course.STEER),
        ("blocked", BOTH, False, Course.BLOCK),
        ("blocked", None, True, Course.BLOCK),
        ("depends", BOTH, True, Course.STEER),
        ("depends", BOTH, False, Course.BLOCK),
        ("depends", None, True, Course.BLOCK),
        # A part of the wiki is blocked only where it can be seen.
        ("open part", BOTH, True, Course.STEER),
        ("open part", BOTH, False, Course.ALLOW),
        ("open part", None, True, Course.ALLOW),
    ],
)
def test_a_name_goes_where_somebody_can_look_into_it(
    what: str, inspection: Inspection | None, course: Course, *, is_trusted: bool
) -> None:
    school = source() if is_trusted else without_trust(source())
    asked = asked_for(NAMES[what], school=school)

    assert course is course_of(asked, decided(asked), inspection)


@pytest.mark.parametrize("client", [PUPIL, STAFF, STRANGER])
@pytest.mark.parametrize("inspection", [BOTH, None])
def test_what_is_allowed_leads_to_the_site(client: str, inspection: Inspection | None) -> None:
    asked = asked_for("a.example", client=client)

    assert Course.ALLOW is course_of(asked, decided(asked), inspection)


@pytest.mark.parametrize("name", ["tiktok.example", "www.tiktok.example", "forum.example"])
def test_a_name_that_is_never_inspected_is_never_steered(name: str) -> None:
    never = (DomainName("tiktok.example"), DomainName("forum.example"))
    asked = asked_for(name, school=changed(source(), never_inspected=never))

    assert Course.BLOCK is course_of(asked, decided(asked), BOTH)


def test_a_name_that_is_blocked_by_an_alias_alone_is_steered_too() -> None:
    asked = asked_for("innocent.example")

    assert Course.ALLOW is course_of(asked, decided(asked), BOTH)
    assert Course.STEER is course_of(asked, decided(asked, "x.tiktok.example"), BOTH)


def test_a_stranger_is_shown_no_page() -> None:
    asked = asked_for("tiktok.example", client=STRANGER)

    assert Course.BLOCK is course_of(asked, decided(asked), BOTH)


@pytest.mark.parametrize(
    ("addresses", "ipv4", "ipv6"),
    [
        (["192.0.2.9"], bytes([192, 0, 2, 9]), None),
        (["::1"], None, bytes(15) + b"\1"),
        (["::1", "192.0.2.9"], bytes([192, 0, 2, 9]), bytes(15) + b"\1"),
    ],
)
def test_each_family_has_its_own_record(
    addresses: list[str], ipv4: bytes | None, ipv6: bytes | None
) -> None:
    inspection = inspection_at(addresses)

    assert inspection is not None
    types = (RecordType.A, RecordType.AAAA, RecordType.HTTPS, RecordType.ANY)
    assert [ipv4, ipv6, None, None] == [inspection.address_for(each) for each in types]


def test_without_an_address_there_is_no_inspection() -> None:
    assert inspection_at(()) is None


def test_two_addresses_of_one_family_are_refused_by_name() -> None:
    with pytest.raises(InspectionError, match=r"dns\.inspection_addresses: .*`192\.0\.2\.8`"):
        inspection_at(["192.0.2.9", "::1", "192.0.2.8"])
