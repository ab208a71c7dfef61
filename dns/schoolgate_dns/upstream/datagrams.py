"""
One question in one datagram from a port of its own, and the reply that matches it to the bit.

The socket is connected (`ports`), so that the system gives it a random port and drops what comes
from any other address or port. The id is random, and so are the capitals of the question. What
does not match is passed over and counted, and the waiting goes on: whoever guesses has to guess
all of it. Sources: RFC 5452 section 9, draft-vixie-dnsext-dns0x20.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from enum import Enum

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Lookup, wire
from schoolgate_dns.messages.preparse import HEADER_OCTETS
from schoolgate_dns.resolvers import Place
from schoolgate_dns.upstream.chance import CHANCE
from schoolgate_dns.upstream.hearing import Heard, Outcome, tell
from schoolgate_dns.upstream.ports import Ports
from schoolgate_dns.upstream.watching import Watching, watching

# After so many wrong ones somebody is guessing; over TCP there is nothing to guess.
MAX_MISMATCHED = 16
SWEEP_EVERY_S = 0.05
_LARGEST_DATAGRAM = 65_535


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
    A question that is on its way by *own*.

    *question* is its octets as they were asked, None where capitals do not count. A *doubt* is
    there since something came from an old server, or from somebody who guessed nearly all of it.
    """

    __slots__ = (
        "deadline_s",
        "doubt",
        "heard",
        "lookup",
        "mismatched",
        "number",
        "own",
        "question",
    )

    def __init__(
        self,
        own: socket.socket,
        heard: Heard,
        lookup: Lookup,
        *,
        number: bytes,
        question: bytes | None,
        deadline_s: float,
    ) -> None:
        self.own = own
        self.heard = heard
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
        self._place = place
        self._timeout_s = timeout_s
        self._mismatched = mismatched
        self._buffer = memoryview(bytearray(_LARGEST_DATAGRAM))
        self._waiting: dict[int, _Waiting] = {}
        self._watching: Watching | None = None
        self._ports: Ports | None = None
        self._is_sweeping = False

    def begin(
        self,
        lookup: Lookup,
        heard: Heard,
        *,
        keeps_capitals: bool = True,
        with_edns: bool = True,
    ) -> None:
        """
        Ask *lookup*; *heard* is told the reply, perhaps truncated, or what went wrong.

        With *keeps_capitals* the reply must have the question's capitals. What went wrong is
        OSError, TimeoutError, or Doubtful when TCP is to be asked. Raises OSError if the question
        cannot leave; then *heard* is told nothing.
        """
        # One piece for the id and for a chance at each letter.
        chance = CHANCE.take(2 + len(lookup.name))
        number = chance[:2]
        name = wire.mixed_case(lookup.name, chance[2:]) if keeps_capitals else lookup.name
        query = wire.query_for(lookup, int.from_bytes(number), name=name, with_edns=with_edns)
        own = (self._ports or self._opened_ports()).send(query)
        question_end = HEADER_OCTETS + len(name) + 4
        self._waiting[own.fileno()] = _Waiting(
            own,
            heard,
            lookup,
            number=number,
            question=query[HEADER_OCTETS:question_end] if keeps_capitals else None,
            deadline_s=time.monotonic() + self._timeout_s,
        )
        if not self._is_sweeping:
            self._is_sweeping = True
            loop = asyncio.get_running_loop()
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)

    def close(self) -> None:
        """Give up what is waiting; nothing can be asked afterwards."""
        if self._ports is not None:
            self._ports.close()
        for waiting in list(self._waiting.values()):
            self._end(waiting, None)
        if self._watching is not None:
            self._watching.close()

    def _opened_ports(self) -> Ports:
        """Return the ports; made here since a transport is made before there is a loop."""

        def end_round() -> None:
            ports.end_round()

        self._watching = watching(asyncio.get_running_loop(), self._readable, end_round)
        ports = self._ports = Ports(self._place, self._watching)
        return ports

    def _readable(self, descriptor: int) -> None:
        waiting = self._waiting.get(descriptor)
        if waiting is None:
            if self._ports is not None:
                self._ports.close_kept(descriptor)
            return
        try:
            octets = bytes(self._buffer[: waiting.own.recv_into(self._buffer)])
        except BlockingIOError:
            return
        except OSError as error:
            # An ICMP message about our datagram: nobody listens there, or no way leads there.
            self._end(waiting, error)
            return
        if waiting.is_answered_by(octets):
            self._end(waiting, octets)
        else:
            self._pass_over(octets, waiting)

    def _end(self, waiting: _Waiting, outcome: Outcome) -> None:
        del self._waiting[waiting.own.fileno()]
        if self._ports is not None:
            self._ports.give_back(waiting.own)
        tell(waiting.heard, outcome)

    def _pass_over(self, octets: bytes, waiting: _Waiting) -> None:
        self._mismatched()
        waiting.mismatched += 1
        # In case of these two the true reply has until the next sweep to come.
        if waiting.is_roughly_answered_by(octets):
            waiting.doubt = Doubt.CAPITALS
        elif octets[:2] == waiting.number and wire.is_bare_refusal(octets):
            waiting.doubt = Doubt.NO_EDNS
        elif waiting.mismatched > MAX_MISMATCHED:
            self._end(waiting, Doubtful(Doubt.GUESSED))

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_sweeping = bool(self._waiting)
        if self._is_sweeping:
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)
        now_s = time.monotonic()
        for descriptor, waiting in list(self._waiting.items()):
            if self._waiting.get(descriptor) is not waiting:
                continue  # ended by what another one's end has led to
            if waiting.doubt is not None:
                self._end(waiting, Doubtful(waiting.doubt))
            elif waiting.deadline_s <= now_s:
                self._end(waiting, TimeoutError())
