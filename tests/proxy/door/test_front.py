"""Who comes to the door: looked at without being read, bounded in time and number."""

import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

import pytest
from door_world import is_reset, listener, receive, run, send, taken, to, until

from schoolgate_proxy.arrivals import Arrival, Arrivals, HandOver, Pass, Shut
from schoolgate_proxy.connections import (
    MOST_CONNECTIONS,
    MOST_CONNECTIONS_OF_CLIENT,
    Connections,
    OpenConnection,
)
from schoolgate_proxy.door.front import Front
from schoolgate_proxy.door.hello import Hello
from schoolgate_proxy.door.listening import listen
from schoolgate_proxy.door.original import Original

HTTP = b"GET / HTTP/1.1\r\nHost: lessons.example\r\n\r\n"
HELLO = (
    b"\x16\x03\x01\x00\x45\x01\0\0\x41\x03\x03" + bytes(32) + b"\0\0\2\x13\1\1\0"
    b"\0\x16\0\0\0\x12\0\x10\0\0\x0dlessons.examp"
)
CLIENT = "127.0.0.1"


class Deciding:
    """Stands in for `Arrivals`: every hello gets *answer*, once it *may_answer*."""

    def __init__(self, answer: Callable[[], Arrival]) -> None:
        self.connections = Connections()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.hellos: list[Hello] = []
        self.originals: list[Original] = []
        self._answer = answer

    async def hello(self, _: OpenConnection, original: Original, hello: Hello) -> Arrival:
        self.hellos.append(hello)
        self.originals.append(original)
        await self.may_answer.wait()
        return self._answer()

    def http(self, _: OpenConnection, original: Original) -> HandOver:
        return HandOver(original.address)

    def neither(self, _: OpenConnection, original: Original) -> None:
        self.originals.append(original)

    def did_not_answer(self, address: str) -> None:
        raise AssertionError(address)


class Door:
    """A front door at a free port; *taken_over* was handed over, *closed* is over."""

    def __init__(self, deciding: Deciding, *, only_brought: bool, patience_s: float) -> None:
        (waiting,) = listen(["127.0.0.1"], 0)
        self.place: tuple[str, int] = waiting.getsockname()
        self.deciding = deciding
        self.closed: list[str] = []
        self.taken_over: list[tuple[socket.socket, str, tuple[str, int]]] = []
        self.front = Front(
            [waiting],
            cast("Arrivals", deciding),
            take_over=lambda *given: self.taken_over.append(given),
            closed=self._close,
            only_brought=only_brought,
            patience_s=patience_s,
        )
        self._is_stopped = False

    def stop(self) -> None:
        if not self._is_stopped:
            self._is_stopped = True
            self.front.stop()

    def _close(self, connection_id: str) -> None:
        self.deciding.connections.closed(connection_id)
        self.closed.append(connection_id)


@asynccontextmanager
async def door(
    answer: Callable[[], Arrival] = Shut, *, only_brought: bool = False, patience_s: float = 5.0
) -> AsyncIterator[Door]:
    it = Door(Deciding(answer), only_brought=only_brought, patience_s=patience_s)
    try:
        yield it
    finally:
        it.stop()
        for accepted, _, _ in it.taken_over:
            accepted.close()
    assert 0 == len(it.front)


