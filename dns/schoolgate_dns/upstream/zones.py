"""
Zones that belong to servers of their own, and reverse zones that belong to nobody outside.

A Windows domain's names are known to its domain controllers alone, and so are the reverse names of
the school's own addresses. What its machines tell their servers (dynamic updates, and the keys to
sign them) is passed on whole. Private addresses of no such zone have no names anywhere: asking the
internet about them would only tell it about the school. Sources: RFC 2136, RFC 6303, RFC 7793.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from schoolgate_dns.errors import NoUpstreamError, UpstreamUnreachable
from schoolgate_dns.messages import Lookup, Rcode, Reply
from schoolgate_dns.messages.preparse import MAX_LABEL_OCTETS, MAX_NAME_OCTETS
from schoolgate_dns.metrics.histogram import Histogram
from schoolgate_dns.upstream.question import Told
from schoolgate_dns.upstream.upstreams import Upstreams


def wire_name(text: str) -> bytes:
    """Return a zone's name in wire form and lower case. Raises NoUpstreamError if it is none."""
    labels = text.lower().removesuffix(".").split(".")
    name = b"".join(len(each).to_bytes(2)[1:] + each.encode(errors="replace") for each in labels)
    if (
        not text.isascii()
        or not all(0 < len(each) <= MAX_LABEL_OCTETS for each in labels)
        or len(name) >= MAX_NAME_OCTETS
    ):
        raise NoUpstreamError(
            f"dns.zones: `{text}` is no zone's name; give it as it is asked for, "
            "school.example or 1.168.192.in-addr.arpa"
        )
    return name + b"\0"


# RFC 6303 section 4 and RFC 7793: reverse zones that are the same nowhere.
LOCALLY_EMPTY: Final = frozenset(
    wire_name(f"{zone}.arpa")
    for zone in (
        *(f"{octet}.in-addr" for octet in (0, 10, 127)),
        "254.169.in-addr",
        *(f"{octet}.172.in-addr" for octet in range(16, 32)),
        "168.192.in-addr",
        *(f"{octet}.100.in-addr" for octet in range(64, 128)),
        *("2.0.192.in-addr", "100.51.198.in-addr", "113.0.203.in-addr"),
        "255.255.255.255.in-addr",
        *(f"{'.'.join(nibble + '0' * 31)}.ip6" for nibble in "01"),
        *("c.f.ip6", "d.f.ip6"),
        *(f"{nibble}.e.f.ip6" for nibble in "89ab"),
        "8.b.d.0.1.0.0.2.ip6",
    )
)


class ZonedResolver:
    """
    Asks the upstreams of a name's zone, the longest that fits, and *default* without one.

    *zones* are by name in wire form, lower case.
    """

    def __init__(self, default: Upstreams, zones: Mapping[bytes, Upstreams]) -> None:
        self._default = default
        self._zones = zones
        self._endings = tuple(zones)
        self._above_zones = frozenset(above for zone in zones for above in _with_parents(zone))

    async def resolve(self, lookup: Lookup) -> Reply:
        """Return the reply to *lookup*. Raises UpstreamError."""
        return await self._asked_for(lookup.name).resolve(lookup)

    def begin(self, lookup: Lookup, told: Told) -> None:
        """Do what `resolve` does, and tell *told* of it; see `Upstreams.begin`."""
        self._asked_for(lookup.name).begin(lookup, told)

    def is_own_zone(self, name: bytes) -> bool:
        """Whether *name* (wire form) belongs to a server of its own."""
        name = name.lower()
        # Nearly no name ends like a zone; where labels begin, only those have to be asked.
        return name.endswith(self._endings) and self._upstreams_for(name) is not None

    async def relay(self, octets: bytes, name: bytes) -> bytes:
        """
        Return what *name*'s own server says to the whole message *octets*, under its own id.

        Raises UpstreamError, also where *name* is of no own zone: to the internet nothing is
        passed on whole.
        """
        upstreams = self._upstreams_for(name.lower())
        if upstreams is None:
            raise UpstreamUnreachable("the name is of no zone that has a server of its own")
        return await upstreams.relay(octets)

    def local_rcode(self, name: bytes) -> Rcode | None:
        """
        Return what a locally empty *name* is answered, None for any other.

        The empty zones themselves exist, without records, and so does what is above an own zone:
        that they did not would tell clients that nothing below them does (RFC 8020).
        """
        if not name.endswith(b"\4arpa\0") and not name.lower().endswith(b"\4arpa\0"):
            return None
        name = name.lower()
        if self._upstreams_for(name) is not None:
            return None
        if name in LOCALLY_EMPTY:
            return Rcode.NOERROR
        if not any(each in LOCALLY_EMPTY for each in _with_parents(name)):
            return None
        return Rcode.NOERROR if name in self._above_zones else Rcode.NXDOMAIN

    def counts(self) -> Mapping[str, dict[str, int]]:
        """Return what was counted of every upstream, the zones' own included."""
        counted = dict(self._default.counts())
        for upstreams in self._zones.values():
            for name, counts in upstreams.counts().items():
                known = counted.get(name, {})
                counted[name] = {key: known.get(key, 0) + count for key, count in counts.items()}
        return counted

    def round_trips(self) -> Mapping[str, Histogram]:
        """Return how long usable replies took, by upstream, the zones' own included."""
        found: dict[str, Histogram] = {}
        for upstreams in (self._default, *self._zones.values()):
            for name, histogram in upstreams.round_trips().items():
                found[name] = histogram.joined(found[name]) if name in found else histogram
        return found

    async def close(self) -> None:
        """Give up what is waiting, everywhere."""
        for upstreams in {self._default, *self._zones.values()}:
            await upstreams.close()

    def _asked_for(self, name: bytes) -> Upstreams:
        # Most schools have no such zone.
        return (self._upstreams_for(name) if self._zones else None) or self._default

    def _upstreams_for(self, name: bytes) -> Upstreams | None:
        for each in _with_parents(name):
            upstreams = self._zones.get(each)
            if upstreams is not None:
                return upstreams
        return None


def _with_parents(name: bytes) -> Iterator[bytes]:
    """Yield *name* (wire form), then each name above it but the root."""
    at = 0
    while name[at : at + 1] not in (b"", b"\0"):
        yield name[at:]
        at += 1 + name[at]
