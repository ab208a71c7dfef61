"""Where a host is, asked of an upstream that the test controls."""

import asyncio
from collections.abc import Callable

import dns.nameserver
import pytest
from local_internet import ORIGIN, PRIVATE, LocalInternet

from schoolgate_policyd.core.names import parse_host
from schoolgate_proxy.destinations import Destinations, is_own_address
from schoolgate_proxy.resolve import (
    Destination,
    ResolveError,
    Resolver,
    Unreachable,
    UpstreamError,
)

DESTINATIONS = Destinations(["127.20.0.0/16"])


def resolver(internet: LocalInternet, monotonic: Callable[[], float] = lambda: 0.0) -> Resolver:
    upstream = f"127.0.0.1:{internet.dns_port}"
    return Resolver([upstream], DESTINATIONS, timeout_s=0.5, monotonic=monotonic)


def found(resolver: Resolver, name: str) -> Destination | Unreachable:
    try:
        return asyncio.run(resolver.resolve(parse_host(name)))
    except ResolveError as error:
        return error.reason


def test_a_name_gives_its_addresses(internet: LocalInternet) -> None:
    assert Destination((ORIGIN,)) == found(resolver(internet), "lessons.example")


def test_a_name_gives_every_alias_on_the_way(internet: LocalInternet) -> None:
    internet.cnames["one.example"] = "two.example"
    internet.cnames["two.example"] = "lessons.example"

    chain = (parse_host("two.example"), parse_host("lessons.example"))
    assert Destination((ORIGIN,), chain) == found(resolver(internet), "one.example")


def test_a_name_that_points_inside_is_private(internet: LocalInternet) -> None:
    assert Unreachable.PRIVATE == found(resolver(internet), "inside.example")
    internet.cnames["alias.example"] = "inside.example"
    assert Unreachable.PRIVATE == found(resolver(internet), "alias.example")


def test_a_name_that_does_not_exist_is_no_such_name(internet: LocalInternet) -> None:
    assert Unreachable.NO_SUCH_NAME == found(resolver(internet), "nobody.example")


def test_an_upstream_that_is_silent_is_no_answer_in_bounded_time() -> None:
    # The discard address of RFC 5737 has nobody on it; on loopback nothing listens at port 9.
    silent = Resolver(["127.0.0.1:9"], DESTINATIONS, timeout_s=0.2)

    assert Unreachable.NO_ANSWER == found(silent, "lessons.example")


def test_an_answer_is_kept_for_its_ttl_and_no_longer(internet: LocalInternet) -> None:
    now = 1000.0
    asking = resolver(internet, lambda: now)
    internet.addresses["kept.example"] = ORIGIN
    assert Destination((ORIGIN,)) == found(asking, "kept.example")
    internet.addresses["kept.example"] = PRIVATE

    now += internet.ttl_s - 0.1
    assert Destination((ORIGIN,)) == found(asking, "kept.example")
    now += 0.2
    assert Unreachable.PRIVATE == found(asking, "kept.example")


def test_equal_questions_at_once_are_one(internet: LocalInternet) -> None:
    internet.addresses["busy.example"] = ORIGIN
    asking = resolver(internet)

    async def ask_often() -> list[Destination]:
        name = parse_host("busy.example")
        return await asyncio.gather(*(asking.resolve(name) for _ in range(20)))

    assert {Destination((ORIGIN,))} == set(asyncio.run(ask_often()))
    assert 2 == internet.asked_names.count("busy.example")  # A and AAAA


def test_an_address_that_did_not_answer_is_tried_last(internet: LocalInternet) -> None:
    asking = resolver(internet)
    other = "127.20.0.2"
    both = Destination((ORIGIN, other))
    assert Destination((ORIGIN,)) == found(asking, "lessons.example")
    kept = asking._kept["lessons.example"]
    asking._kept["lessons.example"] = type(kept)(kept.until, both)

    asking.avoid(ORIGIN)

    assert Destination((other, ORIGIN)) == found(asking, "lessons.example")


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.20.0.1", True),  # by configuration
        *((each, False) for each in ("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1")),
        *((each, False) for each in ("169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1")),
        *((each, False) for each in ("::1", "::", "fe80::1", "fc00::1", "ff02::1")),
        *((each, False) for each in ("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::")),
        *((each, False) for each in ("", "x", "1.2.3", "255.255.255.255")),
        ("198.51.100.7", False),  # set aside for documentation
    ],
)
def test_only_public_addresses_are_permitted(address: str, *, permitted: bool) -> None:
    assert permitted == DESTINATIONS.is_permitted(address)


