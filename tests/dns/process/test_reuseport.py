"""Sockets that share a port: a client reaches one of them, and always the same one."""

import ipaddress
import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from packet_programs import packet_from, result_of
from structlog.testing import capture_logs

from schoolgate_dns.process.reuseport import keep_clients_together, program_for
from schoolgate_dns.process.sockets import ServerSockets, open_sockets
from schoolgate_policyd.dns_settings import DnsSettings

Reaches = Callable[[tuple[ServerSockets, ...], str], int]


@contextmanager
def opened(workers: int, address: str = "127.0.0.1") -> Iterator[tuple[ServerSockets, ...]]:
    sockets = open_sockets(DnsSettings(address=address, port=0, workers=workers))
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


def datagram_reaches(sockets: tuple[ServerSockets, ...], client: str) -> int:
    """Send one datagram from a port of its own; return the number of the socket it came to."""
    with socket.socket(sockets[0].udp.family, socket.SOCK_DGRAM) as own:
        own.bind((client, 0))
        own.sendto(b"?", sockets[0].udp.getsockname())
    return next(n for n, each in enumerate(sockets) if _received(each.udp))


def _received(own: socket.socket) -> bool:
    try:
        return bool(own.recv(16))
    except BlockingIOError:
        return False


def connection_reaches(sockets: tuple[ServerSockets, ...], client: str) -> int:
    with socket.socket(sockets[0].tcp.family) as own:
        own.bind((client, 0))
        own.connect(sockets[0].tcp.getsockname())
        return next(n for n, each in enumerate(sockets) if _accepted(each.tcp))


def _accepted(own: socket.socket) -> bool:
    try:
        own.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.mark.parametrize("reaches", [datagram_reaches, connection_reaches])
@pytest.mark.parametrize("client", ["127.0.1.10", "127.0.2.77"])
def test_a_client_reaches_one_worker_from_all_its_ports(reaches: Reaches, client: str) -> None:
    with opened(2) as sockets:
        assert 1 == len({reaches(sockets, client) for _ in range(20)})


def test_a_client_reaches_the_same_worker_over_udp_and_tcp() -> None:
    clients = [f"127.0.1.{number}" for number in range(1, 30)]
    with opened(3) as sockets:
        by_udp = [datagram_reaches(sockets, each) for each in clients]
        assert by_udp == [connection_reaches(sockets, each) for each in clients]


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_neighbours_are_spread_evenly_over_all_workers(workers: int) -> None:
    with opened(workers) as sockets:
        reached = Counter(datagram_reaches(sockets, f"127.0.3.{last}") for last in range(1, 121))

    assert set(range(workers)) == set(reached)
    assert max(reached.values()) - min(reached.values()) <= 6


def test_over_ipv6_it_is_the_same() -> None:
    with opened(2, "::1") as sockets:
        assert 1 == len({datagram_reaches(sockets, "::1") for _ in range(20)})


def test_the_port_is_not_shared_with_a_stranger() -> None:
    with opened(2) as sockets, pytest.raises(OSError, match="in use"):
        open_sockets(DnsSettings(port=sockets[0].port, workers=2))


def test_where_the_kernel_refuses_it_is_logged() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own, capture_logs() as logs:
        assert not keep_clients_together(own, 2)

    assert ["a client may reach several workers"] == [each["event"] for each in logs]


@pytest.mark.parametrize(
    "network", ["10.0.0.0/8", "192.168.1.0/24", "fd00::/8", "2001:db8:1:2::/64"]
)
def test_of_a_packet_its_source_address_alone_counts(network: str) -> None:
    """IPv6 clients of one network differ in the last octets, of one machine in the port."""
    number = random.Random(7)  # noqa: S311 - no secret
    of = ipaddress.ip_network(network)
    program = program_for(4)
    reached = Counter[int]()
    for _ in range(200):
        client = str(of[number.randrange(1, of.num_addresses - 1)])
        results = {result_of(program, packet_from(client, port)) for port in (53, 5353, 61_000)}
        assert 1 == len(results)
        reached.update(results)

    assert {0, 1, 2, 3} == set(reached)
    assert 25 < min(reached.values())


@pytest.mark.parametrize("changed", [8, 12, 16, 20])
def test_each_part_of_an_ipv6_address_matters(changed: int) -> None:
    packet = bytearray(packet_from("2001:db8:1:2:3:4:5:6", 53))
    program = program_for(64)
    reached = set()
    for value in range(64):
        packet[changed + 1] = value
        reached.add(result_of(program, bytes(packet)))

    assert 8 < len(reached)
