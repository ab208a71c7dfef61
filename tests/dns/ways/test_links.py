"""Which device asks, what it can reach, and by which ways the firewall knows it."""

import pytest
from structlog.testing import capture_logs

from schoolgate_dns.addresses import packed_address
from schoolgate_dns.stages.reach import EVERYWHERE, HELD, HELD_TO_IPV4, HELD_TO_IPV6, Reach
from schoolgate_dns.stages.source import Source
from schoolgate_dns.ways.links import GatewayLinks
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.mappings import Mappings
from schoolgate_policyd.netfilter.names import WaySet
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.netfilter.ways import Way, address_way, link_way
from schoolgate_policyd.settings import NetworkSettings

TABLET = Link(7, b"\2\0\0\0\0\1")
SITE4, SITE6 = packed_address("192.0.2.1"), packed_address("2001:db8::1")
OWN = ("10.0.0.1", "fd00::1")


def network(
    id_: str, cidr: str, *, is_routed: bool = False, mapping: str | None = None
) -> NetworkSettings:
    return NetworkSettings(
        id=id_,
        cidr=cidr,
        audience=Audience.PUPIL,
        device=DeviceKind.SCHOOL_COMPUTER,
        inspectable=True,
        is_routed=is_routed,
        ipv6_mapping=mapping,
    )


NETWORKS = (
    network("here", "10.1.0.0/16"),
    network("hall", "10.2.0.0/16", is_routed=True),
    network("hall6", "fd00:2::/64", is_routed=True),
    network("lab", "10.3.0.0/16", is_routed=True, mapping="fd00:3::/96"),
)


class Neighbourhood:
    def __init__(self) -> None:
        self.changes = 0
        self.links = {packed_address(each): TABLET for each in ("10.1.0.9", "fd00:1::9")}
        self.is_there = True

    def link_of(self, packed: bytes) -> Link | None:
        if not self.is_there:
            raise NetfilterError("the kernel did not answer")
        return self.links.get(packed)

    def ipv4_of(self, packed: bytes) -> bytes | None:
        return packed_address("10.1.0.9") if self.links.get(packed) == TABLET else None

    def known_as(self, address: str) -> str:
        if not self.is_there:
            raise NetfilterError("the kernel did not answer")
        return "10.1.0.9" if address == "fd00:1::9" else address


def links() -> tuple[GatewayLinks, Neighbourhood]:
    neighbours = Neighbourhood()
    return GatewayLinks(neighbours, neighbours, Mappings(NETWORKS), OWN), neighbours


@pytest.mark.parametrize(
    ("client", "network", "reach"),
    [
        ("10.1.0.9", "here", HELD),
        ("fd00:1::9", "here", HELD),
        ("10.1.0.10", "here", HELD_TO_IPV4),
        ("fd00:1::10", "unknown", HELD_TO_IPV6),
        ("10.2.0.9", "hall", HELD_TO_IPV4),
        ("fd00:2::9", "hall6", HELD_TO_IPV6),
        ("10.3.0.9", "lab", HELD),
        ("fd00:3::a03:9", "lab", HELD),
        ("fd00:4::a03:9", "lab", HELD_TO_IPV6),
        ("127.0.0.1", "unknown", EVERYWHERE),
        ("::1", "unknown", EVERYWHERE),
        ("10.0.0.1", "here", EVERYWHERE),
        ("fd00::1", "unknown", EVERYWHERE),
    ],
)
def test_both_families_are_reached_where_both_are_known_to_be_one_device(
    client: str, network: str, reach: Reach
) -> None:
    all_, _ = links()

    assert reach == all_.reach_of(all_.source_at(client), network)


def ways(client: str, network: str) -> tuple[Way, ...]:
    all_, _ = links()
    return all_.ways_to(all_.source_at(client), network, (SITE4, SITE6))


@pytest.mark.parametrize("client", ["10.1.0.9", "fd00:1::9"])
def test_a_device_on_the_link_goes_by_its_hardware_in_both_families(client: str) -> None:
    expected = tuple(link_way(7, TABLET.mac, each) for each in (SITE4, SITE6))

    assert expected == ways(client, "here")
    assert [WaySet.LINK4, WaySet.LINK6] == [each.set for each in expected]


