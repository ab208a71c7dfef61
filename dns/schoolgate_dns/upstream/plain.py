"""
An upstream without encryption: UDP, and TCP where UDP would not do.

What an upstream cannot do (keep a question's capitals, understand EDNS) is found out over TCP,
where nobody else can have said it, and then remembered for an hour.
"""

import asyncio
import time

import structlog

from schoolgate_dns import preparse, wire
from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Lookup
from schoolgate_dns.resolvers import UpstreamPlace
from schoolgate_dns.upstream.connections import exchange
from schoolgate_dns.upstream.datagrams import Datagrams, Doubt, Doubtful
from schoolgate_dns.upstream.transport import Counts

REMEMBERED_S = 3600.0
# So often in a row a doubt may stand where the upstream has no TCP to ask; then it is believed.
MAX_UNPROVEN = 3
_CAPITALS = b"\x20" * 255

log = structlog.get_logger(__name__)


class PlainTransport:
    """See `Transport`."""

    def __init__(self, place: UpstreamPlace, timeout_s: float) -> None:
        self.name = str(place)
        self.counts = Counts()
        self._place = place.place
        self._timeout_s = timeout_s
        self._datagrams = Datagrams(place.place, timeout_s, self._count_mismatched)
        self._unproven = 0
        self._cannot_until_s = {Doubt.CAPITALS: 0.0, Doubt.NO_EDNS: 0.0}

    async def ask(self, lookup: Lookup) -> bytes:
        """See `Transport`."""
        since_s = time.monotonic()
        with_edns = since_s >= self._cannot_until_s[Doubt.NO_EDNS]
        octets = await self._ask(lookup, since_s, with_edns=with_edns)
        if with_edns and wire.is_refusal_of_edns(octets):
            octets = await self._ask(lookup, since_s, with_edns=False)
            if not wire.is_refusal_of_edns(octets):
                self._remember(Doubt.NO_EDNS, since_s)
        return octets

    async def relay(self, octets: bytes) -> bytes:
        """See `Transport`."""
        async with asyncio.timeout(self._timeout_s):
            return await exchange(self._place, octets)

    async def close(self) -> None:
        """See `Transport`."""
        self._datagrams.close()

    def _count_mismatched(self) -> None:
        self.counts.mismatched += 1

    def _remember(self, cannot: Doubt, since_s: float) -> None:
        if since_s >= self._cannot_until_s[cannot]:
            self._cannot_until_s[cannot] = since_s + REMEMBERED_S
            what = (
                "forged replies are easier to guess" if cannot is Doubt.CAPITALS else "no DNSSEC"
            )
            log.warning("an upstream is old", upstream=self.name, sent=cannot.value, so=what)

    async def _ask(self, lookup: Lookup, since_s: float, *, with_edns: bool) -> bytes:
        keeps_capitals = since_s >= self._cannot_until_s[Doubt.CAPITALS]
        try:
            octets = await self._datagrams.ask(
                lookup, keeps_capitals=keeps_capitals, with_edns=with_edns
            )
        except Doubtful as doubtful:
            return await self._ask_to_be_sure(doubtful, lookup, since_s, with_edns=with_edns)
        self._unproven = 0
        if wire.is_truncated(octets):
            return await self._ask_by_tcp(lookup, since_s, with_edns=with_edns)
        return octets

    async def _ask_to_be_sure(
        self, doubtful: Doubtful, lookup: Lookup, since_s: float, *, with_edns: bool
    ) -> bytes:
        try:
            return await self._ask_by_tcp(lookup, since_s, with_edns=with_edns)
        except OSError:
            if doubtful.doubt is not Doubt.GUESSED:
                self._unproven += 1
                if self._unproven >= MAX_UNPROVEN:
                    self._remember(doubtful.doubt, since_s)
            raise

    async def _ask_by_tcp(self, lookup: Lookup, since_s: float, *, with_edns: bool) -> bytes:
        """Return the whole reply, within what the timeout leaves since *since_s*."""
        self.counts.tcp += 1
        # Nobody can guess here: the capitals are to see whether they are kept.
        name = wire.mixed_case(lookup.name, _CAPITALS[: len(lookup.name)])
        query = wire.query_for(lookup, 0, name=name, with_edns=with_edns)
        async with asyncio.timeout(since_s + self._timeout_s - time.monotonic()):
            octets = await exchange(self._place, query)
        if wire.is_bare_refusal(octets):
            return octets
        if not wire.is_reply_to(octets, lookup, 0) or wire.is_truncated(octets):
            raise WireError("over TCP came something else than the answer")
        if not octets.startswith(name, preparse.HEADER_OCTETS):
            self._remember(Doubt.CAPITALS, since_s)
        return octets
