"""The internet's servers that speak no HTTP: resolvers, echoes, and what pretends to be others."""

import asyncio
import base64
import contextlib
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from box_places import (
    CLOCK,
    DOH,
    LESSONS,
    MAIL,
    NAMES,
    ODD,
    ODD_2,
    ODD_3,
    OTHER_RESOLVER,
    OTHER_RESOLVER_2,
    SOCIAL,
    SSH_443,
    TTL_S,
    TUNNEL_ZONE,
    TUNNELS,
    UPSTREAM,
    VPN_443,
    Place,
)
from netns import Namespace

INNER_PORT = 8000
OPENVPN, WIREGUARD, SSH, IMAPS, NTP, HTTPS, DOT = 1194, 51820, 22, 993, 123, 443, 853
SSH_BANNER = b"SSH-2.0-box\r\n"
_UDP_ECHOES = (
    (ODD, OPENVPN),
    (ODD_3, WIREGUARD),
    *((place, HTTPS) for place in (LESSONS, SOCIAL)),
    (CLOCK, NTP),
    (OTHER_RESOLVER_2, DOT),
)
TICK_EVERY_S = 0.02
_LONGEST = 65535
_WEBSOCKET_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Internet:
    """
    Resolvers, echoes and a WebSocket, in a thread of their own that lives in *namespace*.

    *asked* gathers (place, name, type) of every question to a resolver. While *is_upstream_dead*
    the gateway's own upstream answers nothing. *sockets_dir* is where nginx finds what it hands
    on: `doh.sock`, `ws.sock` and `ticks.sock`.
    """

    def __init__(self, namespace: Namespace, sockets_dir: Path, tls: ssl.SSLContext) -> None:
        self.asked: list[tuple[Place, str, str]] = []
        self.is_upstream_dead = False
        self._namespace = namespace
        self._sockets_dir = sockets_dir
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._transports: list[asyncio.DatagramTransport] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._live, name="internet", daemon=True)

    def start(self) -> None:
        """Serve; every server listens when this returns."""
        self._thread.start()
        self._do(self._start())

    def stop(self) -> None:
        """Serve nobody any more; without a start there is nothing to end."""
        if not self._thread.is_alive():
            self._loop.close()
            return
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def names_asked_of(self, place: Place) -> set[str]:
        """Return what the resolver at *place* was asked for."""
        return {name for at, name, _ in tuple(self.asked) if at is place}

    def _live(self) -> None:
        self._namespace.enter()
        self._loop.run_forever()

    def _do[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _start(self) -> None:
        for place in (UPSTREAM, OTHER_RESOLVER, OTHER_RESOLVER_2):
            for address in (place.ipv4, place.ipv6):
                await self._datagrams(
                    (address, 53), lambda octets, at=place: self._answer(at, octets)
                )
                await self._streams((address, 53), self._dns_over(place))
        for address in (OTHER_RESOLVER.ipv4, OTHER_RESOLVER.ipv6):
            await self._streams((address, DOT), self._dns_over(OTHER_RESOLVER), tls=self._tls)
        for place, port in _UDP_ECHOES:
            for address in (place.ipv4, place.ipv6):
                await self._datagrams((address, port), lambda octets: octets)
        for place, port, serve in _STREAMS:
            for address in (place.ipv4, place.ipv6):
                await self._streams((address, port), serve)
        # Wherever a tunnel's inner address will be.
        await self._streams(("0.0.0.0", INNER_PORT), _echo)
        handed_on = {"doh.sock": self._doh, "ws.sock": _websocket, "ticks.sock": _ticks}
        for name, serve in handed_on.items():
            path = self._sockets_dir / name
            self._servers.append(await asyncio.start_unix_server(self._kept(serve), path))

    async def _stop(self) -> None:
        for transport in self._transports:
            transport.close()
        for server in self._servers:
            server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _datagrams(
        self, place: tuple[str, int], answer: Callable[[bytes], bytes | None]
    ) -> None:
        transport, _ = await self._loop.create_datagram_endpoint(
            lambda: _Answering(answer, self._forward), local_addr=place
        )
        self._transports.append(transport)

    async def _streams(
        self, place: tuple[str, int], serve: "Serve", tls: ssl.SSLContext | None = None
    ) -> None:
        self._servers.append(await asyncio.start_server(self._kept(serve), *place, ssl=tls))

    def _kept(self, serve: "Serve") -> "Serve":
        """Return *serve* so that it is ended with everything else and leaves nothing open."""

        async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await serve(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                self._tasks.discard(task)
                writer.transport.abort()

        return kept

    def _dns_over(self, place: Place) -> "Serve":
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                answer = self._answer(place, await reader.readexactly(length))
                if answer is None:
                    return
                writer.write(struct.pack("!H", len(answer)) + answer)
                await writer.drain()

        return serve

    async def _doh(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        answer = self._answer(DOH, await reader.readexactly(length)) or b""
        writer.write(
            b"HTTP/1.0 200 OK\r\nContent-Type: application/dns-message\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(answer), answer)
        )
        await writer.drain()

    def _answer(self, place: Place, octets: bytes) -> bytes | None:
        if place is UPSTREAM and self.is_upstream_dead:
            return None
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append((place, name, dns.rdatatype.to_text(question.rdtype)))
        if name.endswith(TUNNEL_ZONE):
            raise _NotOurs
        response = dns.message.make_response(query, recursion_available=True)
        found = NAMES.get(name)
        if found is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        for kind, address in _records(found):
            if question.rdtype == kind:
                response.answer.append(
                    dns.rrset.from_text(question.name, TTL_S, "IN", kind.name, address)
                )
        return response.to_wire(max_size=_LONGEST)

    def _forward(self, octets: bytes, reply: Callable[[bytes], None]) -> None:
        """Ask iodined, which is responsible for the tunnel's zone."""
        asking = asyncio.ensure_future(self._ask_tunnel(octets, reply))
        self._tasks.add(asking)
        asking.add_done_callback(self._tasks.discard)

    async def _ask_tunnel(self, octets: bytes, reply: Callable[[bytes], None]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            asking.connect((TUNNELS.ipv4, 53))
            asking.send(octets)
            with contextlib.suppress(OSError, TimeoutError):
                reply(await asyncio.wait_for(self._loop.sock_recv(asking, _LONGEST), 5))


type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


class _NotOurs(Exception):  # noqa: N818 - it is no error, another server has the answer
    """The question belongs to iodined."""


class _Answering(asyncio.DatagramProtocol):
    """Answers each datagram with what *answer* makes of it, if anything."""

    def __init__(
        self,
        answer: Callable[[bytes], bytes | None],
        forward: Callable[[bytes, Callable[[bytes], None]], None],
    ) -> None:
        self._answer = answer
        self._forward = forward

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            answer = self._answer(data)
        except _NotOurs:
            self._forward(data, lambda reply: self._transport.sendto(reply, addr))
            return
        if answer is not None:
            self._transport.sendto(answer, addr)


def _records(place: Place | None) -> tuple[tuple[dns.rdatatype.RdataType, str], ...]:
    if place is None:
        return ()
    return ((dns.rdatatype.A, place.ipv4), (dns.rdatatype.AAAA, place.ipv6))


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets := await reader.read(_LONGEST):
        writer.write(octets)
        await writer.drain()


async def _ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # Servers speak first here, as the protocol has it; nothing that a client says comes before.
    writer.write(SSH_BANNER)
    await _echo(reader, writer)


async def _ticks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a few octets many times a second, for ever: every gap shows."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        writer.write(b"tick\n")
        await writer.drain()
        await asyncio.sleep(TICK_EVERY_S)


async def _websocket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send everything back, frames and all, after the handshake."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    key = next(
        line.partition(":")[2].strip()
        for line in head.split("\r\n")
        if line.lower().startswith("sec-websocket-key:")
    )
    accept = base64.b64encode(hashlib.sha1(key.encode() + _WEBSOCKET_MAGIC).digest())  # noqa: S324 - RFC 6455
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    await _echo(reader, writer)


_STREAMS = (
    *((place, port, _echo) for place, port in ((ODD_2, OPENVPN), (MAIL, IMAPS), (VPN_443, HTTPS))),
    *((place, port, _ssh) for place, port in ((ODD, SSH), (SSH_443, HTTPS))),
)
