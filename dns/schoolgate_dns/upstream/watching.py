"""
Thousands of short-lived sockets behind one descriptor that the event loop watches.

A reader of its own in the loop would cost each socket several microseconds, more than the question
that it carries. Where the system has no epoll, each socket does have its own.
"""

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Protocol

_MOST_AT_ONCE = 256


class Watching(Protocol):
    """Calls back with the descriptor of each watched socket that can be read."""

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
    """Watches through one epoll, in the running *loop*."""

    def __init__(self, loop: asyncio.AbstractEventLoop, readable: Callable[[int], None]) -> None:
        self._loop = loop
        self._readable = readable
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
        for descriptor, _ in self._epoll.poll(0, _MOST_AT_ONCE):
            self._readable(descriptor)


class EachWatching:
    """Watches through a reader of the running *loop* for each socket."""

    def __init__(self, loop: asyncio.AbstractEventLoop, readable: Callable[[int], None]) -> None:
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


def watching(loop: asyncio.AbstractEventLoop, readable: Callable[[int], None]) -> Watching:
    """Return the cheapest way that this system has."""
    return (
        EpollWatching(loop, readable) if hasattr(select, "epoll") else EachWatching(loop, readable)
    )
