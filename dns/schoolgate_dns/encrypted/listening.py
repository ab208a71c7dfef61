"""
Connections that count before TLS begins.

A handshake costs more than a query and whoever never ends one holds a connection all the same, so
a connection takes its client's place as soon as it is accepted.
"""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from schoolgate_dns.addresses import client_address
from schoolgate_dns.streams.connections import Accepted, Connections
from schoolgate_dns.streams.service import READ_AHEAD_OCTETS

HANDSHAKE_LIMIT_S: Final = 5.0
_SHUTDOWN_LIMIT_S: Final = 1.0
_BACKLOG: Final = 256
# Without file descriptors nothing can be accepted; some connection will end soon.
_PAUSE_S: Final = 0.1

log = structlog.get_logger(__name__)

Serve = Callable[[Accepted], Awaitable[None]]
"""Serves a connection, and closes it."""


class Listener:
    """Accepts TLS connections on *own*, a bound socket, and has *serve* serve them."""

    def __init__(
        self,
        own: socket.socket,
        context: ssl.SSLContext,
        connections: Connections,
        serve: Serve,
        *,
        handshake_limit_s: float = HANDSHAKE_LIMIT_S,
    ) -> None:
        self.port: int = own.getsockname()[1]
        self._own = own
        self._context = context
        self._connections = connections
        self._serve = serve
        self._handshake_limit_s = handshake_limit_s
        self._tasks: set[asyncio.Task[None]] = set()
        own.listen(_BACKLOG)
        self._accepting = asyncio.create_task(self._accept_for_ever())

    async def stop(self) -> None:
        """Accept no more, and end every connection."""
        tasks = [self._accepting, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._own.close()

    async def _accept_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, peer = await loop.sock_accept(self._own)
            except OSError as error:
                log.warning("no connection could be accepted", cause=str(error))
                await asyncio.sleep(_PAUSE_S)
                continue
            task = asyncio.create_task(self._handle(accepted, client_address(peer[0])))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _handle(self, accepted: socket.socket, client: str) -> None:
        with self._connections.admitted(client) as places:
            if places is None:
                accepted.close()
                return
            # Whoever gives up, or fails to agree on TLS, is gone: nothing is owed to them.
            with contextlib.suppress(OSError):
                reader, writer = await self._secured(accepted)
                await self._serve(Accepted(reader, writer, client, places))

    async def _secured(
        self, accepted: socket.socket
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=READ_AHEAD_OCTETS, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            accepted,
            ssl=self._context,
            ssl_handshake_timeout=self._handshake_limit_s,
            ssl_shutdown_timeout=_SHUTDOWN_LIMIT_S,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def bound_socket(address: str, port: int) -> socket.socket:
    """Return a TCP socket, bound and not blocking. Raises OSError."""
    is_ipv6 = ipaddress.ip_address(address).version == 6  # noqa: PLR2004 - its number
    own = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.bind((address, port))
    except OSError:
        own.close()
        raise
    own.setblocking(False)  # noqa: FBT003 - the call has no keywords
    return own
