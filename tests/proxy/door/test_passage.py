"""What passes arrives as it was sent; ends, resets and slowness are told to the other side."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from door_world import (
    a_port_nobody_listens_at,
    connected,
    is_reset,
    listener,
    receive,
    receive_all,
    run,
    send,
    taken,
    until,
)

from schoolgate_proxy.door.passage import Passage, reset
from schoolgate_proxy.door.pipes import Pipes
from schoolgate_proxy.door.readiness import Readiness

MEBIBYTE = 1 << 20


@dataclass
class Passed:
    """A client and an origin with a passage in between."""

    client: socket.socket
    origin: socket.socket
    passage: Passage
    over: list[bool]


@dataclass
class Between:
    """What passages share, and what they said."""

    faults: list[Exception] = field(default_factory=list)
    avoided: list[str] = field(default_factory=list)
    over: list[bool] = field(default_factory=list)
    started: int = 0

    def __post_init__(self) -> None:
        self.pipes = Pipes()
        self.readiness = Readiness(lambda _, error: self.faults.append(error))

    def passage(self, client: socket.socket, addresses: list[str], port: int) -> Passage:
        made = Passage(
            client,
            addresses,
            port,
            readiness=self.readiness,
            pipes=self.pipes,
            avoid=self.avoided.append,
            over=lambda: self.over.append(True),
        )
        self.started += 1
        made.start()
        return made


@asynccontextmanager
async def between() -> AsyncIterator[Between]:
    world = Between()
    before = open_files()
    yield world
    await until(lambda: len(world.over) == world.started)
    world.readiness.close()
    world.pipes.close()
    assert [] == world.faults
    assert open_files() <= before


@asynccontextmanager
async def passed() -> AsyncIterator[Passed]:
    async with between() as world:
        with listener() as waiting:
            client, accepted = await connected()
            passage = world.passage(accepted, ["127.0.0.1"], waiting.getsockname()[1])
            origin = await taken(waiting)
        with client, origin:
            yield Passed(client, origin, passage, world.over)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_big_bodies_arrive_whole_both_ways_at_once() -> None:
    up, down = os.urandom(3 * MEBIBYTE), os.urandom(5 * MEBIBYTE)

    async def work() -> tuple[bytes, bytes]:
        async with passed() as it:

            async def say(end: socket.socket, octets: bytes) -> None:
                await send(end, octets)
                end.shutdown(socket.SHUT_WR)

            _, _, at_origin, at_client = await asyncio.gather(
                say(it.client, up),
                say(it.origin, down),
                receive_all(it.origin),
                receive_all(it.client),
            )
            return at_origin, at_client

    assert (up, down) == run(work)


def test_what_came_before_the_passage_comes_first() -> None:
    async def work() -> bytes:
        async with between() as world:
            with listener() as waiting:
                client, accepted = await connected()
                await send(client, b"hello, ")
                await until(lambda: bool(accepted.recv(99, socket.MSG_PEEK)))
                world.passage(accepted, ["127.0.0.1"], waiting.getsockname()[1])
                origin = await taken(waiting)
            with client, origin:
                await send(client, b"world")
                client.shutdown(socket.SHUT_WR)
                return await receive_all(origin)

    assert b"hello, world" == run(work)


def test_one_side_may_end_while_the_other_goes_on() -> None:
    async def work() -> tuple[bytes, bytes, list[bool]]:
        async with passed() as it:
            it.client.shutdown(socket.SHUT_WR)
            ended = await receive(it.origin)
            over_too_early = list(it.over)
            await send(it.origin, b"still here")
            return ended, await receive(it.client), over_too_early

    assert (b"", b"still here", []) == run(work)


@pytest.mark.parametrize("who", ["client", "origin"])
@pytest.mark.parametrize("has_ended_before", [False, True])
def test_a_reset_of_one_side_is_a_reset_of_both(who: str, *, has_ended_before: bool) -> None:
    async def work() -> bool:
        async with passed() as it:
            one, other = (it.client, it.origin)[:: 1 if who == "client" else -1]
            await send(one, b"part of the whole")
            await receive(other)
            if has_ended_before:
                one.shutdown(socket.SHUT_WR)
                await receive_all(other)
            reset(one)
            one.close()
            if not has_ended_before:
                return await is_reset(other)
            # What has come to its end already is not read again: it is told when one sends.
            error = (socket.SOL_SOCKET, socket.SO_ERROR)
            await until(lambda: errno.EPIPE == other.getsockopt(*error))
            return True

    assert run(work)


def test_an_end_by_force_resets_both_sides() -> None:
    async def work() -> tuple[bool, bool, list[bool]]:
        async with passed() as it:
            it.passage.abort()
            it.passage.abort()
            over = list(it.over)
            return await is_reset(it.client), await is_reset(it.origin), over

    assert (True, True, [True]) == run(work)


def test_a_reader_that_is_slow_holds_its_sender_back_and_loses_nothing() -> None:
    whole = os.urandom(32 * MEBIBYTE)

    async def work() -> tuple[int, bytes]:
        async with passed() as it:
            sent = 0
            last_progress = asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() - last_progress < 0.3:
                try:
                    sent += it.origin.send(whole[sent : sent + 65536])
                    last_progress = asyncio.get_running_loop().time()
                except BlockingIOError:
                    await asyncio.sleep(0.01)
            held_back_at = sent

            async def rest() -> None:
                await send(it.origin, whole[sent:])
                it.origin.shutdown(socket.SHUT_WR)

            _, got = await asyncio.gather(rest(), receive_all(it.client))
            return held_back_at, got

    held_back_at, got = run(work)

    assert held_back_at < len(whole)
    assert whole == got


def test_another_address_is_tried_when_one_refuses() -> None:
    async def work() -> tuple[bytes, list[str]]:
        async with between() as world:
            with listener("127.0.0.3") as waiting:
                client, accepted = await connected()
                port = waiting.getsockname()[1]
                world.passage(accepted, ["127.0.0.2", "::1", "127.0.0.3"], port)
                origin = await taken(waiting)
            with client, origin:
                await send(client, b"here")
                return await receive(origin), world.avoided

    assert (b"here", ["127.0.0.2", "::1"]) == run(work)


def test_where_nobody_answers_the_client_is_sent_away() -> None:
    async def work() -> tuple[bool, list[bool]]:
        async with between() as world:
            client, accepted = await connected()
            with client:
                world.passage(accepted, ["127.0.0.1"], a_port_nobody_listens_at())
                return await is_reset(client), world.over

    assert (True, [True]) == run(work)


def test_an_address_that_says_nothing_is_given_up_for_the_next() -> None:
    """A full backlog answers nothing, like a host that is off."""

    async def work() -> tuple[bytes, list[str]]:
        async with between() as world:
            silent = socket.socket()
            silent.bind(("127.0.0.2", 0))
            silent.listen(0)
            port = silent.getsockname()[1]
            fillers = [socket.socket() for _ in range(3)]
            for each in fillers:
                each.setblocking(False)
                each.connect_ex(("127.0.0.2", port))
            with listener("127.0.0.3", port) as waiting:
                client, accepted = await connected()
                passage = world.passage(accepted, ["127.0.0.2", "127.0.0.3"], port)
                assert not passage.is_connected
                passage.try_next()
                origin = await taken(waiting)
            with client, origin:
                await send(client, b"here")
                got = await receive(origin)
                assert passage.is_connected
                passage.try_next()  # nothing, now that somebody answered
                await send(client, b" and there")
                got += await receive(origin)
            for each in (*fillers, silent):
                each.close()
            return got, world.avoided

    assert (b"here and there", ["127.0.0.2"]) == run(work)
