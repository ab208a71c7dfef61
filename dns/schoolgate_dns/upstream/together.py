"""
Questions to an upstream on this machine: many by one socket, in batches.

A port of its own for each question (`datagrams`) is for what somebody on the way could forge. To
the loopback nobody has a way but processes of this machine, and the system passes a connected
socket only what comes from the upstream's own address and port; so a port may carry questions for
a while, and a question costs a tenth of the system calls. The ids are random all the same, the
capitals count, and there is another port after MOST_ASKED_BY_LINE questions, or after MOST_STRAY
datagrams that answer none.
"""

import asyncio
import errno
import socket
import time
from collections.abc import Callable

from schoolgate_dns.messages import Lookup, preparse, wire
from schoolgate_dns.messages.preparse import HEADER_OCTETS
from schoolgate_dns.resolvers import Place
from schoolgate_dns.upstream.batches import REPLY_OCTETS, SLOTS, ConnectedBatches
from schoolgate_dns.upstream.chance import CHANCE
from schoolgate_dns.upstream.datagrams import (
    MAX_MISMATCHED,
    SWEEP_EVERY_S,
    Doubt,
    Doubtful,
)
from schoolgate_dns.upstream.hearing import Heard, Outcome
from schoolgate_dns.upstream.ports import open_socket

MOST_ASKED_BY_LINE = 1024
# After so many that answer nothing somebody may be guessing, and there is another port as well.
MOST_STRAY = 16
_TRUNCATED = preparse.IS_TRUNCATED >> 8
_RECEIVE_BUFFER_OCTETS = 1024 * 1024
# What the system counts for a reply of the longest that we ask for (its data and its own record).
_BUFFERED_OCTETS = 2304
_LEAST_AWAITED = 16


class _Awaited:
    """A question that is on its way; see `datagrams._Waiting`."""

    __slots__ = ("deadline_s", "doubt", "heard", "lookup", "mismatched", "query", "question")

    def __init__(
        self, heard: Heard, lookup: Lookup, query: bytes, question: bytes | None, deadline_s: float
    ) -> None:
        self.heard = heard
        self.lookup = lookup
        self.query = query
        self.question = question
        self.deadline_s = deadline_s
        self.mismatched = 0
        self.doubt: Doubt | None = None


