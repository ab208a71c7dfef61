"""
Which sockets can be read or written, told by one epoll of our own inside asyncio's loop.

asyncio's own readers and writers cost several system calls for each change of what is waited
for. Here a socket is added once and told of whenever something changed (edge-triggered), so
whoever is told has to go on until the kernel says that there is no more.
"""

import asyncio
import select
from collections import deque
from collections.abc import Callable

type OnReady = Callable[[int], None]

READABLE = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
WRITABLE = select.EPOLLOUT | select.EPOLLHUP | select.EPOLLERR
_ANY_CHANGE = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
_MOST_AT_ONCE = 256


class Readiness:
    """
    Tells of sockets' changes in the running loop, until `close`.

    *on_fault* is told when whoever was told of a file descriptor raised; the others go on.
    """

    def __init__(self, on_fault: Callable[[int, Exception], None]) -> None:
        self._on_fault = on_fault
        self._loop = asyncio.get_running_loop()
        self._epoll = select.epoll()
        self._told: dict[int, OnReady] = {}
        self._again: deque[int] = deque()
        self._loop.add_reader(self._epoll.fileno(), self._look)

    def watch(self, number: int, tell: OnReady) -> None:
        """
        Have *tell* called with the events (select.EPOLL*) of file descriptor *number*.

        Who was told of it before is told no more.
        """
        if number not in self._told:
            self._epoll.register(number, _ANY_CHANGE)
        self._told[number] = tell

    def watch_arrivals(self, number: int, tell: OnReady) -> None:
        """Have *tell* called as long as file descriptor *number*, a listener, has arrivals."""
        self._told[number] = tell
        self._epoll.register(number, select.EPOLLIN)

    def leave(self, number: int) -> None:
        """Tell no more of *number*, which somebody else goes on with."""
        if self._told.pop(number, None) is not None:
            self._epoll.unregister(number)

    def forget(self, number: int) -> None:
        """Tell no more of *number*, which is being closed: the kernel forgets it by itself."""
        self._told.pop(number, None)

    def tell_again(self, number: int) -> None:
        """Tell of *number* anew, that it can be read, once the others had their turn."""
        if not self._again:
            self._loop.call_soon(self._tell_again)
        self._again.append(number)

    def close(self) -> None:
        """Tell of nothing more."""
        self._loop.remove_reader(self._epoll.fileno())
        self._told.clear()
        self._again.clear()
        self._epoll.close()

    def _look(self) -> None:
        for number, events in self._epoll.poll(0, _MOST_AT_ONCE):
            self._tell(number, events)

    def _tell_again(self) -> None:
        waiting, self._again = self._again, deque()
        for number in waiting:
            self._tell(number, select.EPOLLIN)

    def _tell(self, number: int, events: int) -> None:
        tell = self._told.get(number)
        if tell is None:
            return
        try:
            tell(events)
        except Exception as error:  # noqa: BLE001 - others' changes are told once and never again
            self._on_fault(number, error)
