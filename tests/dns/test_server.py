"""Framing on real sockets: UDP and TCP, limits, and whose address is whose."""

import asyncio
import socket

import dns.asyncquery
import dns.flags
import dns.message
import pytest
from dns_world import query, run, until

from schoolgate_dns.server import MAX_CONNECTIONS_OF_CLIENT, MAX_WAITING_OF_CLIENT, Server
from schoolgate_dns.stages.who import client_address


class Echo:
    """Answers with what it was asked; waits while *gate* is shut; silent for silent names."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, str, bool]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def answer(self, octets: bytes, client: str, *, over_udp: bool) -> bytes | None:
        self.asked.append((octets, client, over_udp))
        await self.gate.wait()
        if b"silent" in octets:
            return None
        return octets[:2] + b"\x81" + octets[3:]


def framed(octets: bytes) -> bytes:
    return len(octets).to_bytes(2) + octets


async def message_from(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))


QUERY = query("a.example")
OCTETS = QUERY.to_wire()


def test_udp_and_tcp_share_a_port_that_the_system_chose() -> None:
    async def ask() -> list[tuple[str, bool]]:
        echo = Echo()
        server = Server(echo, "127.0.0.1", 0)
        await server.start()
        assert server.port > 0
        for ask, source in (
            (dns.asyncquery.udp, "127.0.1.10"),
            (dns.asyncquery.tcp, "127.0.2.10"),
        ):
            await ask(QUERY, "127.0.0.1", timeout=5, port=server.port, source=source)
        await server.stop()
        return [(client, over_udp) for _, client, over_udp in echo.asked]

    assert [("127.0.1.10", True), ("127.0.2.10", False)] == run(ask())


def test_a_port_in_use_is_an_error_at_the_start() -> None:
    async def start() -> None:
        first = Server(Echo(), "127.0.0.1", 0)
        await first.start()
        try:
            with pytest.raises(OSError, match="in use"):
                await Server(Echo(), "127.0.0.1", first.port).start()
        finally:
            await first.stop()

    run(start())


def test_a_connection_serves_query_after_query_pipelined_ones_too() -> None:
    async def ask() -> list[bytes]:
        server = Server(Echo(), "127.0.0.1", 0)
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        queries = [bytes([0, number]) + OCTETS[2:] for number in range(5)]
        writer.write(b"".join(map(framed, queries)))
        answers = [await message_from(reader) for _ in queries]
        writer.write(framed(OCTETS)[:9])
        await writer.drain()
        writer.write(framed(OCTETS)[9:])
        answers.append(await message_from(reader))
        writer.close()
        await server.stop()
        return [answer[:2] for answer in answers]

    assert [bytes([0, number]) for number in range(5)] + [OCTETS[:2]] == run(ask())


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\0",
        framed(OCTETS)[:20],
        b"\0\5abcde",
        b"\xff\xff",
        framed(query("silent").to_wire()),
    ],
    ids=["nothing", "half a length", "half a query", "too short", "too long", "silence"],
)
def test_a_connection_that_brings_no_query_is_closed(sent: bytes) -> None:
    async def ask() -> bytes:
        server = Server(Echo(), "127.0.0.1", 0, idle_limit_s=0.1)
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        async with asyncio.timeout(5):
            rest = await reader.read()
        writer.close()
        await server.stop()
        return rest

    assert b"" == run(ask())


def test_one_client_has_so_many_connections_and_others_still_get_theirs() -> None:
    async def ask() -> tuple[int, bytes]:
        server = Server(Echo(), "127.0.0.1", 0)
        await server.start()
        connections = [
            await asyncio.open_connection("127.0.0.1", server.port)
            for _ in range(MAX_CONNECTIONS_OF_CLIENT + 3)
        ]
        served = 0
        for reader, writer in connections:
            writer.write(framed(OCTETS))
            try:
                await message_from(reader)
                served += 1
            except (OSError, asyncio.IncompleteReadError):
                continue
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, local_addr=("127.0.1.10", 0)
        )
        writer.write(framed(OCTETS))
        answer = await message_from(reader)
        for _, each in [*connections, (reader, writer)]:
            each.close()
        await server.stop()
        return served, answer[:2]

    assert (MAX_CONNECTIONS_OF_CLIENT, OCTETS[:2]) == run(ask())


def test_a_query_that_waits_holds_up_nobody_else() -> None:
    async def ask() -> list[bytes]:
        echo = Echo()
        echo.gate.clear()
        server = Server(echo, "127.0.0.1", 0)
        await server.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.connect(("127.0.0.1", server.port))
            loop = asyncio.get_running_loop()
            client.send(b"\0\1" + OCTETS[2:])
            await until(lambda: 1 == len(echo.asked))
            waiting, echo.gate = echo.gate, asyncio.Event()
            echo.gate.set()
            client.send(b"\0\2" + OCTETS[2:])
            first = await loop.sock_recv(client, 512)
            waiting.set()
            second = await loop.sock_recv(client, 512)
        await server.stop()
        return [first[:2], second[:2]]

    assert [b"\0\2", b"\0\1"] == run(ask())


def test_one_client_has_so_many_queries_waiting_and_others_still_get_theirs() -> None:
    async def ask() -> tuple[int, int, list[str]]:
        echo = Echo()
        echo.gate.clear()
        server = Server(echo, "127.0.0.1", 0)
        await server.start()
        flooding, other = (("127.0.1.10", 40_000), ("127.0.1.11", 40_000))
        for _ in range(MAX_WAITING_OF_CLIENT + 3):
            server.datagram_received(OCTETS, flooding)
        server.datagram_received(OCTETS, other)
        waited = len(echo.asked)
        echo.gate.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        server.datagram_received(OCTETS, flooding)
        await server.stop()
        return waited, len(echo.asked), [client for _, client, _ in echo.asked[-2:]]

    most = MAX_WAITING_OF_CLIENT
    assert (most + 1, most + 2, ["127.0.1.11", "127.0.1.10"]) == run(ask())


def test_datagrams_longer_than_a_query_are_dropped() -> None:
    async def ask() -> int:
        echo = Echo()
        server = Server(echo, "127.0.0.1", 0)
        await server.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", server.port))
            client.send(bytes(4097))
            client.send(OCTETS)
            await until(lambda: bool(echo.asked))
        await server.stop()
        return len(echo.asked)

    assert 1 == run(ask())


def test_stopping_ends_connections_and_what_still_waits() -> None:
    async def ask() -> bytes:
        echo = Echo()
        echo.gate.clear()
        server = Server(echo, "127.0.0.1", 0)
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(framed(OCTETS))
        await until(lambda: bool(echo.asked))
        async with asyncio.timeout(5):
            await server.stop()
            rest = await reader.read()
        writer.close()
        return rest

    assert b"" == run(ask())


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("127.0.1.10", "127.0.1.10"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_a_peers_address_is_written_as_registers_write_it(peer: str, client: str) -> None:
    assert client == client_address(peer)