@pytest.mark.parametrize(
    ("client", "network", "expected"),
    [
        ("10.2.0.9", "hall", [("10.2.0.9", SITE4)]),
        ("fd00:2::9", "hall6", [("fd00:2::9", SITE6)]),
        ("10.1.0.10", "here", [("10.1.0.10", SITE4)]),
        ("10.3.0.9", "lab", [("10.3.0.9", SITE4), ("fd00:3::a03:9", SITE6)]),
        ("fd00:3::a03:9", "lab", [("10.3.0.9", SITE4), ("fd00:3::a03:9", SITE6)]),
    ],
)
def test_any_other_goes_by_its_addresses_as_far_as_they_are_known(
    client: str, network: str, expected: list[tuple[str, bytes]]
) -> None:
    assert tuple(address_way(packed_address(each), site) for each, site in expected) == ways(
        client, network
    )


def test_hardware_means_nothing_in_a_network_behind_a_router() -> None:
    """It would be the router's, and open the way for everybody behind it."""
    all_, neighbours = links()
    neighbours.links[packed_address("10.2.0.9")] = TABLET

    (way,) = all_.ways_to(all_.source_at("10.2.0.9"), "hall", (SITE4,))
    assert WaySet.ADDRESS4 == way.set


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("fd00:1::9", "10.1.0.9"),
        ("fd00:3::a03:9", "10.3.0.9"),
        ("fd00:3::a04:9", "fd00:3::a04:9"),  # of no such network
        ("10.1.0.9", "10.1.0.9"),
        ("fd00:5::1", "fd00:5::1"),
    ],
)
def test_a_device_is_known_by_its_ipv4_address(address: str, known_as: str) -> None:
    all_, _ = links()

    assert known_as == all_.known_as(address)
    assert known_as == all_.source_at(address).known_as


@pytest.mark.parametrize(
    "address", ["10.1.0.9", "fd00:1::9", "10.1.0.10", "fd00:1::10", "fd00:3::a03:9", "127.0.0.1"]
)
def test_what_has_not_changed_is_still_the_same(address: str) -> None:
    all_, _ = links()

    assert all_.is_still(all_.source_at(address))


@pytest.mark.parametrize("address", ["10.1.0.9", "fd00:1::9", "10.1.0.10", "fd00:1::10"])
@pytest.mark.parametrize("link", [None, Link(7, b"\2\0\0\0\0\2"), Link(8, TABLET.mac)])
def test_an_address_that_is_another_devices_is_not(address: str, link: Link | None) -> None:
    all_, neighbours = links()
    source = all_.source_at(address)
    neighbours.links[packed_address(address)] = link or TABLET
    if link is None:
        neighbours.links.pop(packed_address(address))

    assert (link == source.link) is all_.is_still(source)


@pytest.mark.parametrize("known_as", ["10.1.0.8", "fd00:1::9"])
def test_nor_is_a_device_that_is_known_by_another_address_now(known_as: str) -> None:
    all_, _ = links()

    assert not all_.is_still(Source(packed_address("fd00:1::9"), known_as, TABLET))


def test_where_the_kernel_says_nothing_addresses_are_all_that_is_known() -> None:
    all_, neighbours = links()
    neighbours.is_there = False
    with capture_logs() as logs:
        sources = [all_.source_at(each) for each in ("fd00:1::9", "10.1.0.9")]

    assert [
        Source(packed_address("fd00:1::9"), "fd00:1::9"),
        Source(packed_address("10.1.0.9"), "10.1.0.9"),
    ] == sources
    assert 1 == len(logs)
    assert not all_.is_still(sources[0])


@pytest.mark.parametrize(
    ("client", "other", "network", "is_one"),
    [
        ("10.1.0.9", "fd00:1::9", "here", True),
        ("10.1.0.10", "fd00:1::10", "here", True),  # both are nobody's that is known
        ("10.1.0.9", "10.1.0.10", "here", False),
        ("10.2.0.9", "10.2.0.10", "hall", False),
        ("10.3.0.9", "fd00:3::a03:9", "lab", True),
    ],
)
def test_one_device_has_one_share_and_so_have_all_that_are_no_neighbours(
    client: str, other: str, network: str, *, is_one: bool
) -> None:
    all_, _ = links()
    first, second = (all_.asker_of(all_.source_at(each), network) for each in (client, other))

    assert is_one is (first == second)
