"""Who asks: the subject behind the client's address, with the snapshot and moment to judge by."""

import ipaddress
import socket
from collections.abc import Callable
from datetime import datetime

import msgspec

from schoolgate_dns.decider import Decider
from schoolgate_dns.messages import Query
from schoolgate_dns.stages.reach import EVERYWHERE, Reach
from schoolgate_dns.stages.source import Links, NoLinks, Source
from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject


class Asked(msgspec.Struct, frozen=True, gc=False):
    """
    A query, who asks it, and by what it is judged.

    INVARIANT: *subject* was known to *snapshot* at *moment* (the school's clock), and all that
    is decided about this query is decided with these two.

    *client* is the address by which the device is known, *source* the one that it asks from;
    *reach* is where it can go with an answer.
    """

    query: Query
    client: str
    subject: Subject
    snapshot: Snapshot
    moment: datetime
    source: Source = Source(b"", "")
    reach: Reach = EVERYWHERE


class WhoAsks:
    """Finds the subject with the snapshot in force at the school's time; *links* know devices."""

    def __init__(
        self,
        decider: Decider,
        school_now: Callable[[], datetime],
        links: Links = NoLinks(),  # noqa: B008 - it knows nothing
    ) -> None:
        self._decider = decider
        self._school_now = school_now
        self._links = links

    def identify(self, query: Query, client: str) -> Asked:
        """Return *query* with whoever asks from the address *client*, now."""
        snapshot, moment = self._decider.snapshot, self._school_now()
        source = self._links.source_at(client)
        subject = snapshot.subject_at(source.known_as, moment)
        reach = self._links.reach_of(source, subject.network)
        return Asked(query, source.known_as, subject, snapshot, moment, source, reach)

    def still(self, asked: Asked, decision: Decision) -> Asked | None:
        """Return *asked* as of now while *decision* holds, None where it has to be made anew."""
        moment = self._school_now()
        if asked.snapshot is not self._decider.snapshot:
            return None
        # A decision holds no longer than its subject is known.
        if not asked.moment <= moment < decision.valid_until:
            return None
        return msgspec.structs.replace(asked, moment=moment)


def client_address(address: str) -> str:
    """Return the address of a peer as registers write it: no zone, IPv4 as IPv4."""
    if ":" not in address:
        return address
    parsed = ipaddress.IPv6Address(address.partition("%")[0])
    return str(parsed if parsed.ipv4_mapped is None else parsed.ipv4_mapped)


def address_of(packed: bytes) -> str:
    """Return a packed address as registers write it."""
    if len(packed) == 4:  # noqa: PLR2004 - an IPv4 address has four octets
        return socket.inet_ntop(socket.AF_INET, packed)
    return client_address(socket.inet_ntop(socket.AF_INET6, packed))


def packed_address(address: str) -> bytes:
    """Return an address, as registers write it, packed. Raises OSError for any other text."""
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
