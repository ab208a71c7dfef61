"""Addresses of the inside, however they are spelt, and nothing else."""

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.replies.inside import inside_but, is_inside

INSIDE = (
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.8",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "224.0.0.251",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
)
OUTSIDE = (
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.2.1",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.113.1",
    "223.255.255.255",
)


def inverted(address: str) -> str:
    return str(IPv4Address(int(IPv4Address(address)) ^ 0xFFFFFFFF))


def hex_groups(address: str) -> str:
    octets = IPv4Address(address).packed
    return f"{octets[:2].hex()}:{octets[2:].hex()}"


SPELLINGS = (
    "{0}",
    "::ffff:{0}",
    "64:ff9b::{0}",
    "2002:{1}::1",
    "2001:0:{1}:8000:f0f0:f7f7:f7f7",
    "2001:0:808:808:8000:f0f0:{2}",
)


def spelt(spelling: str, address: str) -> bytes:
    text = spelling.format(address, hex_groups(address), hex_groups(inverted(address)))
    return ip_address(text).packed


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_the_inside_is_known_in_every_spelling(address: str, spelling: str) -> None:
    assert is_inside(spelt(spelling, address))


@pytest.mark.parametrize("spelling", ["{0}", "::ffff:{0}", "64:ff9b::{0}", "2002:{1}::1"])
@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_outside_is_not_taken_for_one_of_the_inside(
    address: str, spelling: str
) -> None:
    assert not is_inside(spelt(spelling, address))


@pytest.mark.parametrize(
    "address",
    [
        "::",
        "::1",
        "::8.8.8.8",
        "::192.168.1.1",
        "::ffff:0:192.168.1.1",
        "64:ff9b:1::808:808",
        "100::1",
        "2001:2::1",
        "2001:2:0:ffff::1",
        "5f00::1",
        "fc00::1",
        "fdff:ffff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::fb",
        "4000::1",
    ],
)
def test_what_is_not_allocated_to_anybody_outside_is_inside(address: str) -> None:
    assert is_inside(ip_address(address).packed)


@pytest.mark.parametrize(
    "address", ["2001:4860:4860::8888", "2001:2:1::1", "2606:4700::1", "2a00::1", "2001:db8::1"]
)
def test_global_addresses_pass(address: str) -> None:
    assert not is_inside(ip_address(address).packed)


@given(st.ip_addresses(v=4))
def test_no_address_that_the_registry_calls_global_is_taken_for_inside(
    address: IPv4Address,
) -> None:
    # The library's own reading of the registry. Multicast is global in it, and so are two
    # addresses of 192.0.0.0/24 at which one finds the router; neither is a site's.
    if address.is_global and not address.is_multicast and address.packed[:3] != b"\xc0\0\0":
        assert not is_inside(address.packed)
    if address.is_loopback or address.is_link_local or address.is_multicast:
        assert is_inside(address.packed)


def test_a_range_that_is_permitted_is_not_of_the_inside_and_every_other_still_is() -> None:
    is_inside_here = inside_but(["10.20.0.0/16", "fd00:1::/32"])
    found = {
        text: is_inside_here(ip_address(text).packed)
        for text in ("10.20.3.4", "10.21.3.4", "fd00:1::5", "fd00:2::5", "192.0.2.1")
    }
    assert {
        "10.20.3.4": False,
        "10.21.3.4": True,
        "fd00:1::5": False,
        "fd00:2::5": True,
        "192.0.2.1": False,
    } == found


def test_without_permitted_ranges_nothing_is_looked_up() -> None:
    assert is_inside is inside_but(())
