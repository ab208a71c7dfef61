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