def test_the_gateways_own_addresses_are_not_permitted() -> None:
    own = Destinations(is_own=lambda address: address == "93.184.215.14")

    assert not own.is_permitted("93.184.215.14")
    assert own.is_permitted("93.184.215.15")
    assert is_own_address("127.0.0.1")
    assert not is_own_address("192.0.2.1")


@pytest.mark.parametrize(
    "upstream",
    [
        *("dns.example", "1.1.1.1:x", "1.1.1", "[::1", "::1:x", "", "1.1.1.1#one.example"),
        *("tls://1.1.1.1", "tls://dns.example#dns.example", "tls://1.1.1.1/path#one.example"),
        "https://1.1.1.1/dns-query#one.example",
    ],
)
def test_an_upstream_that_is_no_address_is_named(upstream: str) -> None:
    with pytest.raises(UpstreamError, match=r"dns\.upstreams"):
        Resolver([upstream], DESTINATIONS)


@pytest.mark.parametrize(
    ("upstream", "address", "port"),
    [
        ("1.1.1.1", "1.1.1.1", 53),
        ("1.1.1.1:5353", "1.1.1.1", 5353),
        ("::1", "::1", 53),
        ("[::1]", "::1", 53),
        ("[::1]:5353", "::1", 5353),
        ("tls://1.1.1.1#one.example", "1.1.1.1", 853),
        ("tls://[::1]:5853#one.example", "::1", 5853),
    ],
)
def test_upstreams_are_addresses_with_or_without_a_port(
    upstream: str, address: str, port: int
) -> None:
    # Those over HTTPS are the DNS point's alone.
    asking = Resolver([upstream, "https://192.0.2.1/dns-query#one.example"], DESTINATIONS)

    (asked,) = asking._upstream.nameservers
    assert isinstance(asked, dns.nameserver.AddressAndPortNameserver)
    assert (address, port) == (asked.address, asked.port)
    if isinstance(asked, dns.nameserver.DoTNameserver):
        assert ("one.example", True) == (asked.hostname, asked.verify)
    else:
        assert not upstream.startswith("tls")


@pytest.mark.parametrize("address", ["198.18.7.7", "[2001:db8:1::66]", "127.20.0.9"])
def test_on_a_gateway_an_address_in_a_name_s_place_leads_nowhere(
    internet: LocalInternet, address: str
) -> None:
    upstream = f"127.0.0.1:{internet.dns_port}"
    gateway = Resolver([upstream], DESTINATIONS, takes_literals=False)

    asked = len(internet.asked_names)

    assert Unreachable.NO_SUCH_NAME == found(gateway, address)
    assert asked == len(internet.asked_names)


def test_the_gateways_own_addresses_are_opened_by_no_permission() -> None:
    """A name that leads to the inspection address would have the proxy connect to itself."""
    destinations = Destinations(("10.0.0.0/8",), lambda _: False, never=("10.0.0.2", "fd00::2"))

    assert [True, False, False] == [
        destinations.is_permitted(each) for each in ("10.0.0.1", "10.0.0.2", "fd00:0::2")
    ]


@pytest.mark.parametrize(
    "spelling",
    ["93.184.216.34", "::ffff:93.184.216.34", "64:ff9b::5db8:d822", "2002:5db8:d822::1"],
)
@pytest.mark.parametrize(
    "school", [{"inside": ("93.184.216.0/24",)}, {"never": ("93.184.216.34",)}]
)
def test_the_schools_public_addresses_are_closed_however_they_are_carried(
    spelling: str, school: dict[str, tuple[str, ...]]
) -> None:
    destinations = Destinations(is_own=lambda _: False, **school)

    assert not destinations.is_permitted(spelling)


def test_what_the_gateway_holds_is_its_own_inside_an_ipv6_address_too() -> None:
    own = Destinations(is_own=lambda address: address == "93.184.215.14")

    assert not own.is_permitted("64:ff9b::5db8:d70e")
    assert own.is_permitted("64:ff9b::5db8:d70f")
