"""
The composition root: settings, clocks, policyd's client and the service, put together.

Clocks, disk and environment are read here and nowhere else in this package.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

import structlog

from schoolgate_dns.brief_moments import BriefMoments
from schoolgate_dns.decider import Decider
from schoolgate_dns.metrics.measures import CountedOffers, InForce, metrics_of
from schoolgate_dns.metrics.server import MetricsServer
from schoolgate_dns.process.memory import GivingBack
from schoolgate_dns.process.sockets import ServerSockets, open_sockets
from schoolgate_dns.process.worker import NAME, Worker, begin
from schoolgate_dns.resolvers import Place
from schoolgate_dns.service import Service
from schoolgate_dns.stages.record import Recording
from schoolgate_policyd.clock import MachineClock, SchoolClock, open_school_clock
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.spool import Spool
from schoolgate_policyd.lists.opening import Opening
from schoolgate_policyd.settings import Settings

TICK_EVERY_S: Final = 1.0
GIVE_BACK_AFTER_S: Final = 1.0
# Between two helpings of what was counted in a minute that is over, so that queries come first.
TELL_EVERY_S: Final = 0.01

log = structlog.get_logger(__name__)


class Point:
    """
    A DNS point of *settings*, ready to run once; *show* takes live lines, if anybody wants them.

    *worker* says which of several it is; without a *clock* it opens the school's. Raises
    NoUpstreamError, InspectionError and SpoolError, which say what to change, and OSError if the
    address or port cannot be had.
    """

    def __init__(
        self,
        settings: Settings,
        show: Callable[[str], None] | None = None,
        worker: Worker = Worker(),  # noqa: B008 - it is frozen
        *,
        clock: SchoolClock | None = None,
    ) -> None:
        name = worker.name
        spool = Spool(settings.spool_dir_of(NAME), name)
        self._client = PointClient(
            PointKind.DNS,
            name,
            settings.socket_path,
            spool,
            settings.last_snapshot_path(name),
            on_source=self._put_source,
            on_live=self._put_live,
            # What clients were told is clamped to the bell; there are no flows to cut here.
            on_in_force=lambda _number: None,
        )
        clock = clock or open_school_clock(settings)
        first = begin(self._client, settings, worker)
        self._decider = Decider(
            first,
            compile_=Opening(settings.lists_dir, first),
            clock=clock,
        )
        machine_now = MachineClock().now
        school_now = BriefMoments(clock.now, time.monotonic).now
        offers = CountedOffers(self._client.offer)
        self._recording = Recording(offers, machine_now, show)
        self._address = settings.dns.address
        self._sockets = _sockets_of(settings, worker)
        self._service = Service(
            settings,
            self._sockets,
            self._decider,
            self._recording,
            school_now=school_now,
            machine_now=machine_now,
        )
        self._in_force = InForce(lambda: self._decider.snapshot.number)
        self.metrics = metrics_of(self._service, self._client, spool, offers, self._in_force)
        # One worker after the other, or all of them would be away at once.
        self.giving_back = GivingBack(GIVE_BACK_AFTER_S * worker.number)
        self._metrics_server = MetricsServer(self.metrics, worker.metrics_port(settings.dns))

    async def run(
        self,
        stop: asyncio.Event,
        ready: Callable[[Place], None],
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Serve until *stop* is set; *ready* learns where, with the port that the system chose.

        *alive* is called about every second as long as the loop turns, and what policyd tells is
        put in force.
        """
        place = Place(self._address, self._sockets.port)
        try:
            await self._service.start()
            await self._metrics_server.start()
        except Exception:
            # What did start is in the way of the loop's end.
            await self._service.stop()
            await self._client.stop()
            raise
        working = [
            asyncio.create_task(each)
            for each in (
                self._client.run(),
                self._decider.watch(self._doubt_changed),
                self._tick_for_ever(alive),
                self._tell_for_ever(),
            )
        ]
        stopping = asyncio.create_task(stop.wait())
        try:
            log.info("serving", place=str(place), snapshot=self._decider.snapshot.number)
            ready(place)
            # None of them ends by itself; one that does so has failed, and so have we.
            done, _ = await asyncio.wait({*working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            # Nothing new comes in, then what was seen goes to the spool, then the spool closes.
            await self._metrics_server.stop()
            await self._service.stop()
            self._recording.stop()
            self.giving_back.stop()
            await self._client.stop()
            for task in (*working, stopping):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _put_source(self, source: Source) -> None:
        await self._decider.put_source(source)
        self._service.put_in_force(self._decider.snapshot)
        self._in_force.note("source")
        # By then it is on the disk too, and what that took is over with all that was before it.
        self.giving_back.note_change()
        log.info("snapshot in force", number=source.number)

    def _put_live(self, number: int, live: Live) -> None:
        self._decider.put_live(number, live)
        self._service.put_in_force(self._decider.snapshot)
        self._in_force.note("live")
        log.info("live state in force", number=number)

    def _doubt_changed(self) -> None:
        self._service.put_in_force(self._decider.snapshot)

    async def _tick_for_ever(self, alive: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(TICK_EVERY_S)
            self._service.tick()
            self._recording.tick()
            self._client.answering.alive(alive)

    async def _tell_for_ever(self) -> None:
        while True:
            is_more_left = self._service.reception.tell()
            await asyncio.sleep(TELL_EVERY_S if is_more_left else TICK_EVERY_S)


def _sockets_of(settings: Settings, worker: Worker) -> ServerSockets:
    return open_sockets(settings.dns)[0] if worker.sockets is None else worker.sockets
