"""
What the point does over and over: it looks whether anything changed, and has the kernel follow.

A school's day changes at bells, with grants and claims, and with devices that come and go. Each
look does what is due in one order: clients who are trusted no longer come first.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from schoolgate_firewall.clients import Clients
from schoolgate_firewall.devices import Devices
from schoolgate_firewall.judging import Judge
from schoolgate_firewall.positions import Positions
from schoolgate_firewall.sweeping import Sweeper
from schoolgate_firewall.ways_memory import WaysMemory
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.ways import Way

# The school's clock is asked this often, since it may be shifted or step while we sleep.
LOOK_EVERY_S = 0.1
# All ways are read at a bell, and not for each of many that ring together.
BETWEEN_DUMPS_S = 2.0
# A way can be in its set before we are told of it: it is one of nobody's if it stays so.
GRACE_S = 0.4
_REST_FOR = 4
_FORGOTTEN_AT_ONCE = 1_000

log = structlog.get_logger(__name__)

type Dump = Callable[[], Iterable[Way]]
"""Returns all ways that are open in the kernel; it may take its time. Raises NetfilterError."""


class Keeper:
    """Keeps the kernel's sets true to the newest snapshot; *dump* is called in a thread."""

    def __init__(
        self,
        memory: WaysMemory,
        judge: Judge,
        positions: Positions,
        sweeper: Sweeper,
        *,
        clients: Clients,
        devices: Devices,
        dump: Dump,
        monotonic: Callable[[], float],
    ) -> None:
        self._memory = memory
        self._judge = judge
        self._positions = positions
        self._sweeper = sweeper
        self._clients = clients
        self._devices = devices
        self._dump = dump
        self._monotonic = monotonic
        self._rung = asyncio.Event()

    async def snapshot_changed(self) -> None:
        """Have everything judged anew; when this returns, what is not allowed is closed."""
        self._judge.snapshot_changed()
        await self.look()

    def ring(self) -> None:
        """Have the ways closed of which nobody knows why they are open."""
        self._rung.set()

    async def look(self) -> None:
        """Do what is due now."""
        if self._clients.is_due:
            lost = self._clients.keep()
            if lost:
                # They were let go where others are not, by ports and to addresses.
                links = {self._devices.link_of(each) for each in lost}
                await self._sweeper.end_all_of(lost, {each for each in links if each is not None})
        has_rung = self._sweeper.has_rung
        if has_rung:
            self.ring()
        if self._sweeper.is_due:
            await self._sweeper.sweep()
        else:
            await self._sweeper.settle()
        gone = self._memory.forget(int(self._monotonic()), _FORGOTTEN_AT_ONCE)
        self._positions.forget(gone)

    async def look_for_ever(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def close_unknown_for_ever(
        self, between_s: float = BETWEEN_DUMPS_S, grace_s: float = GRACE_S
    ) -> None:
        """At each bell close what nobody knows, until cancelled."""
        while True:
            await self._rung.wait()
            self._rung.clear()
            began_s = self._monotonic()
            await self._close_unknown(grace_s)
            # Reading a hundred thousand ways takes a second, which must not be all our work.
            took_s = self._monotonic() - began_s
            await asyncio.sleep(max(between_s, _REST_FOR * took_s))

    async def _close_unknown(self, grace_s: float) -> None:
        try:
            ways = await asyncio.to_thread(self._unknown)
        except NetfilterError as error:
            log.error("open ways cannot be read", cause=str(error))  # noqa: TRY400 - the cause says all
            self.ring()  # and tried again
            return
        if not ways:
            return
        await asyncio.sleep(grace_s)
        closed = self._sweeper.close_unknown(ways)
        await self._sweeper.settle()
        if closed:
            log.warning("ways closed of which no name was known", count=closed)

    def _unknown(self) -> list[Way]:
        return [way for way in self._dump() if not self._memory.knows(way)]
