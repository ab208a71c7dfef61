"""
The composition root: settings, clocks, policyd's client and the kernel, put together.

The point opens nothing by itself: DNS does, answer by answer. It takes back what is no longer
allowed, says which clients are not as their range, and tells what was refused. While it is dead
nothing opens that was closed.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial

import structlog

from schoolgate_firewall.clients import Clients, Ranges
from schoolgate_firewall.devices import Devices
from schoolgate_firewall.followed import Followed, open_ways
from schoolgate_firewall.hearing import Hearing
from schoolgate_firewall.journal import Journal
from schoolgate_firewall.judging import Judge
from schoolgate_firewall.keeping import Keeper
from schoolgate_firewall.known_again import known_again, standing
from schoolgate_firewall.ordinary import ordinary_ports
from schoolgate_firewall.positions import Position, Positions
from schoolgate_firewall.ranges import trusted_ranges
from schoolgate_firewall.refusals import Refusals
from schoolgate_firewall.refused import Refused
from schoolgate_firewall.sweeping import Sweeper
from schoolgate_firewall.ways_memory import WaysMemory
from schoolgate_policyd import service_notice
from schoolgate_policyd.clock import MachineClock, SchoolClock, open_school_clock
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.firewall_settings import FirewallSettings
from schoolgate_policyd.first_snapshot import first_snapshot
from schoolgate_policyd.in_doubt import Deciding
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.spool import Spool
from schoolgate_policyd.lists.opening import open_snapshot
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.mappings import Mappings
from schoolgate_policyd.settings import (
    Settings,
)

NAME = "firewall"
TICK_EVERY_S = 1.0

log = structlog.get_logger(__name__)


class NoFirewallError(SchoolgateError):
    """The configuration has no firewall; the message names the setting."""


class Point:
    """
    The firewall's point of *settings* over *kernel*, ready to run once; *show* takes live lines.

    Raises NoFirewallError, SpoolError and NetfilterError, which say what to change.
    """

    def __init__(
        self, settings: Settings, kernel: Followed, show: Callable[[str], None] | None = None
    ) -> None:
        self._settings = settings
        self._kernel = kernel
        self._table = 0
        school_clock = open_school_clock(settings)
        last_snapshot_path = settings.last_snapshot_path(NAME)
        self._client = PointClient(
            PointKind.FIREWALL,
            NAME,
            settings.socket_path,
            Spool(settings.spool_dir_of(NAME), NAME),
            last_snapshot_path,
            on_source=self._put_source,
            on_live=self._put_live,
            on_in_force=lambda _number: self._keeper.ring(),
        )
        self._deciding = Deciding(
            first_snapshot(self._client, settings, last_snapshot_path),
            partial(open_snapshot, lists_dir=settings.lists_dir),
            clock=school_clock,
        )
        self._devices = Devices(kernel.neighbours, kernel.identities, Mappings(settings.networks))
        self._memory = WaysMemory()
        self._judge = Judge(
            lambda: self._deciding.snapshot,
            self._devices,
            has_inspection=bool(settings.dns.inspection_addresses),
        )
        self._positions = Positions(kernel.sets, self._devices.addresses_of)
        self._sweeper = Sweeper(
            self._memory,
            self._judge,
            self._positions,
            kernel.connections,
            school_now=school_clock.now,
        )
        self._clients = self._clients_with(school_clock)
        self._keeper = self._keeper_with()
        self._refused = self._refused_with(school_clock, show)
        self._journal = Journal(settings.told_path, time.monotonic)
        self._hearing = Hearing(settings.ways_path, self._sweeper.take, self._journal.note)

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        """Keep the firewall true until *stop* is set; *ready* learns where DNS tells."""
        loop = asyncio.get_running_loop()
        working: list[asyncio.Task[None]] = []
        stopping = asyncio.create_task(stop.wait())
        try:
            self._begin(loop)
            working += [asyncio.create_task(each) for each in self._work()]
            log.info("serving", snapshot=self._deciding.snapshot.number)
            ready(str(self._settings.ways_path))
            service_notice.ready()
            # None of them ends by itself; one that does so has failed, and so have we.
            done, _ = await asyncio.wait({*working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            service_notice.stopping()
            self._hearing.stop()
            self._journal.close()
            loop.remove_reader(self._kernel.packet_log.fileno())
            self._kernel.neighbours.stop()
            # What was seen goes to the spool, then the spool closes.
            self._refused.stop()
            await self._client.stop()
            for task in (*working, stopping):
                task.cancel()
            await asyncio.gather(*working, stopping, return_exceptions=True)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take note of what the kernel holds of the time before, and hear of what comes."""
        self._kernel.neighbours.start(loop)
        self._table = self._kernel.sets.table()
        # First: what DNS tells while we read what stands waits in the socket, and is not lost.
        self._hearing.start()
        self._know_again()
        # A bell may have rung while nobody was here, and policyd may not be here to say so.
        self._keeper.ring()
        self._refused.begin()
        loop.add_reader(self._kernel.packet_log.fileno(), self._refused.read)

    def _know_again(self) -> None:
        """Have names again for what stands open, before anything is judged or closed."""
        stands = standing(self._kernel.sets, time.monotonic)
        for way in stands.judged:
            self._positions.stands(way, Position.JUDGED)
        tellings = self._journal.read()
        # Were we to fail of it, it would be the once.
        self._journal.begin([])
        known = known_again(tellings, stands)
        self._sweeper.know_again(known)
        # Whoever comes after us must not know what we do not.
        self._journal.begin(known)
        log.info("ways known again", count=len(self._memory))

    def _work(self) -> Iterator[Coroutine[None, None, None]]:
        yield self._client.run()
        yield self._deciding.watch(self._judge.snapshot_changed)
        yield self._keeper.look_for_ever()
        yield self._keeper.close_unknown_for_ever()
        yield self._tick_for_ever()

    async def _tick_for_ever(self) -> None:
        while True:
            await self._refused.tick()
            self._look_at_table()
            self._journal.tick()
            self._client.answering.alive()
            await asyncio.sleep(TICK_EVERY_S)

    def _look_at_table(self) -> None:
        """Begin anew where the ruleset was put in place of another: its sets are empty."""
        try:
            table = self._kernel.sets.table()
        except NetfilterError:
            return  # somebody emptied the packet filter; it is loaded again within a minute
        if table == self._table:
            return
        self._table = table
        log.warning("the ruleset is another one, everything in it begins anew")
        self._clients.read_anew()
        # DNS takes us for a point that has just begun, and opens every way anew.
        self._hearing.stop()
        self._hearing.start()

    async def _put_source(self, source: Source) -> None:
        await self._deciding.put_source(source)
        await self._keeper.snapshot_changed()
        log.info("snapshot in force", number=source.number)

    async def _put_live(self, number: int, live: Live) -> None:
        self._deciding.put_live(number, live)
        await self._keeper.snapshot_changed()
        log.info("live state in force", number=number)

    def _clients_with(self, school_clock: SchoolClock) -> Clients:
        return Clients(
            self._kernel.sets,
            self._judge,
            self._devices,
            Ranges(trusted_ranges(self._settings)),
            source=lambda: self._deciding.snapshot.source,
            memory=self._memory,
            school_now=school_clock.now,
            monotonic=time.monotonic,
        )

    def _keeper_with(self) -> Keeper:
        return Keeper(
            self._memory,
            self._judge,
            self._positions,
            self._sweeper,
            clients=self._clients,
            devices=self._devices,
            dump=lambda: open_ways(self._kernel.dumping),
            monotonic=time.monotonic,
        )

    def _refused_with(
        self, school_clock: SchoolClock, show: Callable[[str], None] | None
    ) -> Refused:
        refusals = Refusals(
            self._memory,
            self._judge,
            self._devices,
            school_now=school_clock.now,
            monotonic=time.monotonic,
            is_ordinary=ordinary_ports(self._settings).has,
        )
        return Refused(
            self._kernel.packet_log,
            self._kernel.dumping,
            refusals,
            offer=self._client.offer,
            machine_now=MachineClock().now,
            monotonic=time.monotonic,
            zone=lambda: self._deciding.snapshot.school_time.zone,
            show=show,
        )


def firewall_of(settings: Settings) -> FirewallSettings:
    """Return the firewall of *settings*. Raises NoFirewallError where there is none."""
    if settings.firewall is None:
        raise NoFirewallError(
            "the configuration has no firewall: add `firewall` with its `inside` and `outside` "
            "interfaces, or do not start this"
        )
    return settings.firewall
