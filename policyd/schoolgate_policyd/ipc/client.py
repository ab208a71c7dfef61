"""
A point's end of the socket: revisions come in, acknowledgements and events go out.

Whatever policyd does, the point goes on deciding: `run` reconnects for ever, `offer` never
waits, and the newest source is kept on disk for the next start.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import assert_never

import msgspec
import structlog

from schoolgate_policyd.core.common_parts import with_common_parts
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.ipc import last_snapshot
from schoolgate_policyd.ipc.answering import Answering
from schoolgate_policyd.ipc.frames import FrameError, read_message, send_message
from schoolgate_policyd.ipc.messages import (
    MAX_FRAME_OCTETS,
    Acknowledged,
    Event,
    EventsStored,
    FullSnapshot,
    Hello,
    InForceEverywhere,
    LiveChanged,
    PointKind,
    ToPoint,
)
from schoolgate_policyd.ipc.spool import Spool

FLUSH_EVERY_S = 0.04
RESEND_AFTER_S = 2.0
SHORTEST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0
REPORTED_AFTER_S = 5.0

_DECODER = msgspec.msgpack.Decoder(ToPoint)

log = structlog.get_logger(__name__)


class RevisionRefusedError(SchoolgateError):
    """A revision could not be put in force here; the one before stays."""


class PointClient:
    """
    Connects the point *name* with policyd at *socket_path*.

    The callbacks are called in the loop of `run`, one at a time and in order: *on_source* with a
    new source of everything, *on_live* with a revision's number and the whole live state that
    replaces the one of the last source, *on_in_force* with the number that every point has
    acknowledged. One that returns an awaitable is waited for: nothing newer is looked at before
    it is done, and only then is its revision acknowledged. One that raises leaves its revision
    unacknowledged and the one before in force.
    *have* is the number in force here, 0 before the first; *snapshots_unreadable* counts;
    *answering* says that the point is well, as long as it does what policyd tells it.
    """

    def __init__(
        self,
        kind: PointKind,
        name: str,
        socket_path: Path,
        spool: Spool,
        last_snapshot_path: Path,
        *,
        on_source: Callable[[Source], Awaitable[None] | None],
        on_live: Callable[[int, Live], Awaitable[None] | None],
        on_in_force: Callable[[int], Awaitable[None] | None],
    ) -> None:
        self.snapshots_unreadable = 0
        self.is_connected = False
        self.answering = Answering()
        self._kind = kind
        self._name = name
        self._socket_path = socket_path
        self._spool = spool
        self._last_snapshot_path = last_snapshot_path
        self._on_source = on_source
        self._on_live = on_live
        self._on_in_force = on_in_force
        self._source: Source | None = None
        self._digest = ""
        self._spooled = asyncio.Event()
        self._stored = asyncio.Event()
        self._stopped = asyncio.Event()
        self._ended = asyncio.Event()
        self._is_running = False
        self._pause_s = SHORTEST_PAUSE_S
        self._lost_at_s = time.monotonic()

    @property
    def have(self) -> int:
        """The number of the revision in force here, 0 before the first."""
        return 0 if self._source is None else self._source.number

    def load_last_snapshot(self) -> Source | None:
        """
        Return the source that this point had last, for the start; no callback is called.

        None, logged and counted, when there is none that can be trusted: strict rules apply.
        """
        try:
            self._source = last_snapshot.load_last_snapshot(self._last_snapshot_path)
        except (last_snapshot.LastSnapshotError, OSError) as error:
            self.snapshots_unreadable += 1
            log.error("last snapshot unreadable", point=self._name, cause=str(error))  # noqa: TRY400 - the cause says all
            self._source = None
        self._digest = "" if self._source is None else last_snapshot.digest_of(self._source)
        return self._source

    def begin_with(self, source: Source | None, digest: str) -> None:
        """Take *source* for the one that this point had last: somebody else has loaded it."""
        self._source, self._digest = source, "" if source is None else digest

    def offer(self, event: Event) -> None:
        """Take *event* from any thread; it is on the disk within 100 ms while `run` runs."""
        self._spool.offer(event)

    async def run(self) -> None:
        """Keep the connection and the spool going until `stop`; a dead policyd is no error."""
        self._is_running = True
        flushing = asyncio.create_task(self._flush_for_ever())
        connecting = asyncio.create_task(self._connect_for_ever())
        stopping = asyncio.create_task(self._stopped.wait())
        tasks = {flushing, connecting, stopping}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # a mistake of ours must not end in silence
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._spool.close()
            self._ended.set()

    async def stop(self) -> None:
        """End `run`; what was offered is on the disk when this returns, and goes next time."""
        self._stopped.set()
        if self._is_running:
            await self._ended.wait()
        else:
            self._spool.close()

    async def _flush_for_ever(self) -> None:
        while True:
            if self._spool.flush():
                self._spooled.set()
            await asyncio.sleep(FLUSH_EVERY_S)

    async def _connect_for_ever(self) -> None:
        is_reported = False
        while True:
            try:
                await self._connect()
                is_reported = False
            except (OSError, FrameError) as error:
                # One line for each outage, and none for a policyd that starts just after us.
                if not is_reported and time.monotonic() - self._lost_at_s > REPORTED_AFTER_S:
                    log.warning("no connection with policyd", point=self._name, cause=str(error))
                    is_reported = True
            except RevisionRefusedError:
                pass  # the connection was there, and the cause is logged
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    async def _connect(self) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._socket_path))
        delivering: asyncio.Task[None] | None = None
        try:
            hello = Hello(self._kind, self._name, self._spool.boot, self.have, self._digest)
            await send_message(writer, hello)
            delivering = asyncio.create_task(self._deliver(writer))
            await self._listen(reader, writer)
        finally:
            self.is_connected = False
            self._lost_at_s = time.monotonic()
            # Before anything is awaited: a cancellation may come again while this ends.
            writer.close()
            if delivering is not None:
                delivering.cancel()
                await asyncio.gather(delivering, return_exceptions=True)
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (message := await read_message(reader, _DECODER, MAX_FRAME_OCTETS)) is not None:
            self.is_connected = True
            match message:
                case FullSnapshot():
                    await self._put_in_force(message.source, is_full=True)
                    await send_message(writer, Acknowledged(self.have))
                case LiveChanged():
                    await self._put_in_force(self._with_live(message), is_full=False)
                    await send_message(writer, Acknowledged(self.have))
                case InForceEverywhere():
                    with contextlib.suppress(RevisionRefusedError):  # it is in force all the same
                        await self._call(self._on_in_force, message.number)
                case EventsStored():
                    self._spool.stored(message.boot, message.sequence)
                    self._stored.set()
                case _:
                    assert_never(message)
            self._pause_s = SHORTEST_PAUSE_S

    def _with_live(self, message: LiveChanged) -> Source:
        if self._source is None:
            raise FrameError("a change of the live state came before any source")
        return msgspec.structs.replace(self._source, number=message.number, live=message.live)

    async def _put_in_force(self, source: Source, *, is_full: bool) -> None:
        """
        Put *source* in force and on the disk; then it may be acknowledged.

        An older number is passed over: what is in force is newer, and policyd, told so in the
        next acknowledgement, goes on from there. Raises RevisionRefusedError.
        """
        if source.number < self.have or (source.number == self.have and not is_full):
            return
        if self._source is not None:
            source = with_common_parts(source, self._source)
        try:
            if is_full:
                await self._call(self._on_source, source)
            else:
                await self._call(self._on_live, source.number, source.live)
        except RevisionRefusedError:
            self.answering.refused()
            raise
        self.answering.in_force()
        self._source, self._digest = source, ""
        try:
            # The disk may take its time, and the point decides in this loop.
            self._digest = await asyncio.to_thread(
                last_snapshot.save_last_snapshot, self._last_snapshot_path, source
            )
        except OSError as error:
            log.error("a revision cannot be kept", point=self._name, cause=str(error))  # noqa: TRY400 - the cause says all
            raise RevisionRefusedError(f"revision {source.number} is not kept: {error}") from error

    async def _call[**P](
        self,
        callback: Callable[P, Awaitable[None] | None],
        *arguments: P.args,
        **keywords: P.kwargs,
    ) -> None:
        try:
            with self.answering.at_work():
                under_way = callback(*arguments, **keywords)
                if under_way is not None:
                    await under_way
        except Exception as error:  # whatever it is, the revision before stays in force
            log.exception("a revision met a mistake of ours", point=self._name)
            raise RevisionRefusedError("a revision cannot be put in force") from error

    async def _deliver(self, writer: asyncio.StreamWriter) -> None:
        """Send batch after batch, each once the one before is stored."""
        while True:
            self._spooled.clear()
            batch = self._spool.next_batch()
            if batch is None:
                await self._spooled.wait()
                continue
            self._stored.clear()
            await send_message(writer, batch)
            with contextlib.suppress(TimeoutError):
                # Without an answer the batch is sent again; it is stored once all the same.
                await asyncio.wait_for(self._stored.wait(), RESEND_AFTER_S)
