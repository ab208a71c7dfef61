"""One HTTP/1.1 connection that asks for answers, request after request (RFC 9112)."""

import asyncio
from typing import Final

import h11
import msgspec

from schoolgate_dns.encrypted.doh import (
    MAX_TARGET_OCTETS,
    DohRequest,
    DohResponse,
    RequestError,
    respond,
)
from schoolgate_dns.messages.preparse import MAX_QUERY_OCTETS
from schoolgate_dns.streams.connections import Accepted, StreamLimits
from schoolgate_dns.streams.patience import Patience
from schoolgate_dns.streams.service import Answers

_MAX_HEAD_OCTETS: Final = MAX_TARGET_OCTETS + 8192
_READ_OCTETS: Final = 16_384


class Http1Connection:
    """Serves *answers* on *accepted* until its client or we end it."""

    def __init__(self, answers: Answers, limits: StreamLimits, accepted: Accepted) -> None:
        self._answers = answers
        self._limits = limits
        self._reader = accepted.reader
        self._writer = accepted.writer
        self._client = accepted.client
        self._places = accepted.places
        self._patience = Patience(limits)
        self._http1 = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_OCTETS)

    async def run(self) -> None:
        """Serve to the end. Raises OSError where that is a client who went away or was slow."""
        while True:
            try:
                request = await self._request()
            except RequestError as error:
                # Its body is not wanted, and nothing after it can be told from it.
                await self._send(error.response, is_last=True)
                return
            except h11.RemoteProtocolError as error:
                if self._http1.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                    status = error.error_status_hint
                    refusal = RequestError(status, "This is not HTTP.").response
                    await self._send(refusal, is_last=True)
                return
            if request is None:
                return
            self._patience.owes()
            async with self._places:
                response = await respond(request, self._answers, self._client)
            await self._send(response)
            self._patience.settled()
            try:
                self._http1.start_next_cycle()
            except h11.LocalProtocolError:
                # One of the two said that this was the last one.
                return

    async def _request(self) -> DohRequest | None:
        """Return the next whole request, None when there is none. Raises RequestError."""
        request: DohRequest | None = None
        body = bytearray()
        if self._http1.trailing_data[0]:
            # It came right behind the last one.
            self._patience.begun(self)
        while True:
            match await self._event():
                case h11.Request() as head:
                    request = _request_of(head)
                case h11.Data(data=octets):
                    body += octets
                    if len(body) > MAX_QUERY_OCTETS:
                        raise RequestError(413, f"A query has at most {MAX_QUERY_OCTETS} octets.")
                case h11.EndOfMessage() if request is not None:
                    self._patience.ended(self)
                    return msgspec.structs.replace(request, body=bytes(body))
                case _:
                    return None

    async def _event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while True:
            event = self._http1.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self._http1.they_are_waiting_for_100_continue:
                await self._write(
                    self._http1.send(h11.InformationalResponse(status_code=100, headers=[]))
                )
            try:
                async with self._patience.waiting():
                    octets = await self._reader.read(_READ_OCTETS)
            except TimeoutError:
                if self._http1.trailing_data[0] or self._http1.their_state is not h11.IDLE:
                    raise
                # Idle between two requests: an end that everybody expects.
                octets = b""
            if octets:
                self._patience.begun(self)
            self._http1.receive_data(octets)

    async def _send(self, response: DohResponse, *, is_last: bool = False) -> None:
        headers = [*response.headers, ("connection", "close")] if is_last else response.headers
        head = h11.Response(status_code=response.status, headers=list(headers))
        body = h11.Data(data=response.body)
        parts = [self._http1.send(each) for each in (head, body, h11.EndOfMessage())]
        await self._write(b"".join(part or b"" for part in parts))

    async def _write(self, octets: bytes | None) -> None:
        async with asyncio.timeout(self._limits.write_s):
            self._writer.write(octets or b"")
            await self._writer.drain()


def _request_of(head: h11.Request) -> DohRequest:
    media_types = [value for name, value in head.headers if name == b"content-type"]
    return DohRequest(
        method=head.method.decode("latin-1"),
        target=head.target.decode("latin-1"),
        media_type=media_types[0].decode("latin-1") if len(media_types) == 1 else "",
    )
