"""
A client and its origin, whose bytes pass without being read.

The origin is connected to at the addresses that were decided on, one after the other. Then the
kernel moves bytes both ways. One side's end is told to the other, which may go on; a reset of
one side is a reset of both, so that nobody takes a part for the whole.
"""

import errno
import select
import socket
import struct
from collections.abc import Callable, Sequence

from schoolgate_proxy.door.half import Half
from schoolgate_proxy.door.pipes import Pipes
from schoolgate_proxy.door.readiness import READABLE, WRITABLE, Readiness

# A peer that is gone without a word is found after a minute and a half of silence.
KEEPALIVE = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)
MOST_ADDRESSES = 4
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Passage:
    """
    Connects *client* to the first of *addresses* that answers at *port*, and moves bytes.

    *avoid* is told of an address that did not answer; *over* is called once, when both sides are
    closed.
    """

    __slots__ = (
        "_addresses", "_avoid", "_client", "_down", "_is_connected", "_origin", "_over",
        "_pipes", "_port", "_readiness", "_up",
    )  # fmt: skip

    def __init__(
        self,
        client: socket.socket,
        addresses: Sequence[str],
        port: int,
        *,
        readiness: Readiness,
        pipes: Pipes,
        avoid: Callable[[str], None],
        over: Callable[[], None],
    ) -> None:
        self._client: socket.socket | None = client
        self._addresses = list(addresses[:MOST_ADDRESSES])
        self._port = port
        self._readiness = readiness
        self._pipes = pipes
        self._avoid = avoid
        self._over = over
        self._origin: socket.socket | None = None
        self._is_connected = False
        self._up: Half | None = None
        self._down: Half | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the origin has answered."""
        return self._is_connected

    def has_file(self, number: int) -> bool:
        """Whether file descriptor *number* is one of its sockets'."""
        return number in {each.fileno() for each in (self._client, self._origin) if each}

    def start(self) -> None:
        """Connect to the first address."""
        try:
            while self._origin is None and self._addresses:
                self._connect(self._addresses[0])
        except OSError:
            # No file is to be had, which says nothing of the address.
            self.abort()
            return
        if self._origin is None:
            self.abort()

    def try_next(self) -> None:
        """Give the address up that is being connected to, and go on with the next."""
        if self._is_connected or self._client is None:
            return
        self._give_up_address()
        self.start()

    def abort(self) -> None:
        """End both sides at once, with a reset."""
        for each in (self._client, self._origin):
            if each is not None:
                reset(each)
        self._end()

    def _connect(self, address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        origin = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        for option in KEEPALIVE:
            origin.setsockopt(*option)
        self._origin = origin
        if origin.connect_ex((address, self._port)) not in {0, errno.EINPROGRESS}:
            self._give_up_address()
            return
        self._readiness.watch(origin.fileno(), self._on_connecting)

    def _give_up_address(self) -> None:
        self._avoid(self._addresses.pop(0))
        if self._origin is not None:
            self._readiness.forget(self._origin.fileno())
            self._origin.close()
            self._origin = None

    def _on_connecting(self, events: int) -> None:
        origin, client = self._origin, self._client
        if origin is None or client is None or not events & WRITABLE:
            return
        if origin.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.try_next()
            return
        if not _has_peer(origin):
            # Told of a socket that had this number before, in the same round.
            return
        self._is_connected = True
        self._up = Half(client, origin, self._pipes)
        self._down = Half(origin, client, self._pipes)
        self._readiness.watch(origin.fileno(), self._on_origin)
        # The hello has been waiting there since before anybody was told of it.
        self._readiness.watch(client.fileno(), self._on_client)
        self._move(self._up)
        # Nobody is told twice of what the origin has said already.
        self._on_ready(events & READABLE, self._down, self._up)

    def _on_client(self, events: int) -> None:
        self._on_ready(events, self._up, self._down)

    def _on_origin(self, events: int) -> None:
        self._on_ready(events, self._down, self._up)

    def _on_ready(self, events: int, reading: Half | None, writing: Half | None) -> None:
        if reading is None or writing is None:
            return
        if events & select.EPOLLERR and reading.is_over:
            self.abort()
            return
        if events & READABLE and not reading.is_over:
            self._move(reading)
        if events & WRITABLE and writing.is_held_back and self._client is not None:
            self._move(writing)

    def _move(self, half: Half) -> None:
        try:
            has_more = half.move()
        except OSError:
            self.abort()
            return
        if has_more:
            self._readiness.tell_again(half.source.fileno())
        elif all(each is not None and each.is_over for each in (self._up, self._down)):
            self._end()

    def _end(self) -> None:
        if self._client is None:
            return
        for each in (self._client, self._origin):
            if each is not None:
                self._readiness.forget(each.fileno())
                each.close()
        for half in (self._up, self._down):
            if half is not None:
                half.drop()
        self._client = self._origin = self._up = self._down = None
        self._over()


def reset(connection: socket.socket) -> None:
    """Have *connection* end with a reset when it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)


def _has_peer(connection: socket.socket) -> bool:
    try:
        connection.getpeername()
    except OSError:
        return False
    return True
