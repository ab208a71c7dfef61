"""`schoolgate up`: starts everything in order, keeps it running and stops it."""

import asyncio
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc.admin import AdminClient
from schoolgate_policyd.supervisor.children import Child
from schoolgate_policyd.supervisor.relay import Relay, RunningRelay, start_relay
from schoolgate_policyd.supervisor.watch import Watch

READY_WITHIN_S = 90.0
STATUS_WITHIN_S = 1.0
# The pages open the store, which policyd brings up to date first.
FIRST = "policyd"
LAST = "webui"


class StartError(SchoolgateError):
    """Schoolgate cannot be started; the message names the cause and the remedy."""


class Supervisor:
    """
    Runs *commands*, by name and in order, and the relays of *settings*.

    *show* takes every line that there is to print; *greet* is called once all serve.
    """

    def __init__(
        self,
        settings: Settings,
        commands: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        *,
        show: Callable[[str], None],
        greet: Callable[[], None],
    ) -> None:
        self.children = {
            name: Child(name, command, environment, show) for name, command in commands.items()
        }
        self._settings = settings
        self._show = show
        self._greet = greet
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP. Raises StartError when a process never serves."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        relays: list[RunningRelay] = []
        watching: asyncio.Task[None] | None = None
        try:
            relays += await _start_relays(relays_of(self._settings))
            await self._start_children()
            if not self._stopping.is_set():
                self._greet()
            ask = partial(AdminClient(self._settings.socket_path).status, STATUS_WITHIN_S)
            watching = asyncio.create_task(Watch(self.children, ask).run())
            await self._stopping.wait()
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            await asyncio.gather(*(child.stop() for child in self.children.values()))
            await asyncio.gather(*(relay.stop() for relay in relays))

    def stop(self) -> None:
        """Have `run` stop everything; the second time by force."""
        if self._stopping.is_set():
            for child in self.children.values():
                child.kill()
            return
        self._show("stopping")
        self._stopping.set()

    async def _start_children(self) -> None:
        for name, child in self.children.items():
            if name != LAST:
                child.start()
        if FIRST in self.children:
            await self._served(self.children[FIRST])
        if LAST in self.children and not self._stopping.is_set():
            self.children[LAST].start()
        for child in self.children.values():
            await self._served(child)

    async def _served(self, child: Child) -> None:
        """Wait until *child* serves or everything is to stop. Raises StartError."""
        events = (child.is_ready, child.gave_up, self._stopping)
        waiting = [asyncio.create_task(event.wait()) for event in events]
        try:
            done, _ = await asyncio.wait(
                waiting, timeout=READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in waiting:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*waiting, return_exceptions=True)
        if child.gave_up.is_set():
            raise StartError(f"{child.name} cannot be started; its own words stand above")
        if not done:
            raise StartError(f"{child.name} did not serve within {READY_WITHIN_S:.0f} s")


def relays_of(settings: Settings) -> tuple[Relay, ...]:
    """Return the relays that the networks of *settings* ask for."""
    proxy = (_reachable(settings.proxy.address), settings.proxy.port)
    web = (_reachable(settings.web.address), settings.web.port)
    return tuple(
        Relay(("127.0.0.1", port), target, network.relay_from)
        for network in settings.networks
        for port, target in ((network.proxy_relay_port, proxy), (network.web_relay_port, web))
        if port is not None and network.relay_from is not None
    )


def _reachable(address: str) -> str:
    """Return where a server that listens on *address* is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - nothing is bound here


async def _start_relays(relays: Iterable[Relay]) -> list[RunningRelay]:
    started: list[RunningRelay] = []
    for relay in relays:
        try:
            started.append(await start_relay(relay))
        except OSError as error:
            await asyncio.gather(*(each.stop() for each in started))
            address, port = relay.listen_on
            raise StartError(f"no relay can listen on {address}:{port}: {error}") from error
    return started
