"""
The composition root: settings, clocks, policyd's client, upstreams and server, put together.

Clocks, disk and environment are read here and nowhere else in this package.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial

import structlog

from schoolgate_dns.answering import Answering
from schoolgate_dns.cache import ReplyCache
from schoolgate_dns.decider import Decider
from schoolgate_dns.resolvers import Place, upstreams_of
from schoolgate_dns.server import Server
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_dns.stages.record import Recording
from schoolgate_dns.upstream import Upstreams
from schoolgate_policyd.clock import MachineClock, open_school_clock
from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.first_snapshot import first_snapshot
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.spool import Spool
from schoolgate_policyd.lists.opening import open_snapshot

NAME = "dns"
TICK_EVERY_S = 1.0

log = structlog.get_logger(__name__)


class Point:
    """
    A DNS point of *settings*, ready to run once; *show* takes live lines, if anybody wants them.

    Raises NoUpstreamError and SpoolError, which say what to change.
    """

    def __init__(self, settings: Settings, show: Callable[[str], None] | None = None) -> None:
        dns = settings.dns
        places = upstreams_of(dns.upstreams, Place(dns.address, dns.port))
        school_clock = open_school_clock(settings)
        self._client = PointClient(
            PointKind.DNS,
            NAME,
            settings.socket_path,
            Spool(settings.spool_dir, NAME),
            settings.last_snapshot_path(NAME),
            on_source=self._put_source,
            on_live=self._put_live,
            # What clients were told is clamped to the bell; there are no flows to cut here.
            on_in_force=lambda _number: None,
        )
        self._decider = Decider(
            first_snapshot(self._client, settings, settings.last_snapshot_path(NAME)),
            compile_=partial(open_snapshot, lists_dir=settings.lists_dir),
        )
        self._upstreams = Upstreams(places, dns.upstream_timeout_s)
        self._recording = Recording(self._client.offer, MachineClock().now, show)
        answering = Answering(
            self._decider,
            HeldReplies(ReplyCache(), self._upstreams, time.monotonic),
            self._recording,
            school_clock.now,
        )
        self._server = Server(answering, dns.address, dns.port)
        self._address = dns.address

    async def run(self, stop: asyncio.Event, ready: Callable[[Place], None]) -> None:
        """Serve until *stop* is set; *ready* learns where, with the port that the system chose."""
        try:
            await self._server.start()
        except OSError:
            await self._client.stop()
            raise
        connection = asyncio.create_task(self._client.run())
        ticking = asyncio.create_task(self._tick_for_ever())
        stopping = asyncio.create_task(stop.wait())
        try:
            place = Place(self._address, self._server.port)
            log.info("serving", place=str(place), snapshot=self._decider.snapshot.number)
            ready(place)
            # None of them ends by itself; one that does so has failed, and so have we.
            done, _ = await asyncio.wait(
                {connection, ticking, stopping}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        finally:
            # Nothing new comes in, then what was seen goes to the spool, then the spool closes.
            await self._server.stop()
            await self._upstreams.close()
            self._recording.stop()
            await self._client.stop()
            for task in (connection, ticking, stopping):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _put_source(self, source: Source) -> None:
        self._decider.put_source(source)
        log.info("snapshot in force", number=source.number)

    def _put_live(self, number: int, live: Live) -> None:
        self._decider.put_live(number, live)
        log.info("live state in force", number=number)

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK_EVERY_S)
            self._recording.tick()
