"""
One question in one datagram from a socket of its own, and the reply that matches it to the bit.

The socket is connected, so that the system gives it a random port and drops what comes from any
other address or port. The id is random, and so are the capitals of the question. What does not
match is passed over and counted, and the waiting goes on: whoever guesses has to guess all of it.
Sources: RFC 5452 section 9, draft-vixie-dnsext-dns0x20.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from enum import Enum

from schoolgate_dns import wire
from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Lookup
from schoolgate_dns.preparse import HEADER_OCTETS
from schoolgate_dns.resolvers import Place
from schoolgate_dns.upstream.watching import Watching, watching

# After so many wrong ones somebody is guessing; over TCP there is nothing to guess.
MAX_MISMATCHED = 16
SWEEP_EVERY_S = 0.05
_LARGEST_DATAGRAM = 65_535
# With the kind of socket that it is for, this saves a call for each.
_NONBLOCK: int = getattr(socket, "SOCK_NONBLOCK", 0)


class Doubt(Enum):
    """Why what came is not to be believed without asking over TCP."""

    GUESSED = "too many replies that are none"
    CAPITALS = "a reply with other capitals"
    NO_EDNS = "the bare header of an error"


class Doubtful(WireError):  # noqa: N818 - reads as what it is
    """What came is not to be believed, and the question has to be asked over TCP."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.value)
        self.doubt = doubt


class _Waiting:
    """
    A question that is on its way.

    *question* is its octets as they were asked, None where capitals do not count. A *doubt* is
    there since something came from an old server, or from somebody who guessed nearly all of it.
    """

    __slots__ = (
        "deadline_s",
        "doubt",
        "future",
        "lookup",
        "mismatched",
        "number",
        "own",
        "question",
    )

    def __init__(
        self,
        own: socket.socket,
        future: asyncio.Future[bytes],
        lookup: Lookup,
        *,
        number: bytes,
        question: bytes | None,
        deadline_s: float,
    ) -> None:
        self.own = own
        self.future = future
        self.lookup = lookup
        self.number = number
        self.question = question
        self.deadline_s = deadline_s
        self.mismatched = 0
        self.doubt: Doubt | None = None

    def is_answered_by(self, octets: bytes) -> bool:
        if self.question is None:
            return self.is_roughly_answered_by(octets)
        return wire.is_reply_to_query(octets, self.number, self.question)

    def is_roughly_answered_by(self, octets: bytes) -> bool:
        return wire.is_reply_to(octets, self.lookup, int.from_bytes(self.number))


class Datagrams:
    """
    Asks *place* by UDP, each question for at most *timeout_s*.

    *mismatched* is called for each datagram that is passed over.
    """

    def __init__(self, place: Place, timeout_s: float, mismatched: Callable[[], None]) -> None:
        self._address = (place.address, place.port)
        self._family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
        self._timeout_s = timeout_s
        self._mismatched = mismatched
        self._kind = socket.SOCK_DGRAM | _NONBLOCK
        self._buffer = memoryview(bytearray(_LARGEST_DATAGRAM))
        self._waiting: dict[int, _Waiting] = {}
        self._watching: Watching | None = None
        self._is_sweeping = False

    async def ask(
        self, lookup: Lookup, *, keeps_capitals: bool = True, with_edns: bool = True
    ) -> bytes:
        """
        Return the reply to *lookup*, perhaps truncated.

        With *keeps_capitals* the reply must have the question's capitals. Raises OSError,
        TimeoutError, and Doubtful when TCP is to be asked.
        """
        # One call for the id and for a chance at each letter.
        chance = os.urandom(2 + len(lookup.name))
        number = chance[:2]
        name = wire.mixed_case(lookup.name, chance[2:]) if keeps_capitals else lookup.name
        query = wire.query_for(lookup, int.from_bytes(number), name=name, with_edns=with_edns)
        loop = asyncio.get_running_loop()
        if self._watching is None:
            self._watching = watching(loop, self._readable)
        own = self._sent(query, self._watching)
        is_exactly = slice(HEADER_OCTETS, HEADER_OCTETS + len(name) + 4)
        waiting = _Waiting(
            own,
            loop.create_future(),
            lookup,
            number=number,
            question=query[is_exactly] if keeps_capitals else None,
            deadline_s=time.monotonic() + self._timeout_s,
        )
        descriptor = own.fileno()
        self._waiting[descriptor] = waiting
        if not self._is_sweeping:
            self._is_sweeping = True
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)
        try:
            return await waiting.future
        finally:
            del self._waiting[descriptor]
            self._watching.drop(own)

    def _sent(self, query: bytes, watching_: Watching) -> socket.socket:
        """Return the socket that *query* has left by, watched."""
        own = socket.socket(self._family, self._kind)
        try:
            if not _NONBLOCK:
                own.setblocking(False)  # noqa: FBT003 - the call has no keywords
            own.connect(self._address)
            own.send(query)
            watching_.watch(own)
        except OSError:
            own.close()
            raise
        return own

    def close(self) -> None:
        """Give up what is waiting; nothing can be asked afterwards."""
        for waiting in self._waiting.values():
            waiting.future.cancel()
        if self._watching is not None:
            self._watching.close()

    def _readable(self, descriptor: int) -> None:
        waiting = self._waiting.get(descriptor)
        if waiting is None or waiting.future.done():
            return
        try:
            octets = bytes(self._buffer[: waiting.own.recv_into(self._buffer)])
        except BlockingIOError:
            return
        except OSError as error:
            # An ICMP message about our datagram: nobody listens there, or no way leads there.
            waiting.future.set_exception(error)
            return
        if waiting.is_answered_by(octets):
            waiting.future.set_result(octets)
        else:
            self._pass_over(octets, waiting)

    def _pass_over(self, octets: bytes, waiting: _Waiting) -> None:
        self._mismatched()
        waiting.mismatched += 1
        # In case of these two the true reply has until the next sweep to come.
        if waiting.is_roughly_answered_by(octets):
            waiting.doubt = Doubt.CAPITALS
        elif octets[:2] == waiting.number and wire.is_bare_refusal(octets):
            waiting.doubt = Doubt.NO_EDNS
        elif waiting.mismatched > MAX_MISMATCHED:
            waiting.future.set_exception(Doubtful(Doubt.GUESSED))

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_sweeping = bool(self._waiting)
        if self._is_sweeping:
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)
        now_s = time.monotonic()
        for waiting in self._waiting.values():
            if waiting.future.done():
                continue
            if waiting.doubt is not None:
                waiting.future.set_exception(Doubtful(waiting.doubt))
            elif waiting.deadline_s <= now_s:
                waiting.future.set_exception(TimeoutError())
