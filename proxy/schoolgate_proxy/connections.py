"""
Which connections are open, and which of them may no longer be.

The hooks write down what they decided; at the bell every open connection is judged anew by the
same rule. Nothing here knows of sockets.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, UrlResource, Verdict
from schoolgate_policyd.core.names import Host
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_proxy.requests import LookInside, PassThrough, on_connect

# A client can send request after request to other hosts on one connection.
MOST_PINNED = 256
MOST_CONNECTIONS_OF_CLIENT = 1000
# One that passes takes at most six files: two sockets, and a pipe each way while it holds bytes.
# With this many some are left for policyd, the spool and the resolver (`__main__.MOST_FILES`).
MOST_CONNECTIONS = 10_000


@dataclass(slots=True)
class OpenConnection:
    """
    A client's connection to the proxy, and what was decided about it.

    *connect* is the CONNECT's host with its CNAME chain, None before one; *sni* the
    ClientHello's; *leads_to* the address that the tunnel was checked to lead to. *passed* is the
    host whose bytes go through untouched. *certified* is the name that a certificate may be made
    for; *pinned* the addresses and ports that may be connected to; *requests* what is being
    fetched, by flow. *unreported* was blocked and is recorded with its page when one is asked
    for, else when the client goes. *meant_port* is the port that the client meant, where the
    firewall brought the connection, and *meant_for* the address; *counted_as* is the one by
    which its device is known.
    """

    id: str
    address: str
    connect: HostResource | None = None
    sni: HostResource | None = None
    leads_to: str | None = None
    passed: HostResource | None = None
    certified: Host | None = None
    unreported: LookInside | None = None
    meant_port: int | None = None
    meant_for: str | None = None
    counted_as: str = ""
    pinned: set[tuple[str, int]] = field(default_factory=set)
    requests: dict[str, tuple[UrlResource, ...]] = field(default_factory=dict)

    @property
    def tunnel(self) -> tuple[Host, ...]:
        """The names of the CONNECT and the ClientHello, where there were any."""
        return tuple(each.host for each in (self.connect, self.sni) if each is not None)

    @property
    def known(self) -> dict[str, HostResource]:
        """What is known of each host of the tunnel, by its text."""
        return {each.host.text: each for each in (self.connect, self.sni) if each is not None}

    def pin(self, address: str, port: int) -> None:
        """Let this connection lead to *address*, which a decision has checked."""
        if len(self.pinned) >= MOST_PINNED:
            self.pinned.clear()
        self.pinned.add((address, port))


class Connections:
    """
    Every open connection; *next_change* is the first moment at which one may have to go.

    *known_as* returns the address by which the device with an address is known.
    """

    def __init__(self, known_as: Callable[[str], str] = str) -> None:
        self.known_as = known_as
        self._open: dict[str, OpenConnection] = {}
        self._by_address: dict[str, int] = {}
        self.next_change: datetime | None = None

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, connection_id: str) -> bool:
        return connection_id in self._open

    def __iter__(self) -> Iterator[OpenConnection]:
        return iter(tuple(self._open.values()))

    def count_from(self, address: str) -> int:
        """Return how many connections are open from the device that uses *address*."""
        return self._by_address.get(self.known_as(address), 0)

    def has_room_for(self, address: str) -> bool:
        """Whether the device that uses *address* may have one more connection."""
        return (
            len(self._open) < MOST_CONNECTIONS
            and self.count_from(address) < MOST_CONNECTIONS_OF_CLIENT
        )

    def opened(self, connection_id: str, address: str) -> OpenConnection:
        """Write down a new connection from *address*."""
        known_as = self.known_as(address)
        connection = OpenConnection(connection_id, address, counted_as=known_as)
        self._open[connection_id] = connection
        self._by_address[known_as] = self._by_address.get(known_as, 0) + 1
        return connection

    def closed(self, connection_id: str) -> OpenConnection | None:
        """Forget a connection and return it; None if it was not known."""
        connection = self._open.pop(connection_id, None)
        if connection is not None:
            # The device may be known by another address by now.
            left = self._by_address.get(connection.counted_as, 0) - 1
            if left > 0:
                self._by_address[connection.counted_as] = left
            else:
                self._by_address.pop(connection.counted_as, None)
        return connection

    def of(self, connection_id: str) -> OpenConnection:
        """Return an open connection. Raises KeyError."""
        return self._open[connection_id]

    def holds_until(self, moment: datetime) -> None:
        """Write down that something was allowed until *moment* (aware)."""
        if self.next_change is None or moment < self.next_change:
            self.next_change = moment

    def no_longer_allowed(self, snapshot: Snapshot, moment: datetime) -> list[str]:
        """Judge every connection anew at *moment* (aware); return the ids of those to close."""
        self.next_change = None
        return [each.id for each in self if not self._is_allowed(each, snapshot, moment)]

    def _is_allowed(
        self, connection: OpenConnection, snapshot: Snapshot, moment: datetime
    ) -> bool:
        subject = snapshot.subject_at(self.known_as(connection.address), moment)
        if connection.passed is not None:
            answer = on_connect(subject, connection.passed, snapshot, moment)
            if not isinstance(answer, PassThrough):
                return False
            self.holds_until(answer.judged.decision.valid_until)
        for resources in connection.requests.values():
            for resource in resources:
                decision = decide(Request(subject, resource), snapshot, moment)
                if decision.verdict is not Verdict.ALLOW:
                    return False
                self.holds_until(decision.valid_until)
        return True