@contextmanager
def no_more_files() -> Iterator[None]:
    """This process can open no further file."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_one = os.dup(0)
    os.close(next_one)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_one, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.parametrize(("first", "leads_to"), [(HTTP, CLIENT), (HELLO, "192.0.2.1")])
def test_what_is_looked_into_is_handed_over_unread(first: bytes, leads_to: str) -> None:
    async def work() -> None:
        async with door(lambda: HandOver("192.0.2.1")) as it:
            with await to(it.place) as client:
                await send(client, first)
                await until(lambda: bool(it.taken_over))
                accepted, connection_id, meant = it.taken_over[0]

                assert first == await receive(accepted)
                assert connection_id in it.deciding.connections
                assert (leads_to, it.place[1]) == meant
                assert ([], 0) == (it.closed, len(it.front))

    run(work)


def test_what_passes_reaches_the_origin_at_the_port_that_was_meant() -> None:
    async def work() -> None:
        async with door(lambda: Pass(("127.0.0.9",))) as it:
            with listener("127.0.0.9", it.place[1]) as waiting, await to(it.place) as client:
                await send(client, HELLO)
                with await taken(waiting) as origin:
                    assert HELLO == await receive(origin)
                    assert [Hello("lessons.examp")] == it.deciding.hellos
                    assert [Original(*it.place, was_brought=False)] == it.deciding.originals
                    (connection,) = it.deciding.connections
                    it.front.close(connection.id)

                    assert await is_reset(origin)
                    assert await is_reset(client)
                    assert [connection.id] == it.closed
                    it.front.close(connection.id)

    run(work)


@pytest.mark.parametrize(
    "first",
    [b"SSH-2.0-OpenSSH\r\n", b"\0\x0e\x38", b"PRI * HTTP/2.0\r\n", b"\x16\x03\x01\0\0", b"get"],
)
def test_what_is_neither_tls_nor_http_is_noted_and_sent_away(first: bytes) -> None:
    async def work() -> None:
        async with door() as it:
            with await to(it.place) as client:
                await send(client, first)

                assert await is_reset(client)
            assert [it.place[1]] == [each.port for each in it.deciding.originals]
            assert 1 == len(it.closed)

    run(work)


def test_a_hello_that_comes_octet_by_octet_is_waited_for() -> None:
    async def work() -> None:
        async with door() as it:
            with await to(it.place) as client:
                for octet in HELLO:
                    await send(client, bytes([octet]))
                    await asyncio.sleep(0)

                assert await is_reset(client)
            assert [Hello("lessons.examp")] == it.deciding.hellos

    run(work)


def test_whoever_is_slow_is_sent_away() -> None:
    async def work() -> None:
        async with door(patience_s=0.1) as it:
            with await to(it.place) as client:
                await send(client, HELLO[:40])

                assert await is_reset(client)
            assert ([], 1) == (it.deciding.hellos, len(it.closed))

    run(work)


def test_whoever_goes_while_it_is_decided_is_forgotten() -> None:
    async def work() -> None:
        async with door(lambda: Pass((CLIENT,))) as it:
            it.deciding.may_answer.clear()
            with await to(it.place) as client:
                await send(client, HELLO)
                await until(lambda: bool(it.deciding.hellos))
                (connection,) = it.deciding.connections
                it.front.close(connection.id)
                it.deciding.may_answer.set()

                assert await is_reset(client)
            assert [connection.id] == it.closed
            assert 0 == len(it.deciding.connections)

    run(work)


def test_a_fault_in_deciding_lets_nothing_past() -> None:
    def fault() -> Arrival:
        raise RuntimeError("a fault")

    async def work() -> None:
        async with door(fault) as it:
            with await to(it.place) as client:
                await send(client, HELLO)

                assert await is_reset(client)
            with await to(it.place) as client:
                await send(client, HTTP)
                await until(lambda: bool(it.taken_over))

    run(work)


def test_what_the_firewall_did_not_bring_is_refused_where_there_is_one() -> None:
    async def work() -> None:
        async with door(only_brought=True) as it:
            with await to(it.place) as client:
                await send(client, HTTP)

                assert await is_reset(client)
            assert ([], []) == (it.taken_over, it.closed)

    run(work)


@pytest.mark.parametrize(
    ("most", "clients"), [(MOST_CONNECTIONS_OF_CLIENT, 1), (MOST_CONNECTIONS, 200)]
)
def test_a_client_and_all_together_have_so_many_connections_and_no_more(
    most: int, clients: int
) -> None:
    """Files are left for policyd, the spool and the resolver."""

    async def work() -> None:
        async with door() as it:
            for number in range(most):
                address = CLIENT if clients == 1 else f"192.0.2.{number % clients}"
                it.deciding.connections.opened(str(number), address)
            with await to(it.place) as client:
                await send(client, HTTP)
                assert await is_reset(client)
            it.deciding.connections.closed("0")
            with await to(it.place) as client:
                await send(client, HTTP)
                await until(lambda: bool(it.taken_over))

    run(work)


def test_without_files_an_arrival_is_sent_away_and_the_door_goes_on() -> None:
    async def work() -> None:
        async with door(lambda: Pass(("127.0.0.9",)), patience_s=0.1) as it:
            it.deciding.may_answer.clear()
            with await to(it.place) as client:
                await send(client, HELLO)
                await until(lambda: bool(it.deciding.hellos))
                with no_more_files():
                    it.deciding.may_answer.set()
                    await until(lambda: bool(it.closed))

                assert await is_reset(client)
            # Whoever says nothing is sent away afterwards as before.
            with await to(it.place) as slow:
                await send(slow, HELLO[:40])
                assert await is_reset(slow)

    run(work)


def test_the_door_closes_with_everything_that_passes() -> None:
    async def work() -> None:
        async with door(lambda: Pass(("127.0.0.9",))) as it:
            with listener("127.0.0.9", it.place[1]) as waiting, await to(it.place) as client:
                await send(client, HELLO)
                with await taken(waiting) as origin:
                    it.stop()

                    assert await is_reset(client)
                    assert await is_reset(origin)
                with pytest.raises(ConnectionRefusedError):
                    await to(it.place)

    run(work)
