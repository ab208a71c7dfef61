"""One child process of the supervisor: started, listened to, started again, stopped."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import closing
from io import RawIOBase

from schoolgate_policyd.ipc.ready import parse_ready

MAX_LINE_OCTETS = 64 * 1024
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
SETTLED_AFTER_S = 10.0
STOP_WITHIN_S = 5.0
LAST_LINES_WITHIN_S = 1.0
# A child that ends this often before it ever served will not serve the next time either.
MOST_FAILED_STARTS = 5


class Child:
    """
    Keeps *command* running as *name*, in a process group of its own.

    *show* takes each of its live lines and what there is to say of it. `is_ready` is set while
    the newest process serves; `gave_up` when it never did, however often it was started.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        show: Callable[[str], None],
        *,
        stop_within_s: float = STOP_WITHIN_S,
    ) -> None:
        self.name = name
        self.where: str | None = None
        self.is_ready = asyncio.Event()
        self.gave_up = asyncio.Event()
        self.started_at_s = 0.0
        self._command = tuple(command)
        self._environment = dict(environment)
        self._show = show
        self._stop_within_s = stop_within_s
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._was_ready = False
        self._reason: str | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the newest process, None before the first."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it, and again whenever it ends, until `stop`."""
        self._running = asyncio.create_task(self._run_for_ever(), name=self.name)

    async def restart(self, reason: str) -> None:
        """End the process because of *reason*, which is shown; another takes its place."""
        self._reason = reason
        self.started_at_s = time.monotonic()
        await self._end_process()

    def end_worker(self, pid: int, words: str) -> bool:
        """
        End *pid* by force if it is a worker of the process, and show *words*; whether it is.

        Workers are in the process's group, and whoever leads it starts them again.
        """
        leader = self.pid
        try:
            if leader is None or pid in {0, leader} or os.getpgid(pid) != leader:
                return False
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return False
        self._show(words)
        return True

    async def stop(self) -> None:
        """End the process and all that it started, by force if it does not listen."""
        self._stopping.set()
        await self._end_process()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def kill(self) -> None:
        """End it by force, now."""
        self._stopping.set()
        if self._process is not None and self._process.returncode is None:
            _kill_group(self._process.pid)

    async def _run_for_ever(self) -> None:
        pause_s = FIRST_PAUSE_S
        failed_starts = 0
        while not self._stopping.is_set():
            self.started_at_s = started_at_s = time.monotonic()
            status = await self._run_once()
            if self._stopping.is_set():
                return
            failed_starts = 0 if self._was_ready else failed_starts + 1
            if failed_starts >= MOST_FAILED_STARTS:
                self._show(f"{self.name} ended with {status} and never served: given up")
                self.gave_up.set()
                return
            cause = self._reason or f"ended with {status}"
            self._reason = None
            if time.monotonic() - started_at_s > SETTLED_AFTER_S:
                pause_s = FIRST_PAUSE_S
            self._show(f"{self.name} {cause}, started again")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _run_once(self) -> str:
        # A pipe of our own: asyncio's would have us wait for everything that holds it open.
        output, process_output = os.pipe()
        reading = os.fdopen(output, "rb", buffering=0)
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=process_output,
                start_new_session=True,
            )
        except OSError as error:
            reading.close()
            return f"`{error.strerror}`"
        except asyncio.CancelledError:
            reading.close()
            raise
        finally:
            os.close(process_output)
        listening = asyncio.create_task(self._listen(reading))
        try:
            await process.wait()
        finally:
            self.is_ready.clear()
            # What it started itself would keep its ports from the one that follows.
            _kill_group(process.pid)
            # Something that left the group may hold the pipe open; it is not waited for.
            await asyncio.wait({listening}, timeout=LAST_LINES_WITHIN_S)
            listening.cancel()
        return _status_of(process.returncode)

    async def _listen(self, output: RawIOBase) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), output
        )
        with closing(transport):
            async for line in _lines(reader):
                text = line.decode("utf-8", "replace")
                announced = parse_ready(text)
                if announced is None or announced[0] != self.name:
                    self._show(text)
                    continue
                self.where = announced[1]
                self._was_ready = True
                self.is_ready.set()

    async def _end_process(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self._stop_within_s)
        except TimeoutError:
            _kill_group(process.pid)
            await process.wait()


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield each line without its end; one longer than MAX_LINE_OCTETS is left out."""
    begun = b""
    is_too_long = False
    while chunk := await reader.read(MAX_LINE_OCTETS):
        *complete, begun = (begun + chunk).split(b"\n")
        for line in complete:
            if not is_too_long and len(line) <= MAX_LINE_OCTETS:
                yield line
            is_too_long = False
        if len(begun) > MAX_LINE_OCTETS:
            begun = b""
            is_too_long = True
    if begun and not is_too_long:
        yield begun


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _status_of(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        try:
            return signal.Signals(-returncode).name
        except ValueError:
            return f"signal {-returncode}"
    return f"status {returncode}"
