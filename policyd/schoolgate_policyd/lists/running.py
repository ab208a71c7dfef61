"""
policyd's side of updates: a process of its own at the start, every hour, and when it is wanted.

On the gateway policyd has no network, and the service manager starts that process for whoever
connects to a socket (`systemd/units/schoolgate-lists.socket`); elsewhere it is policyd's child.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from schoolgate_policyd.child import SUPERVISOR_VARIABLE
from schoolgate_policyd.lists.faults import faults_in
from schoolgate_policyd.lists.state import peek_state
from schoolgate_policyd.rulefiles.subscription_files import FOLDER

EVERY_S = 3600.0
# Whatever a server or a list does, the next hour's update finds nobody in its place.
MOST_S = 3000.0
# Changes of the rule files come in bursts.
SETTLE_S = 1.0
_READ_OCTETS = 4096
COMMAND = (sys.executable, "-m", "schoolgate_policyd.child", "schoolgate_policyd.lists")

log = structlog.get_logger(__name__)


class ListUpdates:
    """
    Runs *command* again and again, while there are lists in *rules_dir* or *lists_dir*.

    Where something listens at *socket_path* it is asked to, by connecting, and the connection ends
    with the update. Its faults are what the last update left in *lists_dir*.
    """

    def __init__(
        self,
        rules_dir: Path,
        lists_dir: Path,
        command: Sequence[str] = COMMAND,
        *,
        socket_path: Path | None = None,
        every_s: float = EVERY_S,
        most_s: float = MOST_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._subscriptions = rules_dir / FOLDER
        self._lists_dir = lists_dir
        self._socket_path = socket_path
        self._wanted = asyncio.Event()
        self._command = tuple(command)
        self._every_s = every_s
        self._most_s = most_s
        self._settle_s = settle_s

    async def run(self) -> None:
        """Update for ever; ended, it ends the update that is going on."""
        while True:
            self._wanted.clear()
            if self._subscriptions.is_dir() or self._lists_dir.is_dir():
                await self._update()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self._every_s)
                await asyncio.sleep(self._settle_s)

    def want(self) -> None:
        """Update soon."""
        self._wanted.set()

    def faults(self) -> tuple[str, ...]:
        """Return a sentence for each list that is not as it should be."""
        state = peek_state(self._lists_dir)
        return () if state is None else faults_in(state)

    async def _update(self) -> None:
        if self._socket_path is None or not self._socket_path.exists():
            await self._update_by_child()
            return
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket_path)
        except OSError as error:
            log.error("the lists are not updated", cause=str(error))  # noqa: TRY400 - the cause says all
            return
        try:
            await asyncio.wait_for(_until_closed(reader), self._most_s)
        except TimeoutError:
            log.error("the update of the lists took too long, it is left alone")  # noqa: TRY400 - the cause says all
        finally:
            writer.transport.abort()

    async def _update_by_child(self) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                env={**os.environ, SUPERVISOR_VARIABLE: str(os.getpid())},
                stdin=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            log.error("the lists are not updated", cause=str(error))  # noqa: TRY400 - the cause says all
            return
        try:
            await asyncio.wait_for(process.wait(), self._most_s)
        except TimeoutError:
            log.error("the update of the lists took too long, it is ended")  # noqa: TRY400 - the cause says all
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


async def _until_closed(reader: asyncio.StreamReader) -> None:
    """Wait until the other side is gone, whatever it says before."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(_READ_OCTETS):
            pass
