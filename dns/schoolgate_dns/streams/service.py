"""
DNS over a stream, TCP's or TLS's: each message after its length (RFC 1035 section 4.2.2).

Queries may follow each other without waiting, and each is answered as soon as it can be, in
whatever order that is (RFC 7766 section 6.2.1.1). Everything a client could hold on to is
bounded: connections, queries in progress, and the time for each of its moves.
"""

import asyncio
from typing import Final, Protocol

from schoolgate_dns.addresses import client_address
from schoolgate_dns.messages.layout import HEADER_OCTETS
from schoolgate_dns.messages.preparse import MAX_QUERY_OCTETS
from schoolgate_dns.streams.connections import Accepted, Connections, StreamLimits
from schoolgate_dns.streams.patience import Patience
from schoolgate_dns.streams.stream_options import on_connection

# What is read ahead of a client whose queries are not taken yet.
READ_AHEAD_OCTETS: Final = 2 * MAX_QUERY_OCTETS


class Answers(Protocol):
    """Whoever answers messages; `answering.Answering` in the running point."""

    async def answer(self, octets: bytes, client: str, *, over_udp: bool) -> bytes | None:
        """Return the answer to *octets*, None for silence. Never raises."""
        ...


class StreamService:
    """Serves *answers* on connections that others accept; *is_encrypted* when over TLS."""

    def __init__(
        self,
        answers: Answers,
        *,
        limits: StreamLimits = StreamLimits(),  # noqa: B008 - it is frozen
        connections: Connections | None = None,
        is_encrypted: bool = False,
    ) -> None:
        self.connections = Connections() if connections is None else connections
        self.limits = limits
        self.is_encrypted = is_encrypted
        self.answers = answers

    async def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end, if there may be one more of its client."""
        peer = writer.get_extra_info("peername")
        client = client_address(peer[0]) if peer else ""
        with self.connections.admitted(client) as places:
            if places is None:
                writer.transport.abort()
                return
            await self.serve(Accepted(reader, writer, client, places))

    async def serve(self, accepted: Accepted) -> None:
        """Serve a connection that was admitted."""
        writer = accepted.writer
        # With no buffer to speak of, `drain` returns once the system has everything: nothing is
        # left to linger after the end of a connection that nobody reads from. At a limit of zero
        # TLS would never call an empty buffer empty.
        writer.transport.set_write_buffer_limits(high=1, low=0)
        try:
            await _Stream(self, accepted).run()
        except* (OSError, asyncio.IncompleteReadError, _NoQueryError):
            # The client went away, took too long (TimeoutError) or sent what is no query: the
            # connection is over, and nobody waits for the rest of its answers.
            writer.transport.abort()
        finally:
            writer.close()

    async def stop(self) -> None:
        """End every connection, whatever still waits on it."""
        await self.connections.close()


class _NoQueryError(Exception):
    """The client sent something that deserves silence, after which a stream is of no use."""


class _Stream:
    def __init__(self, service: StreamService, accepted: Accepted) -> None:
        self._service = service
        self._reader = accepted.reader
        self._writer = accepted.writer
        self._client = accepted.client
        self._places_of_client = accepted.places
        self._places = asyncio.Semaphore(service.limits.in_progress)
        self._patience = Patience(service.limits)
        self._write_turn = asyncio.Lock()

    async def run(self) -> None:
        # A client that has only ended its own half of the connection still gets its answers:
        # the group waits for them. If one of them cannot be sent, it ends all others.
        async with asyncio.TaskGroup() as queries:
            while (octets := await self._next()) is not None:
                # Beyond the bounds nothing more is read, and TCP makes the client wait.
                await self._places.acquire()
                await self._places_of_client.acquire()
                self._patience.owes()
                queries.create_task(self._answer(octets))

    async def _next(self) -> bytes | None:
        """Return the next message, None when the client is done or has been idle too long."""
        try:
            async with self._patience.waiting():
                begun = await self._reader.read(1)
        except TimeoutError:
            return None
        if not begun:
            return None
        self._patience.begun(self)
        async with self._patience.waiting():
            length = int.from_bytes(begun + await self._reader.readexactly(1))
            if not HEADER_OCTETS <= length <= MAX_QUERY_OCTETS:
                raise _NoQueryError
            octets = await self._reader.readexactly(length)
        self._patience.ended(self)
        return octets

    async def _answer(self, octets: bytes) -> None:
        service = self._service
        try:
            answer = await service.answers.answer(octets, self._client, over_udp=False)
            if answer is None:
                raise _NoQueryError
            answer = on_connection(
                octets, answer, service.limits.idle_s, is_encrypted=service.is_encrypted
            )
            async with self._write_turn, asyncio.timeout(service.limits.write_s):
                # Length and message in one segment (RFC 7766 section 8).
                self._writer.write(len(answer).to_bytes(2) + answer)
                await self._writer.drain()
        finally:
            self._patience.settled()
            self._places.release()
            self._places_of_client.release()
