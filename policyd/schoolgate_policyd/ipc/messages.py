"""
The messages between policyd, the enforcement points and the pages.

Each is one msgpack value in a frame: four octets of length, most significant first, then the
value. A point says `Hello`, gets the newest snapshot, then one revision after another, and
acknowledges each when it is in force. Events go the other way and leave the sender's spool only
when `EventsStored` names them.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.subjects import Audience, DeviceKind

MAX_FRAME_OCTETS = 64 * 1024 * 1024


class PointKind(StrEnum):
    """The kinds of enforcement point, and policyd itself, which sends events alone."""

    DNS = "dns"
    PROXY = "proxy"
    FIREWALL = "firewall"
    POLICYD = "policyd"


class Direction(StrEnum):
    """Whether a revision tightens (DNS first) or loosens (the proxy first)."""

    TIGHTEN = "tighten"
    LOOSEN = "loosen"


class Blocked(msgspec.Struct, frozen=True, tag="blocked", gc=False):
    """
    A request that was blocked, or *count* alike ones between *at* and *last_at*.

    *at* and *last_at* are machine time, *school_at* is the school's clock (all aware). *person*
    is a pseudonymous id. *page* is the URL without user information, where it was seen.
    *rules* are rule ids, *citations* their clauses. *attempt* names a way round the filter
    (`circumvention`, `name-mismatch`, ...), None for an ordinary block, and *evidence* says in
    words what was seen of it beside the name.
    """

    at: datetime
    school_at: datetime
    last_at: datetime
    point: PointKind
    client: str
    audience: Audience
    device: DeviceKind
    network: str
    host: str
    rules: tuple[str, ...]
    citations: tuple[str, ...]
    person: str | None = None
    device_id: str | None = None
    page: str | None = None
    services: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    attempt: str | None = None
    count: int = 1
    evidence: str | None = None


class AllowedCount(msgspec.Struct, frozen=True, tag="allowed", gc=False):
    """
    How often a client was allowed a name in one minute (machine time, aware).

    *person* is a pseudonymous id and *audience* theirs, as `Blocked` has them; *services* and
    *categories* are what the name belonged to when it was asked for.
    """

    minute: datetime
    point: PointKind
    client: str
    host: str
    count: int
    audience: Audience | None = None
    person: str | None = None
    services: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


class Noticed(msgspec.Struct, frozen=True, tag="noticed"):
    """
    Something about a client that somebody should look into, though nothing was blocked.

    *at* is machine time (aware). *kind* names what it is (`many-devices`), *evidence* says in
    words what was seen. What is about the gateway itself (`clock`) names no client.
    """

    at: datetime
    point: PointKind
    client: str
    network: str
    kind: str
    evidence: str


Event = Blocked | AllowedCount | Noticed


class NumberedEvent(msgspec.Struct, frozen=True):
    """An event with its place in its sender's sequence, which starts at 1 for each boot."""

    sequence: int
    event: Event


# From a point to policyd.


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """
    A point introduces itself; *have* is the number of the snapshot it decides with, or 0.

    *digest* is that of its source (`last_snapshot.digest_of`): policyd need not send the same.
    """

    kind: PointKind
    name: str
    boot: str
    have: int
    digest: str = ""


class Acknowledged(msgspec.Struct, frozen=True, tag="acknowledged"):
    """Revision *number* is in force at the sender."""

    number: int


class EventBatch(msgspec.Struct, frozen=True, tag="event-batch"):
    """Events of one *sender* and *boot*, in order."""

    sender: str
    boot: str
    events: tuple[NumberedEvent, ...]


# From policyd to a point.


class FullSnapshot(msgspec.Struct, frozen=True, tag="full-snapshot"):
    """A new source of everything; its number is the revision's."""

    source: Source


class LiveChanged(msgspec.Struct, frozen=True, tag="live-changed"):
    """Grants, claims, restrictions or standing permissions changed: the whole of them."""

    number: int
    live: Live


class InForceEverywhere(msgspec.Struct, frozen=True, tag="in-force-everywhere"):
    """Every point has acknowledged *number*: flows that are no longer allowed are cut now."""

    number: int


class EventsStored(msgspec.Struct, frozen=True, tag="events-stored"):
    """Every event of *boot* up to *sequence* is stored and may leave the spool."""

    boot: str
    sequence: int


# From the pages and the command line to policyd, and its answer.


class Wake(msgspec.Struct, frozen=True, tag="wake"):
    """The store has changed; answered with `Status` once the change has been sent."""


class StatusQuery(msgspec.Struct, frozen=True, tag="status-query"):
    """The question what is in force where."""


class PointStatus(msgspec.Struct, frozen=True):
    """
    One point: the newest revision that it acknowledged and whether it is connected.

    *pid* is its process, as the kernel says; 0 where that is not known.
    """

    kind: PointKind
    name: str
    acknowledged: int
    is_connected: bool
    unacknowledged_for_s: float = 0.0
    pid: int = 0


class Status(msgspec.Struct, frozen=True, tag="status"):
    """
    The newest revision, the store version it was made from, and every point.

    *in_force_version* is the newest store version that every connected point has acknowledged.
    *faults* are sentences about what is not as it should be: rule files that could not be loaded,
    of which the last good ones are kept, lists, and a clock that is not to be trusted.
    """

    number: int
    store_version: int
    in_force_version: int
    points: tuple[PointStatus, ...]
    faults: tuple[str, ...] = ()


ToPolicyd = Hello | Acknowledged | EventBatch | Wake | StatusQuery
ToPoint = FullSnapshot | LiveChanged | InForceEverywhere | EventsStored
