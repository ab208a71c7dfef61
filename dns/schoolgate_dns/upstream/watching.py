"""
Thousands of short-lived sockets behind one descriptor that the event loop watches.

A reader of its own in the loop would cost each socket several microseconds, more than the question
that it carries. Where the system has no epoll, each socket does have its own.
"""

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Final, Protocol

_MOST_AT_ONCE: Final = 256


def _nothing() -> None:
    pass


class Watching(Protocol):
    """
    Calls back with the descriptor of each watched socket that can be read.

    If it *tells_rounds*, it also does after each round in which every such socket was told of.
    """

    tells_rounds: bool

    def watch(self, own: socket.socket) -> None:
        """Begin to watch *own*. Raises OSError."""
        ...

    def drop(self, own: socket.socket) -> None:
        """Stop watching *own*, and close it."""
        ...

    def close(self) -> None:
        """Stop watching whatever is left."""
        ...


class EpollWatching:
    """Watches through one epoll, in the running *loop*; see `Watching`."""

    tells_rounds = True

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        readable: Callable[[int], None],
        round_over: Callable[[], None] = _nothing,
    ) -> None:
        self._loop = loop
        self._readable = readable
        self._round_over = round_over
        self._epoll = select.epoll()
        self._watch = self._epoll.register
        self._events = select.EPOLLIN
        loop.add_reader(self._epoll.fileno(), self._poll)

    def watch(self, own: socket.socket) -> None:
        """See `Watching`."""
        self._watch(own.fileno(), self._events)

    def drop(self, own: socket.socket) -> None:
        """See `Watching`."""
        # A socket that is closed leaves the epoll by itself.
        own.close()

    def close(self) -> None:
        """See `Watching`."""
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _poll(self) -> None:
        found = self._epoll.poll(0, _MOST_AT_ONCE)
        readable = self._readable
        for descriptor, _ in found:
            readable(descriptor)
        if len(found) < _MOST_AT_ONCE:
            self._round_over()


class EachWatching:
    """Watches through a reader of the running *loop* for each socket."""

    tells_rounds = False

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        readable: Callable[[int], None],
        _round_over: Callable[[], None] = _nothing,
    ) -> None:
        self._loop = loop
        self._readable = readable

    def watch(self, own: socket.socket) -> None:
        """See `Watching`."""
        self._loop.add_reader(own.fileno(), self._readable, own.fileno())

    def drop(self, own: socket.socket) -> None:
        """See `Watching`."""
        self._loop.remove_reader(own.fileno())
        own.close()

    def close(self) -> None:
        """See `Watching`."""


def watching(
    loop: asyncio.AbstractEventLoop,
    readable: Callable[[int], None],
    round_over: Callable[[], None] = _nothing,
) -> Watching:
    """Return the cheapest way that this system has."""
    make = EpollWatching if hasattr(select, "epoll") else EachWatching
    return make(loop, readable, round_over)
