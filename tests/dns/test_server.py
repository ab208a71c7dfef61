"""Framing on real sockets: UDP and TCP, limits, and whose address is whose."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from typing import Any

import dns.asyncquery
from dns_local import query, run, until

from schoolgate_dns.addresses import address_of
from schoolgate_dns.datagrams.service import MAX_PENDING_OF_CLIENT, nothing
from schoolgate_dns.datagrams.slots import SLOT_OCTETS
from schoolgate_dns.process.sockets import open_sockets
from schoolgate_dns.server import Server
from schoolgate_policyd.dns_settings import DnsSettings


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

    def serve(self, _slots: object, lengths: Sequence[int], _now_s: float) -> list[int]:
        """Nothing is finished, so all slots are left."""
        return list(range(len(lengths)))

    def begin(
        self, octets: bytes, packed: bytes, answered: Callable[[bytes | None], None]
    ) -> Coroutine[Any, Any, bytes | None] | None:
        if b"mistake" in octets:
            raise LookupError("a mistake of ours")
        if b"told" in octets:
            answered(octets[:2] + b"\x81" + octets[3:])
            return None
        return self.answer(octets, address_of(packed), over_udp=True)


QUERY = query("a.example")
OCTETS = QUERY.to_wire()


@contextlib.asynccontextmanager
async def serving(
    echo: Echo,
    address: str = "127.0.0.1",
    *further: str,
    at_rest: Callable[[], None] = nothing,
) -> AsyncIterator[tuple[Server, int]]:
    """A server that echoes, and its port."""
    (sockets,) = open_sockets(DnsSettings(address=address, further_addresses=further, port=0))
    server = Server(echo, echo, sockets, at_rest=at_rest)
    await server.start()
    try:
        yield server, sockets.port
    finally:
        await server.stop()


@contextlib.contextmanager
def client_of(port: int, source: str = "127.0.1.10") -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((source, 0))
        client.connect(("127.0.0.1", port))
        client.setblocking(False)
        yield client


async def answer_at(client: socket.socket) -> bytes:
    async with asyncio.timeout(5):
        return await asyncio.get_running_loop().sock_recv(client, 512)


def test_every_address_is_served_over_udp_and_tcp_at_one_port() -> None:
    addresses = ("127.0.0.1", "127.0.5.1", "::1")

    async def ask() -> tuple[list[tuple[str, bool]], int]:
        echo = Echo()
        async with serving(echo, *addresses) as (server, port):
            for each in addresses:
                await dns.asyncquery.udp(QUERY, each, port=port, source=each, timeout=5)
                await dns.asyncquery.tcp(QUERY, each, port=port, source=each, timeout=5)
            return [(client, over_udp) for _, client, over_udp in echo.asked], server.received

    asked, received = run(ask())
    assert [(each, over_udp) for each in addresses for over_udp in (True, False)] == asked
    assert 3 == received


def test_udp_and_tcp_share_a_port_that_the_system_chose() -> None:
    async def ask() -> list[tuple[str, bool]]:
        echo = Echo()
        async with serving(echo) as (_, port):
            for ask, source in (
                (dns.asyncquery.udp, "127.0.1.10"),
                (dns.asyncquery.tcp, "127.0.2.10"),
            ):
                await ask(QUERY, "127.0.0.1", timeout=5, port=port, source=source)
        return [(client, over_udp) for _, client, over_udp in echo.asked]

    assert [("127.0.1.10", True), ("127.0.2.10", False)] == run(ask())


def test_over_ipv6_a_client_is_who_its_address_says() -> None:
    async def ask() -> list[str]:
        echo = Echo()
        async with serving(echo, "::1") as (_, port):
            await dns.asyncquery.udp(QUERY, "::1", timeout=5, port=port)
        return [client for _, client, _ in echo.asked]

    assert ["::1"] == run(ask())


def test_a_mistake_about_one_query_keeps_nobody_elses_from_being_worked_on() -> None:
    async def ask() -> tuple[list[bool], int]:
        async with serving(Echo()) as (server, port):
            with client_of(port) as client:
                for _ in range(3):
                    client.send(query("mistake.example").to_wire())
                answers = []
                for name in ("told.example", "a.example", "told.example"):
                    octets = query(name).to_wire()
                    client.send(octets)
                    answers.append((await answer_at(client))[12:] == octets[12:])
                # Each has given back its place, of which a client has so many.
                return answers, server.unanswered

    assert ([True] * 3, 0) == run(ask())


def test_it_is_at_rest_once_nobody_waits_for_an_answer() -> None:
    async def ask() -> list[int]:
        echo, rests = Echo(), list[int]()
        async with serving(echo, at_rest=lambda: rests.append(server.unanswered)) as (
            server,
            port,
        ):
            with client_of(port) as client, client_of(port) as other:
                echo.gate.clear()
                for each in (client, other):
                    each.send(OCTETS)
                await until(lambda: len(echo.asked) == 2)
                client.send(query("told.example").to_wire())
                await answer_at(client)
                assert [] == rests
                echo.gate.set()
                for each in (client, other):
                    await answer_at(each)
                client.send(query("told.example").to_wire())
                await answer_at(client)
                return rests

    assert [0, 0] == run(ask())


def test_a_query_that_waits_holds_up_nobody_else() -> None:
    async def ask() -> list[bytes]:
        echo = Echo()
        echo.gate.clear()
        async with serving(echo) as (_, port):
            with client_of(port) as client:
                client.send(b"\0\1" + OCTETS[2:])
                await until(lambda: 1 == len(echo.asked))
                waiting, echo.gate = echo.gate, asyncio.Event()
                echo.gate.set()
                client.send(b"\0\2" + OCTETS[2:])
                first = await answer_at(client)
                waiting.set()
                return [first[:2], (await answer_at(client))[:2]]

    assert [b"\0\2", b"\0\1"] == run(ask())


def test_one_client_has_so_many_queries_waiting_and_others_still_get_theirs() -> None:
    async def ask() -> tuple[int, bytes, int]:
        echo = Echo()
        echo.gate.clear()
        async with serving(echo) as (server, port):
            with client_of(port) as flooding, client_of(port, "127.0.1.11") as other:
                for number in range(MAX_PENDING_OF_CLIENT + 30):
                    flooding.send(number.to_bytes(2) + OCTETS[2:])
                    # As many as there are places are under way before more are sent.
                    await until(
                        lambda number=number: (
                            len(echo.asked) > min(number, MAX_PENDING_OF_CLIENT - 1)
                        )
                    )
                other.send(b"\7\7" + OCTETS[2:])
                await until(lambda: "127.0.1.11" in {client for _, client, _ in echo.asked})
                waited = len(echo.asked)
                echo.gate.set()
                return waited, (await answer_at(other))[:2], server.dropped

    assert (MAX_PENDING_OF_CLIENT + 1, b"\7\7", 30) == run(ask())


def test_what_is_longer_than_a_query_is_dropped() -> None:
    async def ask() -> list[int]:
        echo = Echo()
        async with serving(echo) as (_, port):
            with client_of(port) as client:
                client.send(bytes(SLOT_OCTETS))
                client.send(bytes(4097))
                client.send(b"short")
                client.send(OCTETS)
                await answer_at(client)
        return [len(octets) for octets, _, _ in echo.asked]

    assert [len(OCTETS)] == run(ask())


def test_silence_is_an_answer_to_some() -> None:
    async def ask() -> bytes:
        async with serving(Echo()) as (_, port):
            with client_of(port) as client:
                client.send(b"\0\1" + query("silent.example").to_wire()[2:])
                client.send(b"\0\2" + OCTETS[2:])
                return (await answer_at(client))[:2]

    assert b"\0\2" == run(ask())


def test_stopping_ends_connections_and_what_still_waits() -> None:
    async def ask() -> bytes:
        echo = Echo()
        echo.gate.clear()
        async with serving(echo) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(len(OCTETS).to_bytes(2) + OCTETS)
            with client_of(port) as client:
                client.send(OCTETS)
                await until(lambda: 2 == len(echo.asked))
        async with asyncio.timeout(5):
            rest = await reader.read()
        writer.close()
        return rest

    assert b"" == run(ask())
