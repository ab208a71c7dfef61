"""
The sockets that DNS is served on, opened before any worker is there.

Several workers have a socket each on one port (SO_REUSEPORT). Whoever starts them holds all of
them: what arrives while a worker is replaced waits in its socket for the next one, and the
kernel's choice among the sockets does not change.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from schoolgate_dns.process.reuseport import keep_clients_together
from schoolgate_policyd.dns_settings import DnsSettings

# Room for what comes while the loop does something else; the system may grant less.
_RECEIVE_BUFFER_OCTETS: Final = 4 * 1024 * 1024
_PORT_TRIES: Final = 20
_BACKLOG: Final = 128


@dataclass(frozen=True)
class ServerSockets:
    """
    What one worker serves on; bound and not blocking, and those of TCP listen.

    *udp* and *tcp* share one port; *tls* and *https* are there where DNS is served encrypted.
    *further* are the same for each further address, at the same ports.
    """

    udp: socket.socket
    tcp: socket.socket
    tls: socket.socket | None = None
    https: socket.socket | None = None
    further: tuple["ServerSockets", ...] = ()

    @property
    def port(self) -> int:
        """The port of both halves of plain DNS."""
        port: int = self.udp.getsockname()[1]
        return port

    @property
    def addresses(self) -> tuple["ServerSockets", ...]:
        """The sockets at each address, the first one's first."""
        return (self, *self.further)

    def close(self) -> None:
        """Close all of them."""
        for each in (self.udp, self.tcp, self.tls, self.https):
            if each is not None:
                each.close()
        for further in self.further:
            further.close()


def open_sockets(dns: DnsSettings) -> tuple[ServerSockets, ...]:
    """
    Return sockets for each worker of *dns*; of a port 0 the system chooses one for all.

    Raises OSError where a port cannot be had.
    """
    for remaining in reversed(range(_PORT_TRIES)):
        try:
            return _opened(dns)
        except OSError:
            # A port that the system chose may be taken at another address, or for TCP: another.
            if dns.port or not remaining:
                raise
    raise AssertionError("the last try returns or raises")


def _opened(dns: DnsSettings) -> tuple[ServerSockets, ...]:
    columns: list[Sequence[socket.socket]] = []
    rows: list[list[ServerSockets]] = [[] for _ in range(dns.workers)]
    port = dns.port
    try:
        for address in (dns.address, *dns.further_addresses):
            of_address = len(columns)
            columns.append(_bound(address, port, socket.SOCK_DGRAM, dns.workers))
            port = columns[0][0].getsockname()[1]
            columns.append(_listening(address, port, dns.workers))
            if dns.encrypted is not None:
                columns.append(_listening(address, dns.encrypted.tls_port, dns.workers))
                columns.append(_listening(address, dns.encrypted.https_port, dns.workers))
            for row, own in zip(rows, zip(*columns[of_address:], strict=True), strict=True):
                row.append(ServerSockets(*own))
    except OSError:
        for each in chain.from_iterable(columns):
            each.close()
        raise
    if dns.workers > 1:
        for column in columns:
            keep_clients_together(column[0], dns.workers)
    return tuple(replace(first, further=tuple(further)) for first, *further in rows)


def _listening(address: str, port: int, workers: int) -> list[socket.socket]:
    opened = _bound(address, port, socket.SOCK_STREAM, workers)
    for each in opened:
        each.listen(_BACKLOG)
    return opened


def _bound(address: str, port: int, kind: socket.SocketKind, workers: int) -> list[socket.socket]:
    is_shared = workers > 1
    if is_shared and port:
        # Whoever else shares the port would get a part of our clients, and nobody would notice.
        _socket(address, port, kind, is_shared=False).close()
    opened: list[socket.socket] = []
    try:
        for _ in range(workers):
            opened.append(_socket(address, port, kind, is_shared=is_shared))
            port = opened[0].getsockname()[1]
    except OSError:
        for each in opened:
            each.close()
        raise
    return opened


def _socket(address: str, port: int, kind: socket.SocketKind, *, is_shared: bool) -> socket.socket:
    own = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    try:
        if kind == socket.SOCK_STREAM:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_OCTETS)
        if is_shared:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        own.bind((address, port))
    except OSError:
        own.close()
        raise
    own.setblocking(False)  # noqa: FBT003 - the call has no keywords
    return own
