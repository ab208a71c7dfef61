"""
The composition root: settings, clocks, policyd's client and mitmproxy, put together.

Of mitmproxy there is the machinery alone and none of its own addons: nothing keeps flows, serves
pages or reads scripts.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import certifi
import structlog
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import Client
from mitmproxy.master import Master
from mitmproxy.options import Options

from schoolgate_policyd.clock import MachineClock, open_school_clock
from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.first_snapshot import first_snapshot
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.spool import Spool
from schoolgate_policyd.lists.opening import open_snapshot
from schoolgate_proxy.addon.hooks import Hooks
from schoolgate_proxy.addon.protocols import Protocols
from schoolgate_proxy.addon.signer import Signer
from schoolgate_proxy.authority import ensure_authority, trusted_authorities
from schoolgate_proxy.bell import Bell
from schoolgate_proxy.connections import Connections
from schoolgate_proxy.destinations import Destinations
from schoolgate_proxy.enforcement import Enforcement
from schoolgate_proxy.newest import Newest
from schoolgate_proxy.reporter import Reporter
from schoolgate_proxy.resolve import Resolver

NAME = "proxy"
STOPPING_S = 2.0
_LOOK_EVERY_S = 0.02

log = structlog.get_logger(__name__)


class ListenError(SchoolgateError):
    """The proxy cannot listen; the message names the setting."""


class Point:
    """
    The proxy of *settings*, ready to run once in the running loop; *show* takes live lines.

    Raises AuthorityError and SpoolError, which say what to change.
    """

    def __init__(self, settings: Settings, show: Callable[[str], None] | None = None) -> None:
        self._settings = settings
        machine = MachineClock()
        school_now = open_school_clock(settings).now
        ca_file = ensure_authority(settings.ca_dir, settings.ca_certificate_path, machine.now())
        last_snapshot_path = settings.last_snapshot_path(NAME)
        self._client = PointClient(
            PointKind.PROXY,
            NAME,
            settings.socket_path,
            Spool(settings.spool_dir, NAME),
            last_snapshot_path,
            on_source=self._put_source,
            on_live=self._put_live,
            on_in_force=lambda _number: self._ring(),
        )
        self._newest = Newest(
            first_snapshot(self._client, settings, last_snapshot_path),
            partial(open_snapshot, lists_dir=settings.lists_dir),
        )
        self._reporter = Reporter(self._client.offer, machine.now, show)
        connections = Connections()
        enforcement = Enforcement(
            connections,
            snapshot=lambda: self._newest.snapshot,
            now=school_now,
            resolver=_resolver(settings),
            reporter=self._reporter,
            web_url=settings.web.public_url,
        )
        self._bell = Bell(connections, lambda: self._newest.snapshot, school_now, self._close)
        self._started = asyncio.Event()
        self._proxyserver = Proxyserver()
        self._master = self._make_master(enforcement, ca_file)

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        """Serve until *stop* is set; *ready* learns where. Raises ListenError."""
        serving = asyncio.create_task(self._master.run())
        working = [
            asyncio.create_task(each)
            for each in (self._client.run(), self._reporter.run(), self._bell.run())
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
            await self._stop_serving()
            self._master.shutdown()
            # What was seen goes to the spool, then the spool closes.
            self._reporter.stop()
            await self._client.stop()
            for task in (stopping, *working):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            await serving

    async def _serve_until(self, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        await self._started.wait()
        addresses = self._proxyserver.listen_addrs()
        proxy = self._settings.proxy
        if not addresses:
            raise ListenError(
                f"cannot listen at {proxy.address}:{proxy.port}: change proxy.address or "
                "proxy.port, or stop what listens there"
            )
        place = f"{_bracketed(addresses[0][0])}:{addresses[0][1]}"
        log.info("serving", place=place, snapshot=self._newest.snapshot.number)
        ready(place)
        await stop.wait()

    async def _stop_serving(self) -> None:
        await self._proxyserver.servers.update([])
        for connection_id in tuple(self._proxyserver.connections):
            self._close(str(connection_id))
        for _ in range(round(STOPPING_S / _LOOK_EVERY_S)):
            if not self._proxyserver.connections:
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    def _close(self, connection_id: str) -> None:
        """
        End a client's connection at once, with everything that was opened for it.

        PINNED to mitmproxy 12: `Proxyserver.connections`, and the handler's `transports`,
        `client` and `close_connection`. mitmproxy offers no way to end a connection that is
        passed through, since those have no flow to kill. The transport is aborted as well, since
        a closed one would first deliver what is still in its buffer.
        """
        handler = self._proxyserver.connections.get(connection_id)
        if handler is not None and handler.client in handler.transports:
            transport = handler.transports[handler.client]
            if transport.handler is not None:
                handler.close_connection(handler.client)
            if isinstance(transport.writer, asyncio.StreamWriter):
                transport.writer.transport.abort()

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

    def _make_master(self, enforcement: Enforcement, ca_file: Path) -> Master:
        settings = self._settings
        hooks = Hooks(enforcement)
        signer = Signer(
            ca_file,
            lambda client_id: enforcement.connections.of(client_id).certified,
            self._newest.is_never_inspected,
        )
        master = Master(Options())
        master.addons.add(
            self._proxyserver,
            Protocols(hooks.failure_page, hooks.not_http),
            signer,
            hooks,
            _Lifecycle(self._started, self._close),
        )
        trusted = trusted_authorities(
            Path(certifi.where()),
            settings.proxy.upstream_ca,
            settings.var_dir / "upstream-authorities.pem",
        )
        master.options.update(
            mode=["regular"],
            listen_host=settings.proxy.address,
            listen_port=settings.proxy.port,
            confdir=str(settings.ca_dir),
            connection_strategy="lazy",
            # A certificate is made before the origin is asked, so its certificate is no use.
            upstream_cert=False,
            ssl_verify_upstream_trusted_ca=str(trusted),
            http2=True,
            http3=False,
            # What follows a WebSocket's handshake is bytes to us: parsing it would keep whole
            # messages. `hooks` lets no other protocol switch, `protocols` lets no raw TCP begin.
            websocket=False,
            rawtcp=True,
            validate_inbound_headers=True,
        )
        return master


class _Lifecycle:
    """
    An addon that tells when mitmproxy has started, and that a client's connection is over.

    mitmproxy 12 leaves the socket open when a connection is ended while its next bytes wait for
    their turn; *drop* closes what is left of it.
    """

    name = "lifecycle"

    def __init__(self, started: asyncio.Event, drop: Callable[[str], None]) -> None:
        self._started = started
        self._drop = drop

    def running(self) -> None:
        self._started.set()

    def client_disconnected(self, client: Client) -> None:
        self._drop(client.id)


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


def _resolver(settings: Settings) -> Resolver:
    return Resolver(
        settings.dns.upstreams,
        Destinations(settings.proxy.permitted_destinations),
        timeout_s=settings.dns.upstream_timeout_s,
    )


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
