"""The client's side of one HTTP/2 connection that carries DNS messages (RFC 9113, RFC 8484)."""

import asyncio
from typing import Final

import msgspec
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages.preparse import MAX_REPLY_OCTETS
from schoolgate_dns.streams.http2_frames import FrameGuard
from schoolgate_dns.upstream.lasting import MAX_IN_FLIGHT, ConnectionLostError

MEDIA_TYPE: Final = "application/dns-message"
_READ_OCTETS: Final = 65_536
_MAX_FIELD_OCTETS: Final = 80
# Ids of streams only grow; before they end another connection takes over.
_LAST_STREAM_ID: Final = 2**30

Headers = tuple[tuple[str, str], ...]


def post_headers(authority: str, path: str) -> Headers:
    """Return the head of a request that posts a message, but for its length."""
    return (
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", authority),
        (":path", path),
        ("accept", MEDIA_TYPE),
        ("content-type", MEDIA_TYPE),
    )


class _Response(msgspec.Struct):
    whole: asyncio.Future[bytes]
    status: str = ""
    media_type: str = ""
    body: bytearray = msgspec.field(default_factory=bytearray)


class Http2Client:
    """Posts messages on one connection, each under *headers*."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        headers: Headers,
        idle_s: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = reader
        self._writer = writer
        self._headers = headers
        self._idle_s = idle_s
        self._responses: dict[int, _Response] = {}
        self._places = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._room = asyncio.Event()
        self._is_ending = False
        self._heard_at = self._loop.time()
        self._frames = FrameGuard()
        self._http2 = H2Connection(H2Configuration(client_side=True))
        self._http2.local_settings.enable_push = 0
        self._http2.initiate_connection()
        self._send()
        self._idle = self._loop.call_later(idle_s, self.abort)
        self._reading = asyncio.create_task(self._read())

    @property
    def is_usable(self) -> bool:
        """Whether another message may be posted on it."""
        return not self._reading.done() and not self._is_ending

    def abort(self) -> None:
        """Close it now; whoever waits on it gets ConnectionLostError."""
        self._is_ending = True
        self._idle.cancel()
        self._reading.cancel()
        self._writer.transport.abort()
        self._lose_all()
        self._room.set()

    async def post(self, message: bytes) -> bytes:
        """Return the message that answers *message*. Raises OSError and WireError."""
        async with self._places:
            while self.is_usable and self._is_full():
                await self._changed()
            if not self.is_usable:
                raise ConnectionLostError("the connection ended")
            self._idle.cancel()
            number = self._http2.get_next_available_stream_id()
            self._is_ending = number >= _LAST_STREAM_ID
            response = self._responses[number] = _Response(self._loop.create_future())
            asked_at = self._loop.time()
            try:
                await self._send_request(number, message, response)
                return await response.whole
            except asyncio.CancelledError:
                self._give_up(number, asked_at)
                raise
            finally:
                del self._responses[number]
                if response.whole.done() and not response.whole.cancelled():
                    # Its error, if it has one, was raised above or is nobody's any more.
                    response.whole.exception()
                self._room.set()
                if not self._responses and not self._reading.done():
                    self._idle = self._loop.call_later(
                        0 if self._is_ending else self._idle_s, self.abort
                    )

    def _is_full(self) -> bool:
        most = self._http2.remote_settings.max_concurrent_streams
        return self._http2.open_outbound_streams >= most

    async def _changed(self) -> None:
        self._room.clear()
        await self._room.wait()

    async def _send_request(self, number: int, message: bytes, response: _Response) -> None:
        headers = [*self._headers, ("content-length", str(len(message)))]
        self._http2.send_headers(number, headers)
        rest = memoryview(message)
        while rest and not response.whole.done():
            room = min(
                self._http2.local_flow_control_window(number),
                self._http2.max_outbound_frame_size,
            )
            if room <= 0:
                self._send()
                await self._changed()
                continue
            self._http2.send_data(number, bytes(rest[:room]), end_stream=room >= len(rest))
            rest = rest[room:]
        self._send()

    def _give_up(self, number: int, asked_at: float) -> None:
        """Withdraw a question; if nothing came since it was asked, the connection with it."""
        if self._heard_at <= asked_at:
            # The connection itself may be dead: the next question had better not find out again.
            self.abort()
        elif self.is_usable:
            self._reset(number)
            self._send()

    def _reset(self, number: int) -> None:
        # A stream that just ended by itself needs no end.
        if number in self._http2.streams and not self._http2.streams[number].closed:
            self._http2.reset_stream(number, ErrorCodes.CANCEL)

    def _send(self) -> None:
        octets = self._http2.data_to_send()
        if octets and not self._writer.transport.is_closing():
            self._writer.write(octets)

    async def _read(self) -> None:
        try:
            while octets := await self._reader.read(_READ_OCTETS):
                self._heard_at = self._loop.time()
                self._frames.check(octets)
                for event in self._http2.receive_data(octets):
                    self._take(event)
                self._send()
                self._room.set()
        except (OSError, H2Error):
            # Lost, or not HTTP/2 as it is written: of no further use either way.
            pass
        finally:
            self.abort()

    def _take(self, event: Event) -> None:
        match event:
            case ConnectionTerminated():
                # h2 takes nothing more after a GOAWAY, so what the other side would still answer
                # is asked again elsewhere with the rest.
                self.abort()
            case ResponseReceived(stream_id=number, headers=headers):
                if (response := self._responses.get(number)) is not None:
                    found = dict(headers)
                    response.status = _text(found.get(b":status"))
                    response.media_type = _text(found.get(b"content-type"))
            case DataReceived(stream_id=number, data=octets, flow_controlled_length=length):
                self._http2.acknowledge_received_data(length or 0, number)
                self._add(number, octets or b"")
            case StreamEnded(stream_id=number):
                self._finish(number)
            case StreamReset(stream_id=number, error_code=code):
                self._fail(number, ConnectionLostError(f"the stream was reset ({code!r})"))
            case _:
                pass

    def _add(self, number: int, octets: bytes) -> None:
        response = self._responses.get(number)
        if response is None or response.whole.done():
            return
        response.body += octets
        if len(response.body) > MAX_REPLY_OCTETS:
            self._fail(number, WireError(f"longer than {MAX_REPLY_OCTETS} octets"))
            self._reset(number)

    def _finish(self, number: int) -> None:
        response = self._responses.get(number)
        if response is None or response.whole.done():
            return
        if response.status != "200":
            self._fail(number, WireError(f"HTTP status {response.status}"))
        elif response.media_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
            self._fail(number, WireError(f"came as `{response.media_type}`"))
        else:
            response.whole.set_result(bytes(response.body))

    def _fail(self, number: int, error: Exception) -> None:
        response = self._responses.get(number)
        if response is not None and not response.whole.done():
            response.whole.set_exception(error)

    def _lose_all(self) -> None:
        for number in self._responses:
            self._fail(number, ConnectionLostError("the connection ended"))


def _text(field: bytes | str | None) -> str:
    octets = field.encode() if isinstance(field, str) else field or b""
    return octets[:_MAX_FIELD_OCTETS].decode("ascii", errors="replace")
