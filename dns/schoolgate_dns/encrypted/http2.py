"""One HTTP/2 connection that asks for answers, a stream for each (RFC 9113)."""

import asyncio
from collections.abc import Iterable
from typing import Final

import msgspec
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings

from schoolgate_dns.encrypted.doh import (
    MAX_TARGET_OCTETS,
    DohRequest,
    DohResponse,
    respond,
)
from schoolgate_dns.messages.preparse import MAX_QUERY_OCTETS
from schoolgate_dns.streams.connections import Accepted, StreamLimits
from schoolgate_dns.streams.http2_frames import PREFACE_OCTETS, FrameGuard
from schoolgate_dns.streams.patience import Patience
from schoolgate_dns.streams.service import Answers

MAX_STREAMS: Final = 100  # RFC 9113 section 6.5.2 advises against fewer
# A stream that its client withdraws has cost us work; a browser that is closed withdraws a few.
MAX_WITHDRAWN: Final = 200
_MAX_HEAD_OCTETS: Final = MAX_TARGET_OCTETS + 8192
_READ_OCTETS: Final = 16_384


class _Asked(msgspec.Struct):
    request: DohRequest
    body: bytearray = msgspec.field(default_factory=bytearray)


class Http2Connection:
    """Serves *answers* on *accepted* until its client or we end it."""

    def __init__(self, answers: Answers, limits: StreamLimits, accepted: Accepted) -> None:
        self._answers = answers
        self._limits = limits
        self._reader = accepted.reader
        self._writer = accepted.writer
        self._client = accepted.client
        self._places = accepted.places
        self._patience = Patience(limits)
        self._asked: dict[int, _Asked] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._withdrawn = 0
        self._is_over = False
        self._room = asyncio.Event()
        self._write_turn = asyncio.Lock()
        self._frames = FrameGuard(PREFACE_OCTETS)
        self._http2 = H2Connection(H2Configuration(client_side=False))
        # As initial values they hold from the first frame, not from when the client agrees.
        self._http2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: _MAX_HEAD_OCTETS,
            },
        )
        self._http2.decoder.max_header_list_size = _MAX_HEAD_OCTETS

    async def run(self) -> None:
        """Serve to the end. Raises OSError where that is a client who went away or was slow."""
        self._http2.initiate_connection()
        await self._flush()
        try:
            # An answer that cannot be sent ends the group, and with it the connection.
            async with asyncio.TaskGroup() as answering:
                await self._listen(answering)
                for task in self._tasks.values():
                    task.cancel()
        except* H2Error:
            # What is to be said about the client's mistake is said, and no more follows.
            await self._flush()

    async def _listen(self, answering: asyncio.TaskGroup) -> None:
        while not self._is_over and (octets := await self._read()):
            self._frames.check(octets)
            for event in self._http2.receive_data(octets):
                if not self._is_over:
                    self._take(event, answering)
            self._room.set()
            # Nothing more is read until the client has taken what was said to it, or else its
            # pings and settings would fill our memory with answers.
            await self._flush()

    async def _read(self) -> bytes:
        """Return what the client says, nothing when it has been idle too long."""
        try:
            async with self._patience.waiting():
                return await self._reader.read(_READ_OCTETS)
        except TimeoutError:
            if self._asked:
                raise
            self._http2.close_connection()
            await self._flush()
            return b""

    def _take(self, event: Event, answering: asyncio.TaskGroup) -> None:
        match event:
            case RequestReceived(stream_id=number, headers=headers):
                self._asked[number] = _Asked(_request_of(headers))
                self._patience.begun(number)
            case DataReceived(stream_id=number, data=octets, flow_controlled_length=length):
                self._http2.acknowledge_received_data(length or 0, number)
                self._add(number, octets or b"", answering)
            case StreamEnded(stream_id=number):
                self._whole(number, answering)
            case StreamReset(stream_id=number):
                self._withdraw(number)
            case ConnectionTerminated():
                self._is_over = True
            case _:
                pass

    def _add(self, number: int, octets: bytes, answering: asyncio.TaskGroup) -> None:
        asked = self._asked.get(number)
        if asked is None:
            return
        asked.body += octets
        if len(asked.body) > MAX_QUERY_OCTETS:
            # One octet more than there may be is enough to tell it so.
            del asked.body[MAX_QUERY_OCTETS + 1 :]
            self._whole(number, answering)

    def _whole(self, number: int, answering: asyncio.TaskGroup) -> None:
        asked = self._asked.pop(number, None)
        if asked is None:
            return
        self._patience.ended(number)
        self._patience.owes()
        request = msgspec.structs.replace(asked.request, body=bytes(asked.body))
        self._tasks[number] = answering.create_task(self._answer(number, request))

    def _withdraw(self, number: int) -> None:
        self._withdrawn += 1
        if self._withdrawn > MAX_WITHDRAWN:
            self._http2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
            self._is_over = True
        if self._asked.pop(number, None) is not None:
            self._patience.ended(number)
        if (task := self._tasks.get(number)) is not None:
            task.cancel()

    async def _answer(self, number: int, request: DohRequest) -> None:
        try:
            async with self._places:
                response = await respond(request, self._answers, self._client)
            async with asyncio.timeout(self._limits.write_s):
                await self._send(number, response)
        finally:
            del self._tasks[number]
            self._patience.settled()

    async def _send(self, number: int, response: DohResponse) -> None:
        self._http2.send_headers(number, [(":status", str(response.status)), *response.headers])
        rest = memoryview(response.body)
        while rest:
            room = min(
                self._http2.local_flow_control_window(number),
                self._http2.max_outbound_frame_size,
            )
            if room <= 0:
                self._room.clear()
                await self._flush()
                await self._room.wait()
                continue
            self._http2.send_data(number, bytes(rest[:room]), end_stream=room >= len(rest))
            rest = rest[room:]
        stream = self._http2.streams.get(number)
        if stream is not None and not stream.closed:
            # The client is not done, although we are: what else it says is not wanted.
            self._http2.reset_stream(number, ErrorCodes.NO_ERROR)
        await self._flush()

    async def _flush(self) -> None:
        async with self._write_turn, asyncio.timeout(self._limits.write_s):
            self._writer.write(self._http2.data_to_send())
            await self._writer.drain()


def _request_of(headers: Iterable[tuple[bytes | str, bytes | str]]) -> DohRequest:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(_text(name), []).append(_text(value))
    media_types = found.get("content-type", [])
    return DohRequest(
        # HTTP/2 has exactly one of each, and CONNECT, which nobody is answered, no path.
        method="".join(found.get(":method", [])),
        target="".join(found.get(":path", [])),
        media_type=media_types[0] if len(media_types) == 1 else "",
    )


def _text(field: bytes | str) -> str:
    return field if isinstance(field, str) else field.decode("latin-1")
