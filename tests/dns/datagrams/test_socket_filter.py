"""The kernel lets through of some addresses so much, by chance, and of all others everything."""

import socket
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packet_programs import packet_from, result_of
from structlog.testing import capture_logs

from schoolgate_dns.datagrams.socket_filter import MOST_FILTERED, SocketFilter, program_for

WHOLE = 0xFFFF_FFFF
SENT = 2000


def packed(address: str) -> bytes:
    return ip_address(address).packed


@pytest.fixture
def own() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        opened.bind(("127.0.0.1", 0))
        opened.setblocking(False)
        yield opened


def come(own: socket.socket, client: str, count: int) -> int:
    """Send *count* datagrams from *client*; return how many came."""
    came = 0
    with socket.socket(own.family, socket.SOCK_DGRAM) as sender:
        sender.bind((client, 0))
        for _ in range(count):
            sender.sendto(b"?", own.getsockname())
            # Over the loopback what is sent is there, or was dropped, when the call returns.
            try:
                own.recv(16)
            except BlockingIOError:
                continue
            came += 1
    return came


@pytest.mark.parametrize("part", [0.0, 0.25, 0.75])
def test_of_one_address_a_part_comes_and_of_its_neighbour_all(
    own: socket.socket, part: float
) -> None:
    SocketFilter(own).let_through({packed("127.0.1.10"): part})

    # Seven times the standard deviation of so many throws.
    assert come(own, "127.0.1.10", SENT) == pytest.approx(part * SENT, abs=7 * 0.5 * SENT**0.5)
    assert 100 == come(own, "127.0.1.11", 100)
    if not part:
        assert 0 == come(own, "127.0.1.10", 100)


def test_once_nobody_is_limited_everything_comes(own: socket.socket) -> None:
    socket_filter = SocketFilter(own)
    socket_filter.let_through({packed("127.0.1.10"): 0.0})
    socket_filter.let_through({})

    assert 100 == come(own, "127.0.1.10", 100)


def test_a_worker_that_has_the_sockets_of_one_that_died_limits_nobody(own: socket.socket) -> None:
    SocketFilter(own).let_through({packed("127.0.1.10"): 0.0})
    SocketFilter(own)

    assert 100 == come(own, "127.0.1.10", 100)


def test_of_ipv6_as_well() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as own:
        own.bind(("::1", 0))
        own.setblocking(False)
        socket_filter = SocketFilter(own)
        socket_filter.let_through({packed("::2"): 0.0, packed("1::1"): 0.0})
        assert 10 == come(own, "::1", 10)
        socket_filter.let_through({packed("::2"): 0.0, packed("::1"): 0.0})
        assert 0 == come(own, "::1", 10)


def test_of_ipv4_that_comes_to_a_socket_of_ipv6() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as own:
        own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        own.bind(("::", 0))
        own.setblocking(False)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.1.10", 0))
            sender.sendto(b"?", ("127.0.0.1", own.getsockname()[1]))
            _, address = own.recvfrom(16)
            SocketFilter(own).let_through({packed(address[0]): 0.0})
            sender.sendto(b"?", ("127.0.0.1", own.getsockname()[1]))
            with pytest.raises(BlockingIOError):
                own.recv(16)


def test_the_state_says_how_full_it_is_and_what_was_lost(own: socket.socket) -> None:
    socket_filter = SocketFilter(own)
    empty = socket_filter.state()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.1.10", 0))
        for _ in range(50_000):
            sender.sendto(b"?", own.getsockname())
    full = socket_filter.state()
    own.recv(16)
    socket_filter.let_through({packed("127.0.1.10"): 0.0})
    come(own, "127.0.1.10", 10)
    filtered = socket_filter.state()

    assert empty is not None
    assert full is not None
    assert filtered is not None
    assert (0, 0) == empty
    assert 0.9 < full.taken
    assert 0 < full.lost
    assert full.lost + 10 == filtered.lost


def test_where_the_system_refuses_that_is_logged_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own, capture_logs() as logs:
        socket_filter = SocketFilter(own)
        own.close()
        assert socket_filter.state() is None
        socket_filter.let_through({packed("127.0.1.10"): 0.5})

    assert ["a flood may crowd out others: bound queries in front of DNS"] == [
        each["event"] for each in logs
    ]


def is_mapped(address: IPv4Address | IPv6Address) -> bool:
    return isinstance(address, IPv6Address) and address.ipv4_mapped is not None


ADDRESSES = (
    st.ip_addresses()
    .filter(lambda address: not is_mapped(address))
    .map(lambda address: address.packed)
)


@given(
    parts=st.dictionaries(
        ADDRESSES, st.floats(0, 1, exclude_max=True), min_size=1, max_size=MOST_FILTERED
    ),
    other=ADDRESSES,
    drawn=st.integers(0, 2**32 - 1),
)
def test_each_address_has_its_own_chance(
    parts: Mapping[bytes, float], other: bytes, drawn: int
) -> None:
    program = program_for(parts)
    for address, part in parts.items():
        expected = WHOLE if drawn < int(part * 2**32) else 0
        assert expected == result_of(program, packet_from(str(ip_address(address))), drawn)
    if other not in parts:
        assert WHOLE == result_of(program, packet_from(str(ip_address(other))), drawn)


def test_as_many_as_there_may_be_the_kernel_takes(own: socket.socket) -> None:
    most = [ip_address("fd00::") + number for number in range(MOST_FILTERED)]
    with capture_logs() as logs:
        SocketFilter(own).let_through({each.packed: 0.5 for each in most})

    assert [] == logs
    with pytest.raises(ValueError, match="17 addresses are more than 16"):
        program_for({each.packed: 0.5 for each in [*most, ip_address("::1")]})
