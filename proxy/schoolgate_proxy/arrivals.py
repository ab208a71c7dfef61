"""
The steps of a connection that the firewall brought: a name proves itself or there is no service.

The name in the ClientHello is the only one there is, so it plays the part of the CONNECT's as
well; the address that the client wanted is evidence and leads nowhere.
"""

from dataclasses import dataclass

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import AddressLiteral, DomainName, Host, parse_host
from schoolgate_proxy.connections import OpenConnection
from schoolgate_proxy.door.hello import Hello
from schoolgate_proxy.door.original import Original
from schoolgate_proxy.judging import Judging, Located
from schoolgate_proxy.requests import (
    Attempt,
    CloseConnection,
    LookInside,
    PassThrough,
    on_hello,
)
from schoolgate_proxy.resolve import Destination

# The names that hellos bear in the open when the one meant is encrypted. Browsers put noise into
# the same place, under the name they mean, so the place itself says nothing (RFC 9849). DNS
# gives the closely filtered no keys to encrypt with.
COVER_NAMES = frozenset({DomainName("cloudflare-ech.com"), DomainName("encryptedsni.com")})


@dataclass(frozen=True, slots=True)
class Pass:
    """The bytes go untouched to the first of *addresses* that answers."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HandOver:
    """The connection is looked into; what leads on is checked for each request."""

    leads_to: str


@dataclass(frozen=True, slots=True)
class Shut:
    """The connection ends without an answer."""


Arrival = Pass | HandOver | Shut


class Arrivals:
    """Decides the first step of the connections in *judging*."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self.connections = judging.connections

    async def hello(self, connection: OpenConnection, original: Original, hello: Hello) -> Arrival:
        """Answer a ClientHello."""
        _note(connection, original)
        host = _named(hello)
        if host is None:
            self._judging.nameless(connection, Attempt.NO_NAME)
            return Shut()
        located = await self._judging.locate(connection, host)
        subject, snapshot, moment = self._judging.asker(connection)
        answer = on_hello(subject, located.asked, None, snapshot, moment)
        if hello.has_encrypted and host in COVER_NAMES and subject.is_closely_filtered:
            answer = CloseConnection(answer.judged, Attempt.ENCRYPTED_NAME)
        if isinstance(answer, CloseConnection):
            self._judging.blocked(connection, answer.judged, answer.attempt)
            return Shut()
        where = located.where
        is_seen_into = subject.inspectable and not snapshot.is_never_inspected(host)
        if isinstance(answer, PassThrough) and isinstance(where, Destination):
            self._lead(connection, located, original.port)
            return self._passing(connection, answer, where)
        if isinstance(answer, LookInside) or is_seen_into:
            # What cannot be reached is handed over as well: the reason is shown inside.
            self._lead(connection, located, original.port)
            return HandOver(connection.leads_to or host.text)
        return Shut()

    def http(self, connection: OpenConnection, original: Original) -> HandOver:
        """Answer the first bytes of HTTP: each request is decided by its Host."""
        _note(connection, original)
        return HandOver(original.address)

    def neither(self, connection: OpenConnection, original: Original) -> None:
        """Record that something else than TLS or HTTP was tried."""
        _note(connection, original)
        self._judging.nameless(connection, Attempt.TUNNEL)

    def did_not_answer(self, address: str) -> None:
        """Have other addresses of its hosts tried before *address*."""
        self._judging.resolver.avoid(address)

    def _passing(
        self, connection: OpenConnection, answer: PassThrough, where: Destination
    ) -> Pass:
        connection.passed = connection.connect
        self.connections.holds_until(answer.judged.decision.valid_until)
        self._judging.allowed(connection, answer.judged)
        return Pass(where.addresses)

    def _lead(self, connection: OpenConnection, located: Located, port: int) -> None:
        connection.connect = located.asked
        if isinstance(located.where, Destination):
            connection.leads_to = located.where.addresses[0]
            connection.pin(connection.leads_to, port)


def _note(connection: OpenConnection, original: Original) -> None:
    connection.meant_for, connection.meant_port = original.address, original.port


def _named(hello: Hello) -> Host | None:
    """Return the name that *hello* bears; an address is none (RFC 6066 section 3)."""
    if hello.name is None:
        return None
    try:
        host = parse_host(hello.name)
    except NameSyntaxError:
        return None
    return None if isinstance(host, AddressLiteral) else host
