"""Whose names are asked of whom, and which ones of nobody."""

import ipaddress

import pytest
from dns_local import run
from dns_transports import HandTransport, lookup_of

from schoolgate_dns.errors import NoUpstreamError, UpstreamUnreachable
from schoolgate_dns.messages import Rcode
from schoolgate_dns.upstream import Upstreams
from schoolgate_dns.upstream.zones import ZonedResolver, wire_name

SCHOOL, ROOM, REVERSE = "school.example", "room.school.example", "1.168.192.in-addr.arpa"


class School:
    """A school with a zone, a zone below it and a reverse zone, each of a server of its own."""

    def __init__(self, *zones: str) -> None:
        self.default = HandTransport("default")
        self.servers = {zone: HandTransport(zone) for zone in zones or (SCHOOL, ROOM, REVERSE)}
        self.resolver = ZonedResolver(
            Upstreams([self.default], 2.0),
            {wire_name(zone): Upstreams([each], 2.0) for zone, each in self.servers.items()},
        )

    def asked_for(self, name: str) -> str:
        """Who is asked for *name*."""
        run(self.resolver.resolve(lookup_of(name)))
        (asked,) = [each.name for each in (self.default, *self.servers.values()) if each.asked]
        return asked


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("school.example", SCHOOL),
        ("pc.School.Example", SCHOOL),
        ("_ldap._tcp.dc._msdcs.school.example", SCHOOL),
        ("room.school.example", ROOM),
        ("pc.room.school.example", ROOM),
        ("7.1.168.192.in-addr.arpa", REVERSE),
        ("myschool.example", "default"),
        ("example", "default"),
        ("school.example.org", "default"),
        ("room.example", "default"),
        ("7.11.168.192.in-addr.arpa", "default"),
        (".", "default"),
    ],
)
def test_the_longest_zone_that_fits_is_asked_and_else_the_default(name: str, asked: str) -> None:
    school = School()

    assert asked == school.asked_for(name)
    assert (asked != "default") == school.resolver.is_own_zone(lookup_of(name).name)


def test_labels_are_compared_whole_and_not_octets() -> None:
    """This is one label whose last octets are those of the zone's name."""
    name = b"\x11xx\x06school\x07example\0"

    assert not School("school.example").resolver.is_own_zone(name)


def test_an_update_goes_whole_to_the_zones_server_and_to_no_other() -> None:
    school = School()
    update = b"\0\1\x28\0" + bytes(8) + wire_name(SCHOOL) + b"\0\6\0\1"

    assert update == run(school.resolver.relay(update, wire_name("School.example")))
    with pytest.raises(UpstreamUnreachable, match="no zone"):
        run(school.resolver.relay(update, wire_name("example")))
    assert ([update], []) == (school.servers[SCHOOL].relayed, school.default.relayed)


@pytest.mark.parametrize(
    "text", ["", ".", "a..b", ".school.example", "schüle.example", "x" * 64, "x." * 127 + "xx"]
)
def test_what_is_no_zones_name_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(NoUpstreamError, match=r"dns\.zones: .* 1\.168\.192\.in-addr\.arpa"):
        wire_name(text)


def test_a_zones_name_may_have_its_last_dot_and_every_length() -> None:
    assert b"\x06school\x07example\0" == wire_name("School.example.")
    assert 255 == len(wire_name("x." * 126 + "x"))


def reverse(address: str) -> bytes:
    return wire_name(ipaddress.ip_address(address).reverse_pointer)


@pytest.mark.parametrize(
    ("address", "empty"),
    [
        *((each, True) for each in ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.2.1")),
        *((each, True) for each in ("127.0.0.1", "169.254.1.1", "0.0.0.0", "255.255.255.255")),
        *((each, True) for each in ("100.64.0.1", "100.127.0.1", "192.0.2.1", "198.51.100.1")),
        *((each, True) for each in ("::", "::1", "fe80::1", "febf::1", "fd00::1", "2001:db8::1")),
        *((each, False) for each in ("9.9.9.9", "172.15.0.1", "172.32.0.1", "100.63.0.1")),
        *((each, False) for each in ("100.128.0.1", "192.169.0.1", "11.0.0.1", "192.0.3.1")),
        *((each, False) for each in ("2620:fe::fe", "fec0::1", "::2", "ff02::1", "2001:db9::1")),
        ("192.168.1.7", False),  # the school's own server has these
    ],
)
def test_reverse_names_of_private_addresses_are_asked_of_nobody(
    address: str, *, empty: bool
) -> None:
    resolver = School().resolver

    for name in (reverse(address), reverse(address).upper()):
        assert empty == (resolver.local_rcode(name) is not None)


@pytest.mark.parametrize(
    ("name", "rcode"),
    [
        ("7.2.168.192.in-addr.arpa", Rcode.NXDOMAIN),
        ("2.168.192.in-addr.arpa", Rcode.NXDOMAIN),
        ("168.192.in-addr.arpa", Rcode.NOERROR),
        ("0.10.in-addr.arpa", Rcode.NOERROR),
        ("1.10.in-addr.arpa", Rcode.NXDOMAIN),
        ("5.0.10.in-addr.arpa", None),
        ("in-addr.arpa", None),
        ("arpa", None),
        ("example", None),
    ],
)
def test_what_is_above_an_own_zone_exists_without_records(name: str, rcode: Rcode | None) -> None:
    assert rcode == School("5.0.10.in-addr.arpa").resolver.local_rcode(wire_name(name))


def test_counts_are_of_every_upstream_and_closing_closes_all() -> None:
    school = School()
    school.asked_for("pc.school.example")
    shared = ZonedResolver(
        Upstreams([school.default], 2.0),
        {wire_name("a.example"): Upstreams([HandTransport("default")], 2.0)},
    )

    assert 1 == school.resolver.counts()[SCHOOL]["asked"]
    assert 0 == school.resolver.counts()["default"]["asked"]
    run(shared.resolve(lookup_of("b.example")))
    run(shared.resolve(lookup_of("a.example")))
    assert 2 == shared.counts()["default"]["asked"]
    run(school.resolver.close())
    assert all(each.is_closed for each in (school.default, *school.servers.values()))
