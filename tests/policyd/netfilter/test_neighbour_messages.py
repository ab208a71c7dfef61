import socket
from struct import Struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.netfilter import netlink
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.neighbour_messages import (
    DELETE_NEIGHBOUR,
    NEW_NEIGHBOUR,
    Neighbour,
    OwnNetwork,
    neighbour_of,
    own_network_of,
)

MAC = b"\2\0\0\0\0\1"
IPV4 = bytes([10, 1, 0, 2])
REACHABLE, STALE, INCOMPLETE, FAILED, NOARP = 0x02, 0x04, 0x01, 0x20, 0x40
PROXY = 0x08
BRIDGE = 7


def entry(
    state: int,
    *,
    family: int = socket.AF_INET,
    packed: bytes = IPV4,
    mac: bytes = MAC,
    flags: int = 0,
) -> bytes:
    head = Struct("=BBHiHBB").pack(family, 0, 0, 2, state, flags, 1)
    return head + netlink.attribute(1, packed) + netlink.attribute(2, mac)


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (NEW_NEIGHBOUR, entry(REACHABLE), Neighbour(2, IPV4, MAC)),
        (NEW_NEIGHBOUR, entry(STALE), Neighbour(2, IPV4, MAC)),
        (NEW_NEIGHBOUR, entry(FAILED), Neighbour(2, IPV4, None)),
        (DELETE_NEIGHBOUR, entry(STALE), Neighbour(2, IPV4, None)),
        (NEW_NEIGHBOUR, entry(INCOMPLETE, mac=bytes(6)), None),
        (NEW_NEIGHBOUR, entry(NOARP), None),
        (NEW_NEIGHBOUR, entry(STALE, flags=PROXY), None),
        (NEW_NEIGHBOUR, entry(STALE, family=BRIDGE), None),
        (NEW_NEIGHBOUR, entry(STALE, mac=bytes(6)), None),
        (NEW_NEIGHBOUR, entry(STALE, mac=bytes(range(20))), None),
        (NEW_NEIGHBOUR, entry(STALE, packed=bytes(16)), None),
        (NEW_NEIGHBOUR, entry(STALE, family=socket.AF_INET6), None),
    ],
)
def test_a_message_names_a_device_or_its_leaving(
    kind: int, body: bytes, said: Neighbour | None
) -> None:
    assert said == neighbour_of(kind, body)


@pytest.mark.parametrize(
    ("prefix_length", "has", "has_not"),
    [(24, "10.1.0.9", "10.1.1.9"), (32, "10.1.0.2", "10.1.0.3"), (8, "10.9.9.9", "11.1.0.2")],
)
def test_an_ipv4_address_of_the_gateways_names_a_network(
    prefix_length: int, has: str, has_not: str
) -> None:
    body = Struct("=BBBBI").pack(socket.AF_INET, prefix_length, 0, 0, 2)
    network = own_network_of(body + netlink.attribute(1, IPV4))

    assert isinstance(network, OwnNetwork)
    assert network.has(socket.inet_aton(has))
    assert not network.has(socket.inet_aton(has_not))


@pytest.mark.parametrize(
    ("prefix_length", "has", "has_not"),
    [(64, "fd20::9:9", "fd20:0:0:1::9"), (128, "fd20::1", "fd20::2"), (64, "fd20::9", "::")],
)
def test_an_ipv6_address_of_the_gateways_names_a_network(
    prefix_length: int, has: str, has_not: str
) -> None:
    body = Struct("=BBBBI").pack(socket.AF_INET6, prefix_length, 0, 0, 2)
    own = socket.inet_pton(socket.AF_INET6, "fd20::1")
    network = own_network_of(body + netlink.attribute(1, own))

    assert isinstance(network, OwnNetwork)
    assert network.has(socket.inet_pton(socket.AF_INET6, has))
    assert not network.has(socket.inet_pton(socket.AF_INET6, has_not))
    assert not network.has(IPV4)


@pytest.mark.parametrize(
    ("family", "prefix_length"), [(socket.AF_INET6, 24), (socket.AF_INET, 33)]
)
def test_what_is_a_network_of_neither_family_is_none(family: int, prefix_length: int) -> None:
    body = Struct("=BBBBI").pack(family, prefix_length, 0, 0, 2)

    assert own_network_of(body + netlink.attribute(1, IPV4)) is None


@given(st.data())
def test_spoiled_octets_name_a_device_of_six_octets_or_none(data: st.DataObject) -> None:
    octets = bytearray(entry(STALE))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        said = neighbour_of(NEW_NEIGHBOUR, bytes(octets[: data.draw(st.integers(0, 36))]))
    except NetfilterError:
        return
    assert said is None or said.mac is None or len(said.mac) == 6
