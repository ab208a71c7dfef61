"""Sockets behind one descriptor, and behind one each where the system has no epoll."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from dns_local import run, until

from schoolgate_dns.upstream.watching import EachWatching, EpollWatching, Watching, watching

Make = Callable[[asyncio.AbstractEventLoop, Callable[[int], None]], Watching]


@pytest.mark.parametrize("make", [EpollWatching, EachWatching, watching])
def test_whoever_can_be_read_is_told_until_it_is_dropped(make: Make) -> None:
    async def watch() -> None:
        told: list[int] = []
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(3)]
        by_descriptor = {near.fileno(): near for near, _ in pairs}

        def readable(descriptor: int) -> None:
            told.append(by_descriptor[descriptor].recv(16)[0])

        watched = make(asyncio.get_running_loop(), readable)
        for near, _ in pairs:
            watched.watch(near)
        for number, (_, far) in enumerate(pairs):
            far.send(bytes([number]))
        await until(lambda: len(told) == 3)
        assert [0, 1, 2] == sorted(told)
        watched.drop(pairs[0][0])
        assert -1 == pairs[0][0].fileno()
        pairs[1][1].send(b"\7")
        await until(lambda: len(told) == 4)
        assert 7 == told[-1]
        for near, far in pairs:
            if near.fileno() >= 0:
                watched.drop(near)
            far.close()
        watched.close()
        watched.close()

    run(watch())


def test_a_round_is_over_when_all_were_told_of_who_had_something() -> None:
    """Who is left out of a full round may have something all the same."""

    async def watch() -> list[list[int]]:
        rounds: list[list[int]] = [[]]
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(300)]
        by_descriptor = {near.fileno(): near for near, _ in pairs}

        def readable(descriptor: int) -> None:
            by_descriptor[descriptor].recv(16)
            rounds[-1].append(descriptor)

        watched = EpollWatching(asyncio.get_running_loop(), readable, lambda: rounds.append([]))
        assert watched.tells_rounds
        for near, far in pairs:
            watched.watch(near)
            far.send(b"x")
        await until(lambda: len(rounds) == 2)
        pairs[0][1].send(b"x")
        await until(lambda: len(rounds) == 3)
        for near, far in pairs:
            watched.drop(near)
            far.close()
        watched.close()
        return rounds

    first, second, _ = run(watch())
    assert 300 == len(set(first))
    assert 1 == len(second)
