"""Messages made by dnspython, and upstreams on the loopback that do as they are told."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Self

import dns.message
import dns.name
import dns.rcode
import dns.rrset


def query(
    name: str,
    type_: str = "A",
    *,
    edns: int | None = 1232,
    **more: Any,  # noqa: ANN401 - whatever dnspython takes
) -> dns.message.QueryMessage:
    """A client's query; *edns* None leaves the OPT record out."""
    if edns is None:
        return dns.message.make_query(name, type_, use_edns=False, **more)
    return dns.message.make_query(name, type_, use_edns=0, payload=edns, **more)


def reply_to(
    octets: bytes,
    *records: str,
    authority: Sequence[str] = (),
    additional: Sequence[str] = (),
    rcode: int = 0,
) -> dns.message.Message:
    """
    An upstream's reply to the query *octets* with the *records* in its answer section.

    *authority* and *additional* are records of those sections, *rcode* the response code.
    """
    message = dns.message.make_response(dns.message.from_wire(octets), recursion_available=True)
    for section, texts in (
        (message.answer, records),
        (message.authority, authority),
        (message.additional, additional),
    ):
        for text in texts:
            name, ttl, _, type_, contents = text.split(" ", 4)
            owner = dns.name.from_text(name)
            section.append(dns.rrset.from_text(owner, int(ttl), "IN", type_, contents))
    message.set_rcode(dns.rcode.Rcode(rcode))
    return message


def run[T](coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


Respond = Callable[[bytes], list[bytes]]


class LocalUpstream:
    """
    A real upstream on the loopback; *by_udp* and *by_tcp* say what it sends.

    Without *at* the system chooses a free port.
    """

    def __init__(self, by_udp: Respond, by_tcp: Respond | None = None, *, at: int = 0) -> None:
        self._at = at
        self.udp_sources: list[tuple[str, int]] = []
        self.udp_queries: list[bytes] = []
        self.tcp_queries: list[bytes] = []
        self.port = 0
        self.on_datagram: Callable[[bytes, tuple[str, int]], None] = self._respond
        self._by_udp = by_udp
        self._by_tcp = by_tcp

    async def __aenter__(self) -> Self:
        # A port that is free for UDP may be somebody's for TCP.
        while not await self._is_open():
            self._udp.close()
        return self

    async def _is_open(self) -> bool:
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _UpstreamDatagrams(self), local_addr=("127.0.0.1", self._at)
        )
        self.port = self._udp.get_extra_info("sockname")[1]
        self._tcp = None
        if self._by_tcp is not None:
            try:
                self._tcp = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                return False
        return True

    async def __aexit__(self, *_: object) -> None:
        self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
            await self._tcp.wait_closed()
        await asyncio.sleep(0)

    def _respond(self, octets: bytes, peer: tuple[str, int]) -> None:
        self.udp_queries.append(octets)
        self.udp_sources.append(peer)
        for each in self._by_udp(octets):
            self.send(each, peer)

    def send(self, octets: bytes, peer: tuple[str, int]) -> None:
        if octets:
            self._udp.sendto(octets, peer)
            return
        # uvloop sends nothing where there is nothing.
        descriptor = os.dup(self._udp.get_extra_info("socket").fileno())
        with socket.socket(fileno=descriptor) as own:
            own.sendto(octets, peer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        octets = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        self.tcp_queries.append(octets)
        assert self._by_tcp is not None
        for each in self._by_tcp(octets):
            writer.write(len(each).to_bytes(2) + each)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


class _UpstreamDatagrams(asyncio.DatagramProtocol):
    def __init__(self, upstream: LocalUpstream) -> None:
        self._upstream = upstream

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._upstream.on_datagram(data, addr)


async def until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait for *condition*, never longer than *within_s*."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for raises no event
            await asyncio.sleep(0.005)
