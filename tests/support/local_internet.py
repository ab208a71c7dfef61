"""
A small internet on loopback: names with addresses, and websites that answer over TLS.

It shares no code with what is tested. `LocalInternet` runs in a thread of its own, so that tests
can drive ordinary clients and wait for them.
"""

import asyncio
import base64
import hashlib
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import trustme

type Handler = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]

ORIGIN = "127.20.0.1"
PRIVATE = "127.30.0.1"
PERMITTED = "127.20.0.0/16"
_WEBSOCKET_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CHUNK = bytes(64 * 1024)


@dataclass
class Asked:
    """A request as a website got it."""

    method: str
    target: str
    headers: dict[str, str]
    reader: asyncio.StreamReader
    is_tls: bool

    @property
    def host(self) -> str:
        return self.headers.get("host", "")


@dataclass
class LocalInternet:
    """
    Names, and websites that answer them.

    *addresses* and *cnames* say what the upstream answers; names in neither do not exist, and
    for those in *silent* no answer comes. *seen* are the requests that websites got,
    *asked_names* the questions that the upstream got, *connections* how many connections
    websites took.
    """

    names_with_certificates: tuple[str, ...]
    addresses: dict[str, str] = field(default_factory=dict)
    cnames: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    ttl_s: int = 60
    seen: list[Asked] = field(default_factory=list)
    asked_names: list[str] = field(default_factory=list)
    connections: int = 0
    open_connections: int = 0
    dns_port: int = 0
    https_port: int = 0
    http_port: int = 0

    def __post_init__(self) -> None:
        self._authority = trustme.CA()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._thread.start()
        self.do(self._start())

    def stop(self) -> None:
        self.do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def https(self, rest: str) -> str:
        """Return the address of `host/path` here."""
        host, slash, path = rest.partition("/")
        return f"https://{host}:{self.https_port}{slash}{path}"

    def do[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* in the internet's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def write_authority(self, path: Path) -> Path:
        """Write the certificate that websites' certificates are signed by."""
        self._authority.cert_pem.write_to_path(str(path))
        return path

    async def _start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*self.names_with_certificates).configure_cert(context)
        self._https = await asyncio.start_server(self._serve_tls, ORIGIN, 0, ssl=context)
        self._http = await asyncio.start_server(self._serve_plain, ORIGIN, 0)
        self.https_port = self._https.sockets[0].getsockname()[1]
        self.http_port = self._http.sockets[0].getsockname()[1]
        self._dns, _ = await self._loop.create_datagram_endpoint(
            lambda: _Upstream(self), local_addr=("127.0.0.1", 0)
        )
        self.dns_port = self._dns.get_extra_info("sockname")[1]

    async def _stop(self) -> None:
        self._dns.close()
        for server in (self._https, self._http):
            server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _serve_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, is_tls=True)

    async def _serve_plain(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._serve(reader, writer, is_tls=False)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_tls: bool
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open_connections += 1
        try:
            while (asked := await _read_head(reader, is_tls=is_tls)) is not None:
                self.seen.append(asked)
                await answer(asked, writer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            self.open_connections -= 1
            self._tasks.discard(task)
            writer.transport.abort()


async def _read_head(reader: asyncio.StreamReader, *, is_tls: bool) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in rest if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    return Asked(method, target, headers, reader, is_tls)


async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Answer as every website of this internet does."""
    path = asked.target.split("?")[0]
    if asked.headers.get("upgrade", "").lower() == "websocket":
        await _echo(asked, writer)
    elif path.startswith("/big/"):
        await _send_zeros(int(path.removeprefix("/big/")), writer)
    elif path.endswith("/slow"):
        await _send_for_ever(writer)
    elif asked.method == "POST":
        size = await _count(asked)
        _send(writer, f"counted {size}")
    else:
        _send(writer, f"{asked.host} says {asked.target}")


def _send(writer: asyncio.StreamWriter, text: str) -> None:
    body = text.encode()
    writer.write(
        b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nAlt-Svc: h3=":443"\r\n'
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )


async def _send_zeros(mebibytes: int, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (mebibytes << 20))
    for _ in range(mebibytes * 16):
        writer.write(_CHUNK)
        await writer.drain()


async def _send_for_ever(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"5\r\ntick\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _count(asked: Asked) -> int:
    size = int(asked.headers.get("content-length", "0"))
    left = size
    while left:
        got = await asked.reader.read(min(left, 1 << 20))
        if not got:
            break
        left -= len(got)
    return size - left


async def _echo(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Switch to a WebSocket and send back, unmasked, whatever frame comes."""
    key = asked.headers["sec-websocket-key"].encode()
    accept = base64.b64encode(hashlib.sha1(key + _WEBSOCKET_MAGIC).digest())  # noqa: S324 - RFC 6455
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    while True:
        _, length = await asked.reader.readexactly(2)
        mask = await asked.reader.readexactly(4)
        masked = await asked.reader.readexactly(length & 0x7F)
        text = bytes(octet ^ mask[place % 4] for place, octet in enumerate(masked))
        writer.write(bytes([0x81, len(text)]) + text)
        await writer.drain()


class _Upstream(asyncio.DatagramProtocol):
    """A resolver that answers from the tables of *internet*."""

    def __init__(self, internet: LocalInternet) -> None:
        self._internet = internet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self._internet.asked_names.append(name)
        if name in self._internet.silent:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if not self._fill(response, name, question.rdtype):
            response.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(response.to_wire(), addr)

    def _fill(
        self, response: dns.message.Message, name: str, kind: dns.rdatatype.RdataType
    ) -> bool:
        net = self._internet
        while name in net.cnames:
            target = net.cnames[name]
            cname = dns.rrset.from_text(f"{name}.", net.ttl_s, "IN", "CNAME", f"{target}.")
            response.answer.append(cname)
            name = target
        if name not in net.addresses:
            return False
        if kind == dns.rdatatype.A:
            address = net.addresses[name]
            response.answer.append(dns.rrset.from_text(f"{name}.", net.ttl_s, "IN", "A", address))
        return True
