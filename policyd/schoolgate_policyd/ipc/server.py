"""
policyd's end of the socket: it serves points, pages and the command line.

One connection is one `_Session`. Whatever comes over it that is no message, over the bound or
out of place closes that connection and touches no other.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import assert_never

import msgspec
import structlog

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc.frames import FrameError, read_message, send_message
from schoolgate_policyd.ipc.listening import listen_privately
from schoolgate_policyd.ipc.messages import (
    Acknowledged,
    EventBatch,
    EventsStored,
    Hello,
    Status,
    StatusQuery,
    ToPolicyd,
    Wake,
)
from schoolgate_policyd.ipc.peers import Peers, peer_behind
from schoolgate_policyd.ipc.rollout import Point, Revision, Rollout
from schoolgate_policyd.settings import component_of

MAX_INBOUND_OCTETS = 8 * 1024 * 1024
# As many workers as a configuration may have, and pages and commands beside them.
MAX_CONNECTIONS = 128
MAX_NUMBER = 2**53
FIRST_MESSAGE_WITHIN_S = 5.0
NEXT_QUESTION_WITHIN_S = 60.0
WAKE_WAITS_S = 0.6
_WAITING_BATCHES = 2

_DECODER = msgspec.msgpack.Decoder(ToPolicyd)
_POINT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)

log = structlog.get_logger(__name__)


class PolicydServer:
    """
    Serves *socket_path*.

    *on_wake* looks at the store and publishes what changed; *on_events* stores a batch and
    raises when it could not; *on_ahead* is told of a number in force at a point that is above
    all of ours, so that the next revision can be above it. *peers* says who may say what.
    """

    def __init__(
        self,
        socket_path: Path,
        *,
        on_wake: Callable[[], Awaitable[None]],
        on_events: Callable[[EventBatch], Awaitable[None]],
        on_ahead: Callable[[int], Awaitable[None]],
        peers: Peers | None = None,
    ) -> None:
        self.rollout = Rollout()
        self.faults: tuple[str, ...] = ()
        self.store_version = 0
        self._socket_path = socket_path
        self._on_wake = on_wake
        self._on_events = on_events
        self._on_ahead = on_ahead
        self._peers = Peers() if peers is None else peers
        self._sessions: dict[asyncio.Task[None], _Session] = {}
        self._listening: asyncio.Server | None = None
        self._rolling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen. Raises SocketPathError."""
        listener = listen_privately(self._socket_path)
        self._listening = await asyncio.start_unix_server(self._serve, sock=listener)
        self._rolling = asyncio.create_task(self.rollout.run())

    async def stop(self) -> None:
        """End every connection and remove the socket."""
        if self._listening is None or self._rolling is None:
            return
        self._listening.close()
        ending = [self._rolling, *self._sessions]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self._listening.wait_closed()
        with contextlib.suppress(OSError):
            self._socket_path.unlink(missing_ok=True)

    def publish(self, revision: Revision) -> None:
        """Send *revision* to every point, in the order that its direction asks for."""
        self.store_version = revision.store_version
        self.rollout.publish(revision)

    def note_version(self, store_version: int) -> None:
        """Record that the newest revision says all that the store's *store_version* does."""
        self.store_version = store_version
        if (newest := self.rollout.newest) is not None:
            self.rollout.note_version(newest.number, store_version)

    def status(self) -> Status:
        """Return what is in force where."""
        newest = self.rollout.newest
        return Status(
            number=0 if newest is None else newest.number,
            store_version=self.store_version,
            in_force_version=self.rollout.in_force_version(),
            points=self.rollout.statuses(),
            faults=self.faults,
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._sessions) >= MAX_CONNECTIONS:
            log.warning("too many connections", most=MAX_CONNECTIONS)
            writer.transport.abort()
            return
        self._sessions[task] = session = _Session(reader, writer)
        try:
            await self._converse(session)
        except FrameError as error:
            log.warning("connection closed", cause=str(error))
        except (OSError, TimeoutError) as error:
            log.debug("connection lost", cause=type(error).__name__)
        finally:
            del self._sessions[task]
            # An abort, not a close: the other side may have stopped reading.
            writer.transport.abort()

    async def _converse(self, session: "_Session") -> None:
        within_s = FIRST_MESSAGE_WITHIN_S
        while True:
            async with asyncio.timeout(within_s):
                message = await session.read()
            match message:
                case None:
                    return
                case Hello():
                    await self._serve_point(session, message)
                    return
                case Wake() | StatusQuery() if not self._peers.may_ask(session.peer):
                    raise FrameError("a question by a user who has none to ask")
                case Wake():
                    await self._on_wake()
                    await self.rollout.wait_everywhere(WAKE_WAITS_S)
                    await session.send(self.status())
                case StatusQuery():
                    await session.send(self.status())
                case Acknowledged() | EventBatch():
                    raise FrameError("a point must say hello first")
                case _:
                    assert_never(message)
            within_s = NEXT_QUESTION_WITHIN_S

    async def _serve_point(self, session: "_Session", hello: Hello) -> None:
        if _POINT_NAME.fullmatch(hello.name) is None or not 0 <= hello.have <= MAX_NUMBER:
            raise FrameError("a hello without a usable name and number")
        if component_of(hello.name) != hello.kind or not self._peers.may_be(
            session.peer, hello.kind
        ):
            raise FrameError("a hello by a user who is no such point")
        for other in self._sessions.values():
            # The process that had this name before is dead or dying.
            if other.point is not None and other.point.name == hello.name:
                other.writer.transport.abort()
        await self._check_ahead(hello.have)
        session.point = point = self.rollout.connect(
            hello.kind, hello.name, hello.digest, session.peer.pid or 0
        )
        log.info("point connected", point=point.name, have=hello.have)
        batches = asyncio.Queue[EventBatch](_WAITING_BATCHES)
        tasks = [
            asyncio.create_task(_write_due(session, point)),
            asyncio.create_task(self._store(session, batches)),
        ]
        try:
            await self._hear(session, point, batches)
        finally:
            self.rollout.disconnect(point)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            log.info("point gone", point=point.name)

    async def _hear(
        self, session: "_Session", point: Point, batches: asyncio.Queue[EventBatch]
    ) -> None:
        while (message := await session.read()) is not None:
            match message:
                case Acknowledged():
                    if not 0 <= message.number <= MAX_NUMBER:
                        raise FrameError("an acknowledgement of no usable number")
                    await self._check_ahead(message.number)
                    self.rollout.acknowledge(point, message.number)
                case EventBatch():
                    kinds = {each.event.point for each in message.events}
                    if message.sender != point.name or kinds != {point.kind}:
                        raise FrameError("a batch of events that is empty or somebody else's")
                    # The point sends again what is not stored, so a full queue may forget.
                    with contextlib.suppress(asyncio.QueueFull):
                        batches.put_nowait(message)
                case Hello() | Wake() | StatusQuery():
                    raise FrameError("a point says hello once and asks nothing")
                case _:
                    assert_never(message)

    async def _check_ahead(self, number: int) -> None:
        newest = self.rollout.newest
        if newest is not None and number > newest.number:
            log.warning("a point has a newer revision than policyd", number=number)
            await self._on_ahead(number)

    async def _store(self, session: "_Session", batches: asyncio.Queue[EventBatch]) -> None:
        while True:
            batch = await batches.get()
            try:
                await self._on_events(batch)
            except SchoolgateError as error:
                # It names the file and comes again with every try: a trace would bury the log.
                log.error("events are not stored", sender=batch.sender, cause=str(error))  # noqa: TRY400 - the cause says all
                continue
            except Exception:  # whatever failed, nothing is acknowledged that is not stored
                log.exception("events are not stored", sender=batch.sender)
                continue
            last = max(each.sequence for each in batch.events)
            await session.send(EventsStored(batch.boot, last))


class _Session:
    """One connection; *point* is set once it said hello."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.point: Point | None = None
        self.peer = peer_behind(writer)
        self._reader = reader

    async def read(self) -> ToPolicyd | None:
        """Return the next message, None at the end. Raises FrameError."""
        return await read_message(self._reader, _DECODER, MAX_INBOUND_OCTETS)

    async def send(self, message: msgspec.Struct) -> None:
        """Write *message* and wait until the other side takes it."""
        await send_message(self.writer, message)


async def _write_due(session: _Session, point: Point) -> None:
    while True:
        await point.has_due.wait()
        for frame in point.take_due():
            session.writer.write(frame)
        await session.writer.drain()
