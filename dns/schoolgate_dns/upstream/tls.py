"""
Asking an upstream over TLS (RFC 7858), strictly: it proves its name or is asked nothing.

One connection, on which questions follow each other without waiting and answers come in any
order; ids tell them apart. Every question is padded, so that its length does not say which it is.
"""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Lookup, preparse, wire
from schoolgate_dns.messages.layout import HEADER_OCTETS
from schoolgate_dns.resolvers import UpstreamPlace
from schoolgate_dns.streams.stream_options import QUERY_BLOCK_OCTETS, padded
from schoolgate_dns.upstream.counts import Counts
from schoolgate_dns.upstream.lasting import (
    IDLE_LIMIT_S,
    MAX_IN_FLIGHT,
    ConnectionLostError,
    Lasting,
)
from schoolgate_dns.upstream.trust import upstream_context

PROTOCOL: Final = "dot"
_SHUTDOWN_LIMIT_S: Final = 1.0
_IDS: Final = 65_536

Matches = Callable[[bytes, int], bool]
"""Whether octets answer what was asked under an id."""


class TlsTransport:
    """
    The way to *place*, whose certificate one of *authorities* has signed (see `trust`).

    Each call takes *timeout_s* at most, and a pause of *idle_s* ends the connection.
    """

    def __init__(
        self,
        place: UpstreamPlace,
        timeout_s: float,
        *,
        authorities: Path | None = None,
        idle_s: float = IDLE_LIMIT_S,
    ) -> None:
        self.name = str(place)
        self.counts = Counts()
        self.is_proven = True
        self._place = place
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._context = upstream_context(PROTOCOL, authorities)
        self._lasting = Lasting(self._open)

    async def ask(self, lookup: Lookup) -> bytes:
        """Return the octets of the reply to *lookup*, as Transport has it."""

        def matches(octets: bytes, number: int) -> bool:
            return wire.is_reply_to(octets, lookup, number)

        query = padded(wire.query_for(lookup, 0), QUERY_BLOCK_OCTETS)
        async with asyncio.timeout(self._timeout_s):
            reply = await self._lasting.with_connection(lambda each: each.ask(query, matches))
        if wire.is_truncated(reply):
            raise WireError("cut short, although nothing is too long for a connection")
        return reply

    async def relay(self, octets: bytes) -> bytes:
        """Return the reply to the whole message *octets*, as Transport has it."""
        opcode = preparse.header_of(octets).opcode

        def matches(reply: bytes, number: int) -> bool:
            header = preparse.header_of(reply)
            return header.is_reply and header.id == number and header.opcode == opcode

        async with asyncio.timeout(self._timeout_s):
            # On a connection of its own: what changes something must not be sent twice, so none
            # is used that the other side may be about to close.
            connection = await self._open()
            try:
                reply = await connection.ask(octets, matches)
            finally:
                connection.abort()
        return octets[:2] + reply[2:]

    async def close(self) -> None:
        """Give up what is waiting and close the connection."""
        await self._lasting.close()

    async def _open(self) -> "_TlsConnection":
        reader, writer = await asyncio.open_connection(
            self._place.place.address,
            self._place.place.port,
            ssl=self._context,
            server_hostname=self._place.name or self._place.place.address,
            ssl_shutdown_timeout=_SHUTDOWN_LIMIT_S,
        )
        self.counts.tcp += 1
        return _TlsConnection(reader, writer, self.counts, self._idle_s)


class _Question(msgspec.Struct):
    matches: Matches
    reply: asyncio.Future[bytes]


class _TlsConnection:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        counts: Counts,
        idle_s: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = reader
        self._writer = writer
        self._counts = counts
        self._idle_s = idle_s
        self._is_over = False
        self._questions: dict[int, _Question] = {}
        self._places = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._heard_at = self._loop.time()
        self._idle = self._loop.call_later(idle_s, self.abort)
        self._reading = asyncio.create_task(self._read())

    @property
    def is_usable(self) -> bool:
        return not self._is_over

    def abort(self) -> None:
        self._is_over = True
        self._idle.cancel()
        self._reading.cancel()
        self._writer.transport.abort()
        for question in self._questions.values():
            if not question.reply.done():
                question.reply.set_exception(ConnectionLostError("the connection ended"))

    async def ask(self, query: bytes, matches: Matches) -> bytes:
        """Return the reply to *query*, sent under an id of our own. Raises OSError."""
        async with self._places:
            if not self.is_usable:
                raise ConnectionLostError("the connection ended")
            self._idle.cancel()
            number = self._free_id()
            question = _Question(matches, self._loop.create_future())
            self._questions[number] = question
            asked_at = self._loop.time()
            try:
                self._writer.write(len(query).to_bytes(2) + number.to_bytes(2) + query[2:])
                return await question.reply
            except asyncio.CancelledError:
                # Out of time. If nothing at all came since, the connection itself may be dead,
                # and the next question had better not find out again.
                if self._heard_at <= asked_at:
                    self.abort()
                raise
            finally:
                del self._questions[number]
                if not self._questions and self.is_usable:
                    self._idle = self._loop.call_later(self._idle_s, self.abort)

    def _free_id(self) -> int:
        # Of all ids few are taken at most, so this ends soon.
        while (number := secrets.randbelow(_IDS)) in self._questions:
            pass
        return number

    async def _read(self) -> None:
        try:
            while True:
                length = int.from_bytes(await self._reader.readexactly(2))
                octets = await self._reader.readexactly(length)
                self._heard_at = self._loop.time()
                self._take(octets)
        except (OSError, asyncio.IncompleteReadError):
            # The upstream closed it, in the middle of a message or not.
            pass
        finally:
            self.abort()

    def _take(self, octets: bytes) -> None:
        number = int.from_bytes(octets[:2])
        question = self._questions.get(number)
        if question is None or len(octets) < HEADER_OCTETS or question.reply.done():
            # An answer to somebody who has given up, most likely.
            return
        if question.matches(octets, number):
            question.reply.set_result(octets)
        else:
            self._counts.mismatched += 1
