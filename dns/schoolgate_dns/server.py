"""
UDP and TCP on one port, and nothing of the protocol beyond their framing.

`datagrams` takes UDP by batches, `streams` TCP by connections.
"""

import asyncio
import time
from collections.abc import Callable

from schoolgate_dns.datagrams.service import Answerer, Datagrams, nothing
from schoolgate_dns.process.sockets import ServerSockets
from schoolgate_dns.streams.connections import Connections, StreamLimits
from schoolgate_dns.streams.service import READ_AHEAD_OCTETS, Answers, StreamService


class Server:
    """
    Serves on *sockets*: *answerer* answers datagrams, *answers* the messages of streams.

    *connections* says how many there may be, and whose. *at_rest* is called when an answer has
    left a socket behind which no other waits there.
    """

    def __init__(
        self,
        answerer: Answerer,
        answers: Answers,
        sockets: ServerSockets,
        *,
        at_rest: Callable[[], None] = nothing,
        connections: Connections | None = None,
        stream_limits: StreamLimits = StreamLimits(),  # noqa: B008 - it is frozen
    ) -> None:
        self._datagrams = tuple(
            Datagrams(each.udp, answerer, time.monotonic, at_rest) for each in sockets.addresses
        )
        self.streams = StreamService(answers, limits=stream_limits, connections=connections)
        self._sockets = sockets
        self._tcp: list[asyncio.Server] = []

    @property
    def received(self) -> int:
        """How many datagrams came."""
        return sum(each.received for each in self._datagrams)

    @property
    def dropped(self) -> int:
        """How many datagrams there was no room for."""
        return sum(each.misses.dropped for each in self._datagrams)

    @property
    def limited(self) -> int:
        """Of how many clients the kernel drops a part, since they send too much."""
        return sum(len(each.floods.parts) for each in self._datagrams)

    @property
    def waiting(self) -> int:
        """How many datagrams wait to be worked on."""
        return sum(len(each.misses) for each in self._datagrams)

    @property
    def unanswered(self) -> int:
        """How many datagrams came that have no answer yet, those that wait included."""
        return self.waiting + sum(each.pending for each in self._datagrams)

    async def start(self) -> None:
        """Begin to serve."""
        for datagrams in self._datagrams:
            datagrams.start()
        for each in self._sockets.addresses:
            self._tcp.append(
                await asyncio.start_server(
                    self.streams.accepted, sock=each.tcp, limit=READ_AHEAD_OCTETS
                )
            )

    async def stop(self) -> None:
        """Stop serving: connections are closed, what still waits for an upstream is dropped."""
        for tcp in self._tcp:
            tcp.close()
        for datagrams in self._datagrams:
            await datagrams.stop()
        await self.streams.stop()
        for tcp in self._tcp:
            await tcp.wait_closed()
