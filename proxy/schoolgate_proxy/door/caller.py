"""
One connection at the door: its first bytes looked at, its name decided on, then passed or not.

The first bytes are left unread, so that whoever goes on with the connection finds it whole.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

import structlog

from schoolgate_proxy.arrivals import Arrival, Arrivals, HandOver, Pass, Shut
from schoolgate_proxy.connections import OpenConnection
from schoolgate_proxy.door.hello import MOST_HELLO_OCTETS, Hello, HelloError, read_hello
from schoolgate_proxy.door.original import Original
from schoolgate_proxy.door.passage import Passage, reset
from schoolgate_proxy.door.pipes import Pipes
from schoolgate_proxy.door.readiness import Readiness
from schoolgate_proxy.spoken import Spoken, spoken

FIRST_BYTES_WITHIN_S = 10.0
CONNECT_WITHIN_S = 3.0

log = structlog.get_logger(__name__)

type TakeOver = Callable[[socket.socket, str, tuple[str, int]], None]


@dataclass(frozen=True, slots=True)
class Inside:
    """
    What every caller needs: who decides, and how bytes are moved.

    *take_over* is given what has to be looked into: the socket, the connection's id and where it
    leads. *patience_s* is how long first bytes may take.
    """

    arrivals: Arrivals
    readiness: Readiness
    pipes: Pipes
    take_over: TakeOver
    loop: asyncio.AbstractEventLoop
    patience_s: float


class Caller:
    """
    The connection *accepted*; *gone* is called once, when it is over or handed over.

    It has patience *until*, by the loop's clock; None while it passes.
    """

    __slots__ = (
        "_accepted", "_deciding", "_gone", "_inside", "_passage", "connection", "is_handed_over",
        "original", "until",
    )  # fmt: skip

    def __init__(
        self,
        accepted: socket.socket,
        connection: OpenConnection,
        original: Original,
        inside: Inside,
        gone: Callable[["Caller"], None],
    ) -> None:
        self.connection = connection
        self.original = original
        self.is_handed_over = False
        self.until: float | None = inside.loop.time() + inside.patience_s
        self._accepted: socket.socket | None = accepted
        self._inside = inside
        self._gone = gone
        self._passage: Passage | None = None
        self._deciding: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look at what has come, which is mostly all that is needed; else wait for more."""
        self._look()
        if self._accepted is not None and self._passage is None and self._deciding is None:
            self._inside.readiness.watch(self._accepted.fileno(), self._on_more)

    def has_file(self, number: int) -> bool:
        """Whether file descriptor *number* is one of its sockets'."""
        if self._passage is not None:
            return self._passage.has_file(number)
        return self._accepted is not None and self._accepted.fileno() == number

    def hurry(self) -> None:
        """End the patience that has run out: try another address, or go."""
        passage = self._passage
        if passage is None:
            self.end()
        elif passage.is_connected:
            self.until = None
        else:
            self.until = self._inside.loop.time() + CONNECT_WITHIN_S
            passage.try_next()

    def end(self) -> None:
        """End it at once, both sides."""
        if self._deciding is not None:
            self._deciding.cancel()
        if self._passage is not None:
            self._passage.abort()
        elif self._accepted is not None:
            self._inside.readiness.forget(self._accepted.fileno())
            reset(self._accepted)
            self._accepted.close()
            self._over()

    def _over(self) -> None:
        if self._accepted is not None:
            self._accepted = None
            self._gone(self)

    def _on_more(self, _events: int) -> None:
        if self._deciding is None and self._passage is None:
            self._look()

    def _look(self) -> None:
        if self._accepted is None:
            return
        try:
            first = self._accepted.recv(MOST_HELLO_OCTETS, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            first = b""
        if not first:
            self.end()  # it is gone, and had nothing to say
            return
        match spoken(first):
            case Spoken.TLS:
                self._look_at_hello(first)
            case Spoken.HTTP:
                self._do(self._inside.arrivals.http(self.connection, self.original))
            case Spoken.OTHER:
                self._refuse()
            case Spoken.UNKNOWN_YET:
                pass
            case never:
                assert_never(never)

    def _look_at_hello(self, first: bytes) -> None:
        try:
            hello = read_hello(first)
        except HelloError:
            self._refuse()
            return
        if hello is not None:
            # Mostly the name was looked up before, and this is done when it returns.
            deciding = asyncio.Task(self._decide(hello), loop=self._inside.loop, eager_start=True)
            self._deciding = None if deciding.done() else deciding

    def _refuse(self) -> None:
        self._inside.arrivals.neither(self.connection, self.original)
        self.end()

    async def _decide(self, hello: Hello) -> None:
        try:
            answer = await self._inside.arrivals.hello(self.connection, self.original, hello)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may get past it
            # The kind alone: a message or a traceback could name a page.
            log.error("an arrival could not be decided", fault=type(error).__name__)  # noqa: TRY400 - see above
            answer = Shut()
        self._deciding = None
        self._do(answer)

    def _do(self, answer: Arrival) -> None:
        accepted, inside = self._accepted, self._inside
        if accepted is None:
            return  # it was ended meanwhile
        match answer:
            case Pass():
                self.until = inside.loop.time() + CONNECT_WITHIN_S
                self._passage = Passage(
                    accepted,
                    answer.addresses,
                    self.original.port,
                    readiness=inside.readiness,
                    pipes=inside.pipes,
                    avoid=inside.arrivals.did_not_answer,
                    over=self._over,
                )
                self._passage.start()
            case HandOver():
                inside.readiness.leave(accepted.fileno())
                self.is_handed_over = True
                self._over()
                place = (answer.leads_to, self.original.port)
                inside.take_over(accepted, self.connection.id, place)
            case Shut():
                self.end()
            case never:
                assert_never(never)
