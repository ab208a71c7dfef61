"""Every address has its sockets, all at one port, and a client reaches one worker at each."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schoolgate_dns.process.sockets import ServerSockets, open_sockets
from schoolgate_policyd.dns_settings import DnsSettings, EncryptedDnsSettings

ADDRESSES = ("127.0.0.1", "127.0.5.1", "::1")
ENCRYPTED = EncryptedDnsSettings(
    name="dns.example",
    certificate=Path("gateway.pem"),
    key=Path("gateway.key"),
    tls_port=0,
    https_port=0,
)


@contextmanager
def opened(
    workers: int = 1, encrypted: EncryptedDnsSettings | None = None
) -> Iterator[tuple[ServerSockets, ...]]:
    address, *further = ADDRESSES
    sockets = open_sockets(
        DnsSettings(
            address=address,
            further_addresses=tuple(further),
            port=0,
            workers=workers,
            encrypted=encrypted,
        )
    )
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_each_worker_has_both_halves_at_every_address_and_one_port(workers: int) -> None:
    with opened(workers) as sockets:
        places = [[each.udp.getsockname()[:2] for each in row.addresses] for row in sockets]
        assert [[(each, sockets[0].port) for each in ADDRESSES]] * workers == places
        assert places == [
            [each.tcp.getsockname()[:2] for each in row.addresses] for row in sockets
        ]


def test_dns_over_tls_and_https_is_at_every_address_as_well() -> None:
    with opened(2, ENCRYPTED) as sockets:
        for row in sockets:
            for each, address in zip(row.addresses, ADDRESSES, strict=True):
                assert each.tls is not None
                assert each.https is not None
                assert {address} == {own.getsockname()[0] for own in (each.tls, each.https)}


def test_a_client_reaches_one_worker_at_each_address() -> None:
    with opened(2) as sockets:
        for number in range(len(ADDRESSES)):
            own_of = [row.addresses[number] for row in sockets]
            assert 1 == len({datagram_reaches(own_of) for _ in range(20)})


def datagram_reaches(own_of: list[ServerSockets]) -> int:
    place = own_of[0].udp.getsockname()
    with socket.socket(own_of[0].udp.family, socket.SOCK_DGRAM) as client:
        client.bind((place[0], 0))
        client.sendto(b"?", place)
    for number, own in enumerate(own_of):
        try:
            own.udp.recv(16)
        except BlockingIOError:
            continue
        return number
    raise AssertionError("nobody was reached")


def test_nothing_stays_open_where_an_address_cannot_be_had() -> None:
    with opened() as sockets:
        taken = DnsSettings(
            address="127.0.6.1", further_addresses=("127.0.5.1",), port=sockets[0].port
        )
        for _ in range(2):
            with pytest.raises(OSError, match="in use"):
                open_sockets(taken)
        # The first address was free again each time.
        (alone,) = open_sockets(DnsSettings(address="127.0.6.1", port=sockets[0].port))
        alone.close()


def test_all_of_them_are_closed() -> None:
    with opened(1, ENCRYPTED) as (sockets,):
        sockets.close()
        assert {-1} == {
            own.fileno()
            for each in sockets.addresses
            for own in (each.udp, each.tcp, each.tls, each.https)
            if own is not None
        }
