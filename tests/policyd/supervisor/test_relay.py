"""A relay over real sockets: whose address is seen, and how connections end."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ipc_world import eventually

from schoolgate_policyd.supervisor.relay import Relay, RunningRelay, start_relay


class Origin:
    """A server that remembers who came, and answers all it was sent once that has ended."""

    def __init__(self) -> None:
        self.peers: list[str] = []
        self.open = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peers.append(writer.get_extra_info("peername")[0])
        self.open += 1
        try:
            writer.write(b"got " + await reader.read())
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def _relayed(source: str = "127.0.2.10") -> AsyncIterator[tuple[Origin, RunningRelay]]:
    origin = Origin()
    server = await asyncio.start_server(origin.answer, "127.0.0.1", 0)
    target = server.sockets[0].getsockname()
    relay = await start_relay(Relay(("127.0.0.1", 0), (target[0], target[1]), source))
    try:
        yield origin, relay
    finally:
        await relay.stop()
        server.close()
        await server.wait_closed()


async def _exchange(port: int, octets: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(octets)
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


def test_the_far_side_sees_the_chosen_address() -> None:
    async def scenario() -> None:
        async with _relayed("127.0.2.10") as (origin, relay):
            assert b"got hello" == await _exchange(relay.port, b"hello")
            assert ["127.0.2.10"] == origin.peers

    asyncio.run(scenario())


def test_much_goes_through_whole_both_ways_at_once() -> None:
    async def scenario() -> None:
        octets = [os.urandom(1_000_000) for _ in range(3)]
        async with _relayed() as (_, relay):
            answers = await asyncio.gather(*(_exchange(relay.port, each) for each in octets))
        assert [b"got " + each for each in octets] == answers

    asyncio.run(scenario())


def test_nobody_at_the_far_side_closes_the_connection() -> None:
    async def scenario() -> None:
        async with _relayed() as (_, first):
            pass
        relay = await start_relay(Relay(("127.0.0.1", 0), ("127.0.0.1", first.port), "127.0.2.10"))
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        try:
            got = await reader.read()
        except ConnectionResetError:
            got = b""
        writer.close()
        await relay.stop()

        assert b"" == got

    asyncio.run(scenario())


def test_a_client_that_breaks_off_leaves_nothing_open() -> None:
    async def scenario() -> None:
        async with _relayed() as (origin, relay):
            _, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            writer.write(b"half a")
            await eventually(lambda: origin.open == 1)
            writer.transport.abort()
            await eventually(lambda: origin.open == 0)

    asyncio.run(scenario())


def test_stopping_cuts_what_is_open() -> None:
    async def scenario() -> None:
        async with _relayed() as (origin, relay):
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            writer.write(b"half a")
            await eventually(lambda: origin.open == 1)
            await relay.stop()
            with contextlib.suppress(ConnectionResetError):
                await reader.read()
            writer.close()
            await eventually(lambda: origin.open == 0)

    asyncio.run(scenario())
