"""
An upstream without encryption: UDP, and TCP where UDP would not do.

What an upstream cannot do (keep a question's capitals, understand EDNS) is found out over TCP,
where nobody else can have said it, and then remembered for an hour.
"""

import asyncio
import ipaddress
import time
from functools import partial
from typing import Final

import structlog

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Lookup, layout, wire
from schoolgate_dns.resolvers import UpstreamPlace
from schoolgate_dns.upstream.awaited import Doubt, Doubtful
from schoolgate_dns.upstream.connections import exchange
from schoolgate_dns.upstream.counts import Counts
from schoolgate_dns.upstream.datagrams import Datagrams
from schoolgate_dns.upstream.hearing import Heard, Hearing, Outcome, heard_of
from schoolgate_dns.upstream.together import Together

REMEMBERED_S: Final = 3600.0
# So often in a row a doubt may stand where the upstream has no TCP to ask; then it is believed.
MAX_UNPROVEN: Final = 3
_CAPITALS: Final = b"\x20" * 255

log = structlog.get_logger(__name__)


class PlainTransport:
    """
    See `CallingTransport`: nearly every question is one datagram, and its answer another.

    With *together* questions share ports, which is for an upstream that nobody can forge; where
    the system has no calls for it each has one of its own all the same.
    """

    def __init__(self, place: UpstreamPlace, timeout_s: float, *, together: bool = False) -> None:
        self.name = str(place)
        self.counts = Counts()
        self.is_proven = ipaddress.ip_address(place.place.address).is_loopback
        self._place = place.place
        self._timeout_s = timeout_s
        self._datagrams = self._open_datagrams(together=together)
        self._hearing = Hearing()
        self._unproven = 0
        self._no_capitals_until_s = 0.0
        self._no_edns_until_s = 0.0

    def begin(self, lookup: Lookup, heard: Heard) -> None:
        """See `CallingTransport`."""
        since_s = time.monotonic()
        with_edns = since_s >= self._no_edns_until_s
        heard_here = _Hearer(self, lookup, heard, since_s, with_edns=with_edns)
        self._begin(lookup, heard_here, since_s, with_edns=with_edns)

    async def ask(self, lookup: Lookup) -> bytes:
        """See `Transport`."""
        return await heard_of(partial(self.begin, lookup))

    async def relay(self, octets: bytes) -> bytes:
        """See `Transport`."""
        async with asyncio.timeout(self._timeout_s):
            return await exchange(self._place, octets)

    async def close(self) -> None:
        """See `Transport`."""
        self._datagrams.close()
        await self._hearing.close()

    def _open_datagrams(self, *, together: bool) -> Datagrams | Together:
        if together:
            try:
                return Together(
                    self._place, self._timeout_s, self._count_mismatched, self._count_late
                )
            except (AttributeError, OSError) as error:
                log.warning("questions leave one by one, which is slower", cause=str(error))
        return Datagrams(self._place, self._timeout_s, self._count_mismatched)

    def _count_mismatched(self) -> None:
        self.counts.mismatched += 1

    def _count_late(self) -> None:
        self.counts.late += 1

    def _remember(self, cannot: Doubt, since_s: float) -> None:
        is_capitals = cannot is Doubt.CAPITALS
        if since_s < (self._no_capitals_until_s if is_capitals else self._no_edns_until_s):
            return
        if is_capitals:
            self._no_capitals_until_s = since_s + REMEMBERED_S
        else:
            self._no_edns_until_s = since_s + REMEMBERED_S
        what = "forged replies are easier to guess" if is_capitals else "no DNSSEC"
        log.warning("an upstream is old", upstream=self.name, sent=cannot.value, so=what)

    def _begin(self, lookup: Lookup, heard: Heard, since_s: float, *, with_edns: bool) -> None:
        keeps_capitals = since_s >= self._no_capitals_until_s
        try:
            self._datagrams.begin(
                lookup, heard, keeps_capitals=keeps_capitals, with_edns=with_edns
            )
        except OSError as error:
            heard(error)

    def hear(
        self, lookup: Lookup, heard: Heard, since_s: float, outcome: Outcome, *, with_edns: bool
    ) -> None:
        """Tell *heard* what came by UDP, unless more has to be asked because of it."""
        if isinstance(outcome, bytes):
            self._unproven = 0
            try:
                is_enough = not wire.is_truncated(outcome) and not (
                    with_edns and wire.is_refusal_of_edns(outcome)
                )
            except WireError as error:
                heard(error)
                return
            if is_enough:
                heard(outcome)
                return
        elif not isinstance(outcome, Doubtful):
            heard(outcome)
            return
        asking = self._ask_further(outcome, lookup, since_s, with_edns=with_edns)
        self._hearing.start(asking, heard)

    async def _ask_further(
        self, came: bytes | Doubtful, lookup: Lookup, since_s: float, *, with_edns: bool
    ) -> bytes:
        """Return the reply that what *came* by UDP is not yet. Raises OSError and WireError."""
        octets = await self._whole(came, lookup, since_s, with_edns=with_edns)
        if with_edns and wire.is_refusal_of_edns(octets):
            octets = await self._ask_without_edns(lookup, since_s)
            if not wire.is_refusal_of_edns(octets):
                self._remember(Doubt.NO_EDNS, since_s)
        return octets

    async def _ask_without_edns(self, lookup: Lookup, since_s: float) -> bytes:
        came: bytes | Doubtful
        try:
            came = await heard_of(
                lambda heard: self._begin(lookup, heard, since_s, with_edns=False)
            )
            self._unproven = 0
        except Doubtful as doubtful:
            came = doubtful
        return await self._whole(came, lookup, since_s, with_edns=False)

    async def _whole(
        self, came: bytes | Doubtful, lookup: Lookup, since_s: float, *, with_edns: bool
    ) -> bytes:
        """Return what *came* by UDP, or what TCP has instead where that is not a whole reply."""
        if isinstance(came, Doubtful):
            return await self._ask_to_be_sure(came, lookup, since_s, with_edns=with_edns)
        if wire.is_truncated(came):
            return await self._ask_by_tcp(lookup, since_s, with_edns=with_edns)
        return came

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
        if not octets.startswith(name, layout.HEADER_OCTETS):
            self._remember(Doubt.CAPITALS, since_s)
        return octets


class _Hearer:
    """Has *transport* hear what comes by UDP; see `PlainTransport.hear`."""

    __slots__ = ("_heard", "_lookup", "_since_s", "_transport", "_with_edns")

    def __init__(
        self,
        transport: PlainTransport,
        lookup: Lookup,
        heard: Heard,
        since_s: float,
        *,
        with_edns: bool,
    ) -> None:
        self._transport = transport
        self._lookup = lookup
        self._heard = heard
        self._since_s = since_s
        self._with_edns = with_edns

    def __call__(self, outcome: Outcome) -> None:
        self._transport.hear(
            self._lookup, self._heard, self._since_s, outcome, with_edns=self._with_edns
        )
