"""Connections of a pupil's to a gateway that follows them, in namespaces of this file's."""

import contextlib
import socket
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from netns import Namespace, join, made

from schoolgate_policyd.netfilter import netlink
from schoolgate_policyd.netfilter.conntrack import Connections, pair_of
from schoolgate_policyd.netfilter.errors import NetfilterError

RULES = """
table inet follow {
  chain meant { type nat hook prerouting priority -100; ip daddr 192.0.2.1 dnat ip to 10.1.0.1; }
  chain heard { type filter hook input priority 0; ct state new accept; }
}
"""
PAIRS = {
    "IPv4": ("10.1.0.2", "10.1.0.1"),
    "IPv6": ("fd00:1::2", "fd00:1::1"),
    "translated": ("10.1.0.2", "192.0.2.1"),
}


# A namespace for each test: what a connection sends at its end is followed as another.
@pytest.fixture
def net() -> Iterator[tuple[Namespace, Namespace]]:
    with made("gateway", "pupil") as (gateway, pupil):
        join(gateway, "pupils0", pupil, "eth0")
        for namespace, device, *addresses in (
            (gateway, "pupils0", "10.1.0.1/24", "fd00:1::1/64"),
            (pupil, "eth0", "10.1.0.2/24", "fd00:1::2/64", "10.1.0.3/24"),
        ):
            for address in addresses:
                namespace.give(address, device)
        pupil.must("ip", "route", "add", "default", "via", "10.1.0.1")
        gateway.must("nft", "-f", "-", given=RULES)
        yield gateway, pupil


@pytest.fixture
def connections(net: tuple[Namespace, Namespace]) -> Iterator[Connections]:
    with net[0].entered():
        opened = Connections()
    yield opened
    opened.close()


@pytest.fixture
def opened(net: tuple[Namespace, Namespace]) -> Iterator[None]:
    """Two connections over TCP and one flow of UDP, of each pair."""
    gateway, pupil = net
    with contextlib.ExitStack() as stack:
        with gateway.entered():
            for address in ("10.1.0.1", "fd00:1::1"):
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                for port in (80, 443):
                    stack.enter_context(socket.create_server((address, port), family=family))
        with pupil.entered():
            for client, destination in PAIRS.values():
                for port in (80, 443):
                    stack.enter_context(
                        socket.create_connection(
                            (destination, port), timeout=5, source_address=(client, 0)
                        )
                    )
                family = socket.AF_INET6 if ":" in client else socket.AF_INET
                sending = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
                sending.bind((client, 0))
                sending.sendto(b"?", (destination, 80))
        yield


def packed(*addresses: str) -> tuple[bytes, bytes]:
    first, second = (ip_address(address).packed for address in addresses)
    return first, second


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("which", PAIRS)
def test_all_connections_of_a_pair_end_and_no_others(connections: Connections, which: str) -> None:
    pair = packed(*PAIRS[which])
    others = [packed(*PAIRS[other]) for other in PAIRS if other != which]

    assert connections.end(*pair) == 3
    assert connections.end(*pair) == 0
    assert connections.end_many(others) == 6


@pytest.mark.usefixtures("opened")
def test_the_pairs_of_several_end_at_one_look(connections: Connections) -> None:
    pairs = [packed(*pair) for pair in PAIRS.values()]

    assert connections.end_many([*pairs, packed("10.1.0.3", "10.1.0.1")]) == 9
    assert connections.end_many(pairs) == 0


@pytest.mark.usefixtures("opened")
def test_the_other_direction_and_another_client_are_others(connections: Connections) -> None:
    assert connections.end(*packed("10.1.0.1", "10.1.0.2")) == 0
    assert connections.end(*packed("10.1.0.3", "10.1.0.1")) == 0
    assert connections.end_many([packed(*pair) for pair in PAIRS.values()]) == 9


@pytest.mark.usefixtures("opened")
def test_what_was_led_to_another_destination_stays_where_only_the_direct_end(
    connections: Connections,
) -> None:
    pairs = [packed(*pair) for pair in PAIRS.values()]

    assert connections.end_many(pairs, only_direct=True) == 6
    assert connections.end_many(pairs) == 3


def test_nothing_ends_where_nothing_is_meant(connections: Connections) -> None:
    assert connections.end_many([]) == 0


@pytest.mark.parametrize("pair", [(b"", b""), (bytes(4), bytes(16)), (bytes(5), bytes(5))])
def test_a_pair_that_is_not_of_one_family_is_an_error(
    connections: Connections, pair: tuple[bytes, bytes]
) -> None:
    with pytest.raises(NetfilterError):
        connections.end(*pair)


@pytest.mark.parametrize("which", ["IPv4", "IPv6"])
def test_a_tuple_that_stands_elsewhere_is_found(which: str) -> None:
    """The kernel has always put it first; what is read fast there is read slowly anywhere."""
    client, destination = packed(*PAIRS[which])
    kinds = (1, 2) if which == "IPv4" else (3, 4)
    addresses = netlink.nested(
        1, netlink.attribute(kinds[0], client), netlink.attribute(kinds[1], destination)
    )
    status = netlink.attribute(3, bytes(4))
    original = netlink.nested(1, addresses)
    padding = netlink.attribute(7, bytes(40))

    assert (client, destination) == pair_of(bytes(4) + original + padding)
    assert (client, destination) == pair_of(bytes(4) + status + original)
    assert pair_of(bytes(4) + status) is None