class _Line:
    """
    A connected socket, what has been asked by it and is *awaited* by its id, and *unsent*.

    No more is asked by it than it has room for replies that nobody has read yet.
    """

    __slots__ = ("asked", "awaited", "own", "room", "stray", "unsent")

    def __init__(self, own: socket.socket) -> None:
        self.own = own
        granted = own.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self.room = max(_LEAST_AWAITED, granted // _BUFFERED_OCTETS)
        self.asked = 0
        self.stray = 0
        self.awaited: dict[bytes, _Awaited] = {}
        self.unsent: list[bytes] = []  # their ids

    @property
    def is_good_for_another(self) -> bool:
        return (
            self.asked < MOST_ASKED_BY_LINE
            and self.stray < MOST_STRAY
            and len(self.awaited) < self.room
        )


class Together:
    """
    Asks *place* by UDP, each question for at most *timeout_s*; it does what `Datagrams` does.

    *mismatched* is called for each datagram that is passed over. Raises AttributeError or OSError
    where the system has no calls for batches.
    """

    def __init__(self, place: Place, timeout_s: float, mismatched: Callable[[], None]) -> None:
        self._place = place
        self._timeout_s = timeout_s
        self._mismatched = mismatched
        self._batches = ConnectedBatches()
        self._line: _Line | None = None
        self._lines: set[_Line] = set()
        self._is_sweeping = False

    def begin(
        self,
        lookup: Lookup,
        heard: Heard,
        *,
        keeps_capitals: bool = True,
        with_edns: bool = True,
    ) -> None:
        """See `Datagrams`; a question that cannot leave may be told later."""
        loop = asyncio.get_running_loop()
        line = self._line
        if line is None or not line.is_good_for_another:
            line = self._open_line(loop)
        chance = CHANCE.take(2 + len(lookup.name))
        number = chance[:2]
        while number in line.awaited:
            number = CHANCE.take(2)
        name = wire.mixed_case(lookup.name, chance[2:]) if keeps_capitals else lookup.name
        query = wire.query_for(lookup, int.from_bytes(number), name=name, with_edns=with_edns)
        question = query[HEADER_OCTETS : HEADER_OCTETS + len(name) + 4] if keeps_capitals else None
        deadline_s = time.monotonic() + self._timeout_s
        line.awaited[number] = _Awaited(heard, lookup, query, question, deadline_s)
        line.asked += 1
        line.unsent.append(number)
        if len(line.unsent) == 1:
            # What is asked in this turn of the loop leaves together.
            loop.call_soon(self._send, line)
        if not self._is_sweeping:
            self._is_sweeping = True
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)

    def close(self) -> None:
        """See `Datagrams`."""
        self._line = None
        for line in list(self._lines):
            # Also those at which nothing is awaited are closed by this.
            self._end_all(line, list(line.awaited), None)

    def _open_line(self, loop: asyncio.AbstractEventLoop) -> _Line:
        own = open_socket(self._place)
        try:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_OCTETS)
            own.connect((self._place.address, self._place.port))
            line = _Line(own)
            loop.add_reader(own.fileno(), self._readable, line)
        except OSError:
            own.close()
            raise
        former, self._line = self._line, line
        self._lines.add(line)
        if former is not None:
            self._close_if_over(former)
        return line

    def _close_if_over(self, line: _Line) -> None:
        """Close *line* if nothing comes by it any more."""
        if line is not self._line and not line.awaited and line in self._lines:
            self._lines.discard(line)
            asyncio.get_running_loop().remove_reader(line.own.fileno())
            line.own.close()

    def _send(self, line: _Line) -> None:
        unsent, line.unsent = line.unsent, []
        # What was given up meanwhile need not be sent.
        numbers = [each for each in unsent if each in line.awaited]
        may_be_of_others = True
        while numbers and line in self._lines:
            queries = [line.awaited[each].query for each in numbers[:SLOTS]]
            try:
                sent = self._batches.send(line.own.fileno(), queries)
            except OSError as error:
                if error.errno == errno.ECONNREFUSED and may_be_of_others:
                    # The system tells of what was sent before, and has sent nothing now.
                    may_be_of_others = False
                    self._end_all(line, list(line.awaited.keys() - set(numbers)), error)
                    continue
                self._end_all(line, numbers, error)
                return
            del numbers[:sent]

    def _readable(self, line: _Line) -> None:
        try:
            datagrams = self._batches.receive(line.own.fileno())
        except OSError as error:
            # An ICMP message about one of ours: nobody listens there, for any of them.
            self._end_all(line, list(line.awaited), error)
            return
        awaited = line.awaited
        for octets in datagrams:
            number = octets[:2]
            waiting = awaited.get(number)
            if waiting is None:
                self._mismatched()
                line.stray += 1
            elif waiting.question is not None and wire.is_reply_to_query(
                octets, number, waiting.question
            ):
                del awaited[number]
                waiting.heard(octets if len(octets) < REPLY_OCTETS else _cut_off(octets))
            else:
                self._look_closer(line, number, waiting, octets)
        self._close_if_over(line)

    def _look_closer(self, line: _Line, number: bytes, waiting: _Awaited, octets: bytes) -> None:
        is_rough = wire.is_reply_to(octets, waiting.lookup, int.from_bytes(number))
        if is_rough and waiting.question is None:
            self._end(line, number, octets if len(octets) < REPLY_OCTETS else _cut_off(octets))
            return
        self._mismatched()
        waiting.mismatched += 1
        # In case of these two the true reply has until the next sweep to come.
        if is_rough:
            waiting.doubt = Doubt.CAPITALS
        elif wire.is_bare_refusal(octets):
            waiting.doubt = Doubt.NO_EDNS
        elif waiting.mismatched > MAX_MISMATCHED:
            self._end(line, number, Doubtful(Doubt.GUESSED))

    def _end(self, line: _Line, number: bytes, outcome: Outcome) -> None:
        line.awaited.pop(number).heard(outcome)

    def _end_all(self, line: _Line, numbers: list[bytes], outcome: Outcome) -> None:
        for number in numbers:
            waiting = line.awaited.pop(number, None)
            # What one's end has led to may have ended others.
            if waiting is not None:
                waiting.heard(outcome)
        self._close_if_over(line)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now_s = time.monotonic()
        for line in list(self._lines):
            for number, waiting in list(line.awaited.items()):
                if line.awaited.get(number) is not waiting:
                    continue  # ended by what another one's end has led to
                if waiting.doubt is not None:
                    self._end(line, number, Doubtful(waiting.doubt))
                elif waiting.deadline_s <= now_s:
                    self._end(line, number, TimeoutError())
            self._close_if_over(line)
        self._is_sweeping = any(line.awaited for line in self._lines)
        if self._is_sweeping:
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)


def _cut_off(octets: bytes) -> bytes:
    """Return *octets*, of which there may have been more, as a reply that says so."""
    return octets[:2] + bytes([octets[2] | _TRUNCATED]) + octets[3:]
