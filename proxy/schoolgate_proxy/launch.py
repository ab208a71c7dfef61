"""
The composition root: settings, clocks, policyd's client, mitmproxy and the front door together.

There may be several workers, each a process and a point of its own, with one certificate
authority between them.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from schoolgate_policyd import service_notice
from schoolgate_policyd.clock import MachineClock, open_school_clock
from schoolgate_policyd.config import PageCertificate, Settings
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.first_snapshot import first_snapshot
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.spool import Spool
from schoolgate_policyd.lists.opening import open_snapshot
from schoolgate_policyd.netfilter.identity import Identities
from schoolgate_policyd.netfilter.neighbours import Neighbours
from schoolgate_policyd.newest import Newest
from schoolgate_proxy.addon.machinery import Machinery
from schoolgate_proxy.arrivals import Arrivals
from schoolgate_proxy.authority import ensure_authority
from schoolgate_proxy.bell import Bell
from schoolgate_proxy.connections import Connections
from schoolgate_proxy.destinations import Destinations
from schoolgate_proxy.door.front import Front
from schoolgate_proxy.door.listening import ListenError, listen
from schoolgate_proxy.enforcement import Enforcement
from schoolgate_proxy.judging import Judging
from schoolgate_proxy.page_certificate import keep_signing
from schoolgate_proxy.reporter import Reporter
from schoolgate_proxy.resolve import Resolver
from schoolgate_proxy.workers import NAME, Worker

ALIVE_EVERY_S = 1.0

log = structlog.get_logger(__name__)


class Point:
    """
    *worker* of the proxy of *settings*, ready to run once in the running loop.

    *show* takes live lines. Raises AuthorityError and SpoolError, which say what to change.
    """

    def __init__(
        self,
        settings: Settings,
        worker: Worker,
        show: Callable[[str], None] | None = None,
    ) -> None:
        self._settings = settings
        self._worker = worker
        machine = MachineClock()
        self._school_clock = school_clock = open_school_clock(settings)
        ca_file = ensure_authority(settings.ca_dir, settings.ca_certificate_path, machine.now())
        self._ca_file = ca_file
        last_snapshot_path = settings.last_snapshot_path(worker.name)
        self._client = PointClient(
            PointKind.PROXY,
            worker.name,
            settings.socket_path,
            Spool(settings.spool_dir_of(NAME), worker.name),
            last_snapshot_path,
            on_source=self._put_source,
            on_live=self._put_live,
            on_in_force=lambda _number: self._ring(),
        )
        self._newest = Newest(
            first_snapshot(self._client, settings, last_snapshot_path),
            partial(open_snapshot, lists_dir=settings.lists_dir),
            clock=school_clock,
        )
        self._reporter = Reporter(self._client.offer, machine.now, show)
        # A device is one and the same over both families by its hardware address, which is seen
        # where we are the gateway alone.
        firewall = settings.firewall
        self._neighbours = None if firewall is None else Neighbours(firewall.inside)
        judging = Judging(
            _connections(self._neighbours),
            snapshot=lambda: self._newest.snapshot,
            now=school_clock.now,
            resolver=_resolver(settings),
            reporter=self._reporter,
        )
        enforcement = Enforcement(judging, settings.web.public_url)
        self._over = enforcement.closed
        self._arrivals = Arrivals(judging)
        self._machinery = Machinery(
            settings, worker.port, enforcement, ca_file, self._newest.is_never_inspected
        )
        self._front: Front | None = None
        self._bell = Bell(
            judging.connections, lambda: self._newest.snapshot, school_clock.now, self._close
        )

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        """Serve until *stop* is set; *ready* learns where. Raises ListenError."""
        if self._neighbours is not None:
            self._neighbours.start(asyncio.get_running_loop())
        serving = asyncio.create_task(self._machinery.run())
        working = [
            asyncio.create_task(each)
            for each in (
                *self._signing_pages(),
                self._client.run(),
                self._newest.watch(self._bell.ring),
                self._reporter.run(),
                self._bell.run(),
                self._stay_alive(),
            )
        ]
        stopping = asyncio.create_task(self._serve_until(stop, ready))
        try:
            # None of them ends by itself but the last; one that does so has failed.
            done, _ = await asyncio.wait(
                {serving, stopping, *working}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        finally:
            service_notice.stopping()
            stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)
            await self._machinery.stop_serving()
            self._machinery.shut_down()
            # What was seen goes to the spool, then the spool closes.
            self._reporter.stop()
            await self._client.stop()
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            if self._neighbours is not None:
                self._neighbours.stop()
            await serving

    def _signing_pages(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """Return the work of signing the pages' certificate, which one worker does."""
        is_ours = self._settings.web.tls is PageCertificate.AUTHORITY
        if not is_ours or self._worker.name != NAME:
            return ()
        return (keep_signing(self._settings, self._ca_file, MachineClock(), self._school_clock),)

    async def _serve_until(self, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        await self._machinery.started.wait()
        addresses = self._machinery.addresses
        if not addresses:
            raise ListenError(
                f"cannot listen at {self._settings.proxy.address}:{self._worker.port}: change "
                "proxy.address or proxy.port, or stop what listens there"
            )
        place = f"{_bracketed(addresses[0][0])}:{addresses[0][1]}"
        with self._door():
            log.info("serving", place=place, snapshot=self._newest.snapshot.number)
            ready(place)
            service_notice.ready()
            await stop.wait()

    @contextlib.contextmanager
    def _door(self) -> Iterator[None]:
        """Keep the front door open, where the firewall brings connections to it."""
        port = self._worker.intercept_port
        if port is None:
            yield
            return
        self._front = Front(
            listen(self._settings.dns.inspection_addresses, port),
            self._arrivals,
            take_over=self._machinery.take_over,
            closed=self._over,
            only_brought=self._settings.firewall is not None,
        )
        try:
            yield
        finally:
            self._front.stop()

    def _close(self, connection_id: str) -> None:
        if self._front is not None:
            self._front.close(connection_id)
        self._machinery.close(connection_id)

    async def _stay_alive(self) -> None:
        """Tell the service manager, from the loop that does the work, that it goes on."""
        while True:
            self._client.answering.alive()
            await asyncio.sleep(ALIVE_EVERY_S)

    def _ring(self) -> None:
        self._bell.ring()

    async def _put_source(self, source: Source) -> None:
        await self._newest.put_source(source)
        log.info("snapshot in force", number=source.number)
        self._ring()

    def _put_live(self, number: int, live: Live) -> None:
        self._newest.put_live(number, live)
        log.info("live state in force", number=number)
        self._ring()


class FaultsAlone(logging.Handler):
    """
    Passes on that mitmproxy had a fault and where, and nothing else that it says.

    Its messages name hosts, those of help lines too.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Log the kind and place of a fault."""
        if not record.exc_info or record.exc_info[0] is None:
            return
        kind, _, trace = record.exc_info
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}"
        line = 0 if trace is None else trace.tb_lineno
        log.error("fault in mitmproxy", fault=kind.__name__, place=place, line=line)


def quieten_mitmproxy() -> None:
    """Keep what mitmproxy logs to faults, without names."""
    logger = logging.getLogger("mitmproxy")
    logger.handlers = [FaultsAlone(logging.ERROR)]
    logger.propagate = False


def _connections(neighbours: Neighbours | None) -> Connections:
    return Connections() if neighbours is None else Connections(Identities(neighbours).known_as)


def _resolver(settings: Settings) -> Resolver:
    networks = tuple(each.cidr for each in settings.networks)
    destinations = Destinations(
        settings.proxy.permitted_destinations,
        inside=(*settings.address_ranges, *networks),
        never=settings.dns.inspection_addresses,
    )
    timeout_s = settings.dns.upstream_timeout_s
    return Resolver(
        settings.dns.upstreams,
        destinations,
        timeout_s=timeout_s,
        takes_literals=settings.firewall is None,
    )


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
