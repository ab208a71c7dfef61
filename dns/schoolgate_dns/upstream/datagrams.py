"""
One question in one datagram from a port of its own, and the reply that matches it (`awaited`).

The socket is connected (`ports`), so that the system gives it a random port and drops what comes
from any other address or port: RFC 5452 section 9.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from schoolgate_dns.messages import Lookup
from schoolgate_dns.resolvers import Place
from schoolgate_dns.upstream.awaited import Awaited, Doubtful
from schoolgate_dns.upstream.chance import CHANCE
from schoolgate_dns.upstream.hearing import Heard, Outcome, tell
from schoolgate_dns.upstream.ports import Ports
from schoolgate_dns.upstream.watching import Watching, watching

SWEEP_EVERY_S: Final = 0.05
_LARGEST_DATAGRAM: Final = 65_535


class _ByItself(NamedTuple):
    """What is awaited by a socket of its own."""

    own: socket.socket
    awaited: Awaited


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
        self._waiting: dict[int, _ByItself] = {}
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
        awaited = Awaited(
            heard,
            lookup,
            chance[:2],
            chance[2:] if keeps_capitals else None,
            time.monotonic() + self._timeout_s,
            with_edns=with_edns,
        )
        own = (self._ports or self._opened_ports()).send(awaited.query)
        self._waiting[own.fileno()] = _ByItself(own, awaited)
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
        if waiting.awaited.is_answered_by(octets):
            self._end(waiting, octets)
            return
        self._mismatched()
        given_up = waiting.awaited.pass_over(octets)
        if given_up is not None:
            self._end(waiting, given_up)

    def _end(self, waiting: _ByItself, outcome: Outcome) -> None:
        del self._waiting[waiting.own.fileno()]
        if self._ports is not None:
            self._ports.give_back(waiting.own)
        tell(waiting.awaited.heard, outcome)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_sweeping = bool(self._waiting)
        if self._is_sweeping:
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)
        now_s = time.monotonic()
        for descriptor, waiting in list(self._waiting.items()):
            if self._waiting.get(descriptor) is not waiting:
                continue  # ended by what another one's end has led to
            if waiting.awaited.doubt is not None:
                self._end(waiting, Doubtful(waiting.awaited.doubt))
            elif waiting.awaited.deadline_s <= now_s:
                self._end(waiting, TimeoutError())
