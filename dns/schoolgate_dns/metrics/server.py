"""The metrics over HTTP, on the loopback alone: one request a connection, GET /metrics only."""

import asyncio
import contextlib
from typing import Final

import structlog

from schoolgate_dns.metrics.text import Metrics

ADDRESS: Final = "127.0.0.1"
MAX_REQUEST_OCTETS: Final = 8192
MAX_CONNECTIONS: Final = 4
WITHIN_S: Final = 5.0
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

log = structlog.get_logger(__name__)


class MetricsServer:
    """
    Serves *metrics* at *port*; with 0 the system chooses, and `port` says which.

    With None nobody wants them, and nothing is served.
    """

    def __init__(self, metrics: Metrics, port: int | None) -> None:
        self.port = port
        self._metrics = metrics
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to serve. Where the port is taken that is logged: DNS does not depend on it."""
        if self.port is None:
            return
        try:
            self._server = await asyncio.start_server(
                self._accepted, ADDRESS, self.port, limit=MAX_REQUEST_OCTETS
            )
        except OSError as error:
            log.error("no metrics: dns.metrics_port cannot be had", cause=str(error))  # noqa: TRY400 - the cause says all
            return
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Serve no more, and end every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            # Whoever is slow, says too much or goes away gets nothing, and that is all.
            with contextlib.suppress(
                OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
            ):
                async with asyncio.timeout(WITHIN_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._answer_to(head))
                    await writer.drain()
        finally:
            self._connections.discard(task)
            writer.close()

    def _answer_to(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if path != b"/metrics":
            return _answer("404 Not Found", "")
        if method != b"GET":
            return _answer("405 Method Not Allowed", "", "Allow: GET\r\n")
        return _answer("200 OK", self._metrics.text())


def _answer(status: str, text: str, more: str = "") -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n"
        f"{more}Connection: close\r\n\r\n"
    )
    return head.encode() + body
