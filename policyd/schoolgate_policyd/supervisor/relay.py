"""
A relay: connections to one port go on to another from a chosen source address.

A browser cannot choose its source address, so the sample school opens one for each network.
"""

import asyncio
import contextlib
from dataclasses import dataclass

CHUNK_OCTETS = 64 * 1024
MAX_CONNECTIONS = 256
CONNECT_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Relay:
    """From *listen_on* to *target*, both address and port, with *source* as source address."""

    listen_on: tuple[str, int]
    target: tuple[str, int]
    source: str


class RunningRelay:
    """A relay that listens on *port*; make one with `start_relay`."""

    def __init__(self, relay: Relay) -> None:
        self.port = relay.listen_on[1]
        self._relay = relay
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. Raises OSError."""
        address, port = self._relay.listen_on
        self._server = await asyncio.start_server(self._accept, address, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more and cut every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            # A reset by either side ends both, which is all there is to do about it.
            with contextlib.suppress(OSError, TimeoutError):
                await self._join(reader, writer)
        finally:
            writer.transport.abort()
            self._connections.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address, port = self._relay.target
        async with asyncio.timeout(CONNECT_WITHIN_S):
            far_reader, far_writer = await asyncio.open_connection(
                address, port, local_addr=(self._relay.source, 0)
            )
        ways = [
            asyncio.create_task(_pump(reader, far_writer)),
            asyncio.create_task(_pump(far_reader, writer)),
        ]
        try:
            # Half-closed is a state of its own: each way ends by itself, an error ends both.
            await asyncio.gather(*ways)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            far_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK_OCTETS):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    await writer.drain()


async def start_relay(relay: Relay) -> RunningRelay:
    """Return *relay*, listening. Raises OSError."""
    running = RunningRelay(relay)
    await running.start()
    return running
