"""
UDP and TCP on one port, and nothing of the protocol beyond their framing.

`datagrams` takes UDP by batches, `streams` TCP by connections.
"""

import asyncio
import time

from schoolgate_dns.datagrams.service import Datagrams
from schoolgate_dns.finished.reception import Reception
from schoolgate_dns.process.sockets import ServerSockets
from schoolgate_dns.streams.connections import Connections, StreamLimits
from schoolgate_dns.streams.service import READ_AHEAD_OCTETS, Answers, StreamService


class Server:
    """
    Serves on *sockets*: *reception* answers datagrams, *answers* the messages of streams.

    *connections* says how many there may be, and whose.
    """

    def __init__(
        self,
        reception: Reception,
        answers: Answers,
        sockets: ServerSockets,
        *,
        connections: Connections | None = None,
        stream_limits: StreamLimits = StreamLimits(),  # noqa: B008 - it is frozen
    ) -> None:
        self.datagrams = Datagrams(sockets.udp, reception, time.monotonic)
        self.streams = StreamService(answers, limits=stream_limits, connections=connections)
        self._sockets = sockets
        self._tcp: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to serve."""
        self.datagrams.start()
        self._tcp = await asyncio.start_server(
            self.streams.accepted, sock=self._sockets.tcp, limit=READ_AHEAD_OCTETS
        )

    async def stop(self) -> None:
        """Stop serving: connections are closed, what still waits for an upstream is dropped."""
        if self._tcp is not None:
            self._tcp.close()
        await self.datagrams.stop()
        await self.streams.stop()
        if self._tcp is not None:
            await self._tcp.wait_closed()
