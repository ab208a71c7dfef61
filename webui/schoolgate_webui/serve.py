"""The composition root of the pages: reads the settings, opens the stores and serves."""

import asyncio
import dataclasses
import logging
import signal
import socket
import sys
from collections.abc import Callable

from granian.constants import Interfaces, SSLProtocols
from granian.server.embed import Server
from starlette.types import ASGIApp

from schoolgate_policyd import service_notice
from schoolgate_policyd.clock import MachineClock, open_school_clock
from schoolgate_policyd.config import Settings, load_settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc import ready
from schoolgate_policyd.ipc.admin import AdminClient
from schoolgate_policyd.logs import configure_logs
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.events import EventStore
from schoolgate_webui.app import application
from schoolgate_webui.page_tls import CannotServe, PageTls, page_tls, until_renewed
from schoolgate_webui.readiness import read_ahead
from schoolgate_webui.site import Site

NAME = "webui"
LOOK_EVERY_S = 0.02
# A request that never ends must not keep the process.
STOP_WITHIN_S = 2


def with_free_port(settings: Settings) -> Settings:
    """
    Return *settings* with a port that is free now where they leave it open with 0.

    Raises CannotServe for a port that is taken: granian would share it with whoever else lets it.
    """
    web = settings.web
    family = socket.AF_INET6 if ":" in web.address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((web.address, web.port))
        except OSError as error:
            raise CannotServe(
                f"web.address {web.address}, web.port {web.port}: cannot listen there: "
                f"{error.strerror}"
            ) from error
        port = probe.getsockname()[1]
    if web.port:
        return settings
    name = f"[{web.address}]" if family == socket.AF_INET6 else web.address
    chosen = dataclasses.replace(web, port=port, public_url=f"http://{name}:{port}")
    return dataclasses.replace(settings, web=chosen)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises SchoolgateError when it cannot."""
    settings = with_free_port(settings)
    decisions = DecisionStore(settings.decisions_path, codes_key=settings.codes_key_path)
    events = EventStore(settings.events_dir)
    try:
        site = Site(
            settings,
            decisions=decisions,
            events=events,
            admin=AdminClient(settings.socket_path),
            school_clock=open_school_clock(settings),
            machine_clock=MachineClock(),
        )
        asyncio.run(_until_told(site, settings))
    finally:
        decisions.close()
        events.close()


async def serve(
    app: ASGIApp,
    address: str,
    port: int,
    *,
    stopping: asyncio.Event,
    on_ready: Callable[[], None],
    tls: PageTls | None = None,
) -> None:
    """
    Serve *app* until *stopping* is set, over https with *tls*; *on_ready* is called once.

    Raises CannotServe.
    """
    # Embedded: one process, so a supervisor that stops or kills it has stopped the pages.
    server = Server(
        app,
        address=address,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
        ssl_cert=None if tls is None else tls.certificate,
        ssl_key=None if tls is None else tls.key,
        # Old phones of staff have nothing newer than 1.2.
        ssl_protocol_min=SSLProtocols.tls12,
    )
    server.workers_kill_timeout = STOP_WITHIN_S
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(stopping.wait())
    try:
        await _until_it_answers(serving, address, port)
        on_ready()
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            raise CannotServe(f"the server of the pages ended: {_first_line(serving)}")
    finally:
        waiting.cancel()
        server.stop()  # type: ignore[no-untyped-call]  # granian leaves it untyped
        await asyncio.gather(serving, waiting, return_exceptions=True)


async def _until_told(site: Site, settings: Settings) -> None:
    stopping = asyncio.Event()
    ahead: list[asyncio.Task[None]] = []

    def is_ready() -> None:
        _say_ready(f"{settings.web.address}:{settings.web.port}")
        ahead.append(asyncio.create_task(asyncio.to_thread(read_ahead, site)))

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    web = settings.web
    staying = asyncio.create_task(service_notice.stay_alive())
    try:
        tls = await page_tls(settings, MachineClock())
        watching = asyncio.create_task(until_renewed(tls, stopping))
    except BaseException:
        staying.cancel()
        await asyncio.gather(staying, return_exceptions=True)
        raise
    try:
        await serve(
            application(site, settings),
            web.address,
            web.port,
            stopping=stopping,
            on_ready=is_ready,
            tls=tls,
        )
    finally:
        service_notice.stopping()
        for task in (staying, watching):
            task.cancel()
        # What is being read is read to its end: the stores are closed after that.
        await asyncio.gather(staying, watching, *ahead, return_exceptions=True)


def _say_ready(where: str) -> None:
    ready.announce(NAME, where)
    service_notice.ready()


async def _until_it_answers(serving: asyncio.Task[None], address: str, port: int) -> None:
    """Return once the port takes connections. Raises CannotServe when the server ends first."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - the wildcard is asked at loopback
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(reachable, port)
        except OSError:
            await asyncio.sleep(LOOK_EVERY_S)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise CannotServe(f"{address}:{port}: cannot listen there: {_first_line(serving)}")


def _first_line(serving: asyncio.Task[None]) -> str:
    """Return what the server died of; granian adds a stack of its own that helps nobody."""
    return str(serving.exception()).partition("\n")[0]


def main() -> int:
    """Run the pages with the settings that the environment names; return the exit status."""
    configure_logs(NAME)
    # granian logs under a name of its own; what matters of it is raised.
    logging.getLogger("_granian").setLevel(logging.ERROR)
    try:
        run(load_settings())
    except SchoolgateError as error:
        sys.stderr.write(f"webui: {error}\n")
        return 1
    return 0
