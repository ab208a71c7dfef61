"""
UDP and TCP, and nothing of the protocol beyond their framing.

One port for both. What can be answered at once is answered inside the callback that received
it; only what waits for an upstream becomes a task. TCP serves several queries on a connection,
one after another, within an idle limit and a number of connections (RFC 7766 section 6.2).
"""

import asyncio
import socket
from collections import Counter
from typing import Protocol

import structlog

from schoolgate_dns.preparse import HEADER_OCTETS, MAX_QUERY_OCTETS
from schoolgate_dns.stages.who import client_address

IDLE_LIMIT_S = 10.0
WRITE_LIMIT_S = 10.0
MAX_CONNECTIONS = 128
MAX_CONNECTIONS_OF_CLIENT = 32
# Datagrams that wait for an upstream; those beyond are dropped, and their clients ask again.
MAX_WAITING = 4096
# Of one client far fewer than `upstream.MAX_IN_FLIGHT`: whoever asks for names that no server
# answers for must not take the places of everybody else's questions.
MAX_WAITING_OF_CLIENT = 128
_RECEIVE_BUFFER_OCTETS = 1024 * 1024
_PORT_TRIES = 20

log = structlog.get_logger(__name__)


class Answers(Protocol):
    """Whoever answers messages; `answering.Answering` in the running point."""

    async def answer(self, octets: bytes, client: str, *, over_udp: bool) -> bytes | None:
        """Return the answer to *octets*, None for silence. Never raises."""
        ...


class Server:
    """Serves *answers* at *address*; with *port* 0 the system chooses, and `port` says which."""

    def __init__(
        self, answers: Answers, address: str, port: int, *, idle_limit_s: float = IDLE_LIMIT_S
    ) -> None:
        self.port = port
        self._answers = answers
        self._address = address
        self._idle_limit_s = idle_limit_s
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._connections_of: Counter[str] = Counter()
        self._waiting: set[asyncio.Task[None]] = set()
        self._waiting_of: Counter[str] = Counter()

    async def start(self) -> None:
        """Begin to serve. Raises OSError if the address or port cannot be had."""
        udp, tcp = _bound_pair(self._address, self.port)
        self.port = udp.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        self._tcp = await asyncio.start_server(self._accepted, sock=tcp)

    async def stop(self) -> None:
        """Stop serving: connections are closed, what still waits for an upstream is dropped."""
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        tasks = [*self._connections, *self._waiting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._tcp is not None:
            await self._tcp.wait_closed()

    def datagram_received(self, octets: bytes, peer: tuple[str, int]) -> None:
        """Answer one datagram, now or when an upstream has answered."""
        # Port 0 cannot be answered, and a source that claims it is forged.
        if len(octets) > MAX_QUERY_OCTETS or peer[1] == 0 or len(self._waiting) >= MAX_WAITING:
            return
        client = client_address(peer[0])
        if self._waiting_of[client] >= MAX_WAITING_OF_CLIENT:
            return
        # Started eagerly, a task that has nothing to wait for is over when this returns.
        task = asyncio.Task(
            self._answer_datagram(octets, peer, client),
            loop=asyncio.get_running_loop(),
            eager_start=True,
        )
        if not task.done():
            self._waiting.add(task)
            self._waiting_of[client] += 1
            task.add_done_callback(lambda done: self._answered(done, client))

    def _answered(self, task: asyncio.Task[None], client: str) -> None:
        self._waiting.discard(task)
        self._waiting_of[client] -= 1
        if not self._waiting_of[client]:
            del self._waiting_of[client]

    async def _answer_datagram(self, octets: bytes, peer: tuple[str, int], client: str) -> None:
        answer = await self._answers.answer(octets, client, over_udp=True)
        if answer is not None and self._udp is not None and not self._udp.is_closing():
            self._udp.sendto(answer, peer)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        peer = writer.get_extra_info("peername")
        client = client_address(peer[0]) if peer else ""
        if (
            task is None
            or len(self._connections) >= MAX_CONNECTIONS
            or self._connections_of[client] >= MAX_CONNECTIONS_OF_CLIENT
        ):
            writer.close()
            return
        self._connections.add(task)
        self._connections_of[client] += 1
        try:
            await self._serve(reader, writer, client)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The client went away, kept silent too long (TimeoutError), or we are stopping:
            # in each case the connection is over, and closing it below is all there is to do.
            pass
        finally:
            self._connections.discard(task)
            self._connections_of[client] -= 1
            if not self._connections_of[client]:
                del self._connections_of[client]
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: str
    ) -> None:
        while True:
            async with asyncio.timeout(self._idle_limit_s):
                length = int.from_bytes(await reader.readexactly(2))
                if not HEADER_OCTETS <= length <= MAX_QUERY_OCTETS:
                    return
                octets = await reader.readexactly(length)
            answer = await self._answers.answer(octets, client, over_udp=False)
            if answer is None:
                return
            writer.write(len(answer).to_bytes(2) + answer)
            async with asyncio.timeout(WRITE_LIMIT_S):
                await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: Server) -> None:
        self._server = server

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.datagram_received(data, addr)

    def error_received(self, exc: Exception) -> None:
        # A client that is gone before its answer; the next datagram is another's.
        log.debug("a datagram could not be delivered", cause=str(exc))


def _bound_pair(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a TCP socket on one port. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for remaining in reversed(range(_PORT_TRIES)):
        udp = socket.socket(family, socket.SOCK_DGRAM)
        tcp = socket.socket(family, socket.SOCK_STREAM)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_OCTETS)
            udp.bind((address, port))
            tcp.bind((address, udp.getsockname()[1]))
        except OSError:
            udp.close()
            tcp.close()
            # Of a port that the system chose for UDP the TCP half may be taken: another, then.
            if port or not remaining:
                raise
            continue
        for each in (udp, tcp):
            each.setblocking(False)  # noqa: FBT003 - the call has no keywords
        return udp, tcp
    raise AssertionError("the last try returns or raises")
