"""
The bell: what is no longer allowed loses its way, within a second of what changed it.

Each lead is judged when it comes and at every moment that could change the verdict on it. A way
is open while all the leads that have it are allowed; while some are not, the proxy judges its
connections by their names; when none is, it is closed. What is allowed again finds its way open.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime

import structlog

from schoolgate_firewall.journal import Telling
from schoolgate_firewall.judging import Judge
from schoolgate_firewall.positions import Connections, Position, Positions
from schoolgate_firewall.way_parts import ends_of, packed
from schoolgate_firewall.ways_memory import Lead, WaysMemory
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.netfilter.ways import Told, Way

# So long the loop may do one thing before whatever else waits has its turn: DNS tells on.
SLICE_S = 0.005
# Devices come and go all the time; a bell does not wait for this.
BETWEEN_IDENTITIES_S = 0.5
_LOOKED_AT_ONCE = 64
# A client learns that its connection is cut when it next says something, and in a download that
# is when more of it comes: the kernel forwards answers so long before it forgets the connection.
TOLD_WITHIN_S = 0.2

log = structlog.get_logger(__name__)


class Sweeper:
    """
    Keeps the positions of ways true to the newest verdicts.

    *school_now* is the school's clock, *monotonic* one that never goes back.
    """

    def __init__(
        self,
        memory: WaysMemory,
        judge: Judge,
        positions: Positions,
        connections: Connections,
        *,
        school_now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._memory = memory
        self._judge = judge
        self._positions = positions
        self._connections = connections
        self._school_now = school_now
        self._monotonic = monotonic
        self._sweeping = asyncio.Lock()
        self._ending = asyncio.Lock()
        self._unended: frozenset[tuple[bytes, bytes]] = frozenset()
        self._is_well = True
        self._next_change: datetime | None = None
        self._swept = judge.generation
        self._swept_identities = judge.identities
        self._swept_at_s = 0.0

    @property
    def has_rung(self) -> bool:
        """Whether a bell has rung since the last sweep: verdicts may have changed."""
        if self._swept != self._judge.generation:
            return True
        return self._next_change is not None and self._school_now() >= self._next_change

    @property
    def is_due(self) -> bool:
        """Whether a bell has rung, or somebody may have turned out to be somebody else."""
        if self.has_rung:
            return True
        is_rested = self._monotonic() - self._swept_at_s >= BETWEEN_IDENTITIES_S
        return is_rested and self._swept_identities != self._judge.identities

    def take(self, told: Told) -> None:
        """
        Judge what DNS has told now: the bell may have rung since it was answered.

        What is no name is passed over; its ways are nobody's, and closed at the next bell. Ways
        that find no room are judged by name at once: another name may have them, and then they
        were not found at the bell.
        """
        now_s = self._now_s()
        try:
            lead, ways = self._memory.take(told, now_s)
        except NameSyntaxError:
            return
        self._judge_lead(lead, self._school_now())
        self._take_link(lead, told)
        if lead.is_help_line:
            self._memory.note_help_line(told.ways)
        for way in ways:
            # DNS has opened it, wherever it stood.
            stood, meant = self._positions.of(way), self._meant_for(way, now_s)
            if meant is not Position.OPEN or stood is not Position.OPEN:
                self._move(way, meant, now_s)
        for way in told.ways:
            if way not in lead.ways:
                self._positions.close_unknown(way, now_s)

    def know_again(self, tellings: Iterable[Telling]) -> None:
        """
        Remember what an earlier process was told, before anything else is; nothing opens.

        Each name is judged for the moment that is now, and what must be closed is with the next
        `settle`.
        """
        for telling in tellings:
            try:
                lead, _ = self._memory.take(telling.told, int(telling.second))
            except NameSyntaxError:
                continue
            lead.link = ends_of(telling.told.ways[0]).link or lead.link
        now_s, moment = self._now_s(), self._school_now()
        leads = self._memory.leads()
        for lead in leads:
            self._judge_lead(lead, moment)
            if lead.is_help_line:
                self._memory.note_help_line(lead.ways)
        for way in {way for lead in leads for way in lead.ways}:
            meant = self._meant_for(way, now_s)
            if meant is not Position.OPEN and meant is not self._positions.of(way):
                self._move(way, meant, now_s)

    async def sweep(self) -> int:
        """Judge what has to be judged anew, move its ways; return how many moved."""
        async with self._sweeping:
            generation, identities = self._judge.generation, self._judge.identities
            self._next_change, self._swept_at_s = None, self._monotonic()
            moved = 0
            # Who has which address, asked once for each client.
            links: dict[str, Link | None] | None = None
            if identities != self._swept_identities:
                links = {}
            slice_ends, moment = time.perf_counter() + SLICE_S, self._school_now()
            for number, lead in enumerate(self._memory.leads()):
                is_moved = links is not None and self._has_left(lead, links)
                if self._judge_lead(lead, moment) or is_moved:
                    moved += self._move_ways_of(lead)
                if number % _LOOKED_AT_ONCE == 0 and time.perf_counter() > slice_ends:
                    self._positions.make(self._now_s())
                    await asyncio.sleep(0)
                    slice_ends, moment = time.perf_counter() + SLICE_S, self._school_now()
            self._swept, self._swept_identities = generation, identities
        await self.settle()
        return moved

    async def settle(self) -> None:
        """Make the moves that are due, and end the connections that must end."""
        made = self._positions.make(self._now_s())
        while made:
            await asyncio.sleep(0)
            # What the kernel refused is not counted, and tried again the next time.
            made = self._positions.make(self._now_s())
        ending = self._positions.take_to_end() | self._unended
        if ending:
            await asyncio.sleep(TOLD_WITHIN_S)
            await self.end(ending)

    async def end(self, pairs: frozenset[tuple[bytes, bytes]]) -> None:
        """Have the kernel forget the connections of *pairs*: clients and destinations, packed."""
        if not pairs:
            return
        self._unended -= pairs
        try:
            async with self._ending:
                # The whole table of connections is read, which takes its time. What goes by the
                # proxy is the proxy's to end: other names may share the address.
                ended = await asyncio.to_thread(
                    self._connections.end_many, pairs, only_direct=True
                )
        except NetfilterError as error:
            # The ways are gone all the same, and whatever moves within seconds is cut. What is
            # quiet would go on later, so it is tried again.
            if self._is_well:
                log.error("connections cannot be ended", cause=str(error))  # noqa: TRY400 - the cause says all
            self._is_well = False
            self._unended |= pairs
            return
        self._is_well = True
        if ended:
            log.info("connections ended at the bell", count=ended)

    async def end_all_of(self, clients: Collection[bytes], links: Collection[Link]) -> None:
        """
        Have the kernel forget every connection by a way from these *clients*; their ways stay.

        *clients* are addresses, packed, and *links* those of them that are on one.
        """
        pairs: set[tuple[bytes, bytes]] = set()
        slice_ends = time.perf_counter() + SLICE_S
        for number, lead in enumerate(self._memory.leads()):
            for way in lead.ways:
                ends = ends_of(way)
                if ends.client in clients or ends.link in links:
                    of_way = self._positions.pairs_of(way)
                    pairs.update(pair for pair in of_way if pair[0] in clients)
            if number % _LOOKED_AT_ONCE == 0 and time.perf_counter() > slice_ends:
                await asyncio.sleep(0)
                slice_ends = time.perf_counter() + SLICE_S
        await self.end(frozenset(pairs))

    def close_unknown(self, ways: Iterable[Way]) -> int:
        """Close those of *ways* that no lead has; return how many that are."""
        unknown = [way for way in ways if not self._memory.knows(way)]
        for way in unknown:
            self._positions.close_unknown(way, self._now_s())
        return len(unknown)

    def _judge_lead(self, lead: Lead, moment: datetime) -> bool:
        """Judge *lead* where that is due; whether the verdict on it changed."""
        changed = False
        if not self._judge.is_judged(lead, moment):
            changed = self._judge.judge(lead, moment)
            if changed:
                lead.closed_at_s = None if lead.is_allowed else self._now_s()
        if self._next_change is None or lead.valid_until < self._next_change:
            self._next_change = lead.valid_until
        return changed

    def _take_link(self, lead: Lead, told: Told) -> None:
        """Take note which device *told* is about, and close what the last one had of *lead*."""
        link = ends_of(told.ways[0]).link if told.ways else None
        if link is None or link == lead.link:
            return
        is_anothers = lead.link is not None
        lead.link = link
        if is_anothers:
            self._move_ways_of(lead)

    def _has_left(self, lead: Lead, links: dict[str, Link | None]) -> bool:
        """Whether another device has the address of *lead*'s now; *links* are those known."""
        if lead.client not in links:
            links[lead.client] = self._judge.link_of(lead.client)
        link = links[lead.client]
        if link is None or link == lead.link:
            return False
        lead.link = link
        return True

    def _move_ways_of(self, lead: Lead) -> int:
        now_s = self._now_s()
        moved = 0
        for way, until_s in lead.ways.items():
            if until_s > now_s:
                meant = self._meant_for(way, now_s)
                if meant is not self._positions.of(way):
                    self._move(way, meant, now_s)
                    moved += 1
        return moved

    def _meant_for(self, way: Way, now_s: int) -> Position:
        """Return where *way* is meant to stand, by the leads that still have it."""
        if self._memory.is_crowded(way):
            return Position.JUDGED
        link = ends_of(way).link
        verdicts = {
            lead.is_allowed and lead.is_of(link)
            for lead in self._memory.leads_to(way)
            if lead.ways.get(way, 0) > now_s
        }
        if verdicts == {True}:
            return Position.OPEN
        return Position.JUDGED if True in verdicts else Position.CLOSED

    def _move(self, way: Way, position: Position, now_s: int) -> None:
        leads = self._memory.leads_to(way)
        until_s = max((lead.ways.get(way, 0) for lead in leads), default=now_s)
        clients = {packed(lead.client) for lead in leads}
        told = frozenset(each for each in clients if each is not None)
        self._positions.move(way, position, until_s, told)

    def _now_s(self) -> int:
        return int(self._monotonic())
