"""
Questions to an upstream on this machine: many by one socket, in batches.

A port of its own for each question (`datagrams`) is for what somebody on the way could forge. To
the loopback nobody has a way but processes of this machine, and the system passes a connected
socket only what comes from the upstream's own address and port; so a port may carry questions for
a while, and a question costs a tenth of the system calls. The ids are random all the same, the
capitals count, and there is another port after MOST_ASKED_BY_LINE questions, after MOST_STRAY
datagrams that answer none, and after any error.
"""

import asyncio
import errno
import os
import socket
import time
from collections.abc import Callable
from typing import Final

from schoolgate_dns.messages import Lookup, layout
from schoolgate_dns.resolvers import Place
from schoolgate_dns.upstream.awaited import Awaited, Doubtful
from schoolgate_dns.upstream.batches import REPLY_OCTETS, SLOTS, ConnectedBatches
from schoolgate_dns.upstream.chance import CHANCE
from schoolgate_dns.upstream.datagrams import SWEEP_EVERY_S
from schoolgate_dns.upstream.hearing import Heard, Outcome, tell
from schoolgate_dns.upstream.lines import Line
from schoolgate_dns.upstream.ports import open_socket
from schoolgate_dns.upstream.watching import Watching, watching

# For so long a reply to a question that had its time is late, and no guess.
LATE_S: Final = 10.0
_TRUNCATED: Final = layout.IS_TRUNCATED >> 8
_RECEIVE_BUFFER_OCTETS: Final = 1024 * 1024
# More than any buffer has batches: whatever comes meanwhile, the others have their turn.
_MOST_BATCHES: Final = 64


class Together:
    """
    Asks *place* by UDP, each question for at most *timeout_s*; it does what `Datagrams` does.

    *mismatched* is called for each datagram that is passed over, *late* for each that answers a
    question whose time was over. Raises AttributeError or OSError where the system has no calls
    for batches.
    """

    def __init__(
        self,
        place: Place,
        timeout_s: float,
        mismatched: Callable[[], None],
        late: Callable[[], None],
    ) -> None:
        self._place = place
        self._timeout_s = timeout_s
        self._mismatched = mismatched
        self._late = late
        self._batches = ConnectedBatches()
        self._watching: Watching | None = None
        self._line: Line | None = None
        self._lines: dict[int, Line] = {}  # by descriptor
        self._is_sweeping = False
        self._is_closed = False

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
        while number in line.awaited or number in line.late:
            number = CHANCE.take(2)
        line.awaited[number] = Awaited(
            heard,
            lookup,
            number,
            chance[2:] if keeps_capitals else None,
            time.monotonic() + self._timeout_s,
            with_edns=with_edns,
        )
        line.asked += 1
        line.unsent.append(number)
        if len(line.unsent) == 1:
            # What is asked in this turn of the loop leaves together.
            loop.call_soon(self._send, line)
        if not self._is_sweeping:
            self._is_sweeping = True
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)

    def close(self) -> None:
        """Give up what is waiting; nothing can be asked afterwards."""
        self._is_closed = True
        self._line = None
        for line in list(self._lines.values()):
            # Also those at which nothing is awaited are closed by this.
            self._end_all(line, list(line.awaited), None)
        if self._watching is not None:
            self._watching.close()

    def _open_line(self, loop: asyncio.AbstractEventLoop) -> Line:
        if self._is_closed:
            raise OSError(errno.ESHUTDOWN, os.strerror(errno.ESHUTDOWN))
        if self._watching is None:
            # uvloop does not go on with a socket of which it was told an error; behind an epoll
            # it sees none.
            self._watching = watching(loop, self._readable)
        own = open_socket(self._place)
        try:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_OCTETS)
            own.connect((self._place.address, self._place.port))
            self._watching.watch(own)
        except OSError:
            own.close()
            raise
        former, self._line = self._line, Line(own)
        self._lines[own.fileno()] = self._line
        if former is not None:
            self._close_if_over(former)
        return self._line

    def _is_open(self, line: Line) -> bool:
        return self._lines.get(line.own.fileno()) is line

    def _close_if_over(self, line: Line) -> None:
        """Close *line* if nothing comes by it any more."""
        if line is not self._line and not line.awaited and self._is_open(line):
            del self._lines[line.own.fileno()]
            if self._watching is not None:
                self._watching.drop(line.own)

    def _send(self, line: Line) -> None:
        numbers, line.unsent = line.unsent, []
        may_be_of_others = True
        # What was given up meanwhile need not be sent.
        while self._is_open(line) and (
            numbers := [each for each in numbers if each in line.awaited]
        ):
            queries = [line.awaited[each].query for each in numbers[:SLOTS]]
            try:
                sent = self._batches.send(line.own.fileno(), queries)
            except OSError as error:
                if error.errno == errno.ECONNREFUSED and may_be_of_others:
                    # The system tells of what was sent before, and has sent nothing now.
                    may_be_of_others = False
                    self._fail(line, error, spared=numbers)
                    continue
                self._retire(line)
                self._end_all(line, numbers, error)
                return
            del numbers[:sent]

    def _readable(self, descriptor: int) -> None:
        line = self._lines.get(descriptor)
        if line is None:
            return
        try:
            datagrams = self._batches.receive(descriptor)
        except OSError as error:
            # An ICMP message about one of ours: nobody listens there, for any of them.
            self._fail(line, error, spared=line.unsent)
            return
        self._take(line, datagrams)
        self._close_if_over(line)

    def _retire(self, line: Line) -> None:
        """Ask nothing more by *line*, which met an error."""
        if line is self._line:
            self._line = None

    def _fail(self, line: Line, error: OSError, *, spared: list[bytes]) -> None:
        """End what awaits a reply by *line* and has none; *spared* has not been sent yet."""
        self._retire(line)
        # The system tells of an error first, and replies from before it may be waiting.
        for _ in range(_MOST_BATCHES):
            if not self._is_open(line):
                return
            try:
                datagrams = self._batches.receive(line.own.fileno())
            except OSError:
                continue  # another one, about what is ended here as well
            if not datagrams:
                break
            self._take(line, datagrams)
        kept = set(spared)
        self._end_all(line, [each for each in line.awaited if each not in kept], error)

    def _take(self, line: Line, datagrams: list[bytes]) -> None:
        awaited = line.awaited
        for octets in datagrams:
            number = octets[:2]
            waiting = awaited.get(number)
            if waiting is None:
                self._pass_over(line, number)
            elif waiting.is_answered_by(octets):
                del awaited[number]
                tell(waiting.heard, octets if len(octets) < REPLY_OCTETS else _cut_off(octets))
            else:
                self._mismatched()
                line.stray += 1
                given_up = waiting.pass_over(octets)
                if given_up is not None:
                    self._end(line, number, given_up)

    def _pass_over(self, line: Line, number: bytes) -> None:
        if line.late.pop(number, 0.0) > time.monotonic():
            self._late()
        else:
            self._mismatched()
            line.stray += 1

    def _end(self, line: Line, number: bytes, outcome: Outcome) -> None:
        tell(line.awaited.pop(number).heard, outcome)

    def _end_all(self, line: Line, numbers: list[bytes], outcome: Outcome) -> None:
        for number in numbers:
            waiting = line.awaited.pop(number, None)
            # What one's end has led to may have ended others.
            if waiting is not None:
                tell(waiting.heard, outcome)
        self._close_if_over(line)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        # First of all: whatever happens below, what is lost later is found too.
        self._is_sweeping = any(line.awaited for line in self._lines.values())
        if self._is_sweeping:
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)
        now_s = time.monotonic()
        for line in list(self._lines.values()):
            for number, waiting in list(line.awaited.items()):
                if line.awaited.get(number) is not waiting:
                    continue  # ended by what another one's end has led to
                if waiting.doubt is not None:
                    self._end(line, number, Doubtful(waiting.doubt))
                elif waiting.deadline_s <= now_s:
                    line.late[number] = now_s + LATE_S
                    self._end(line, number, TimeoutError())
            self._close_if_over(line)


def _cut_off(octets: bytes) -> bytes:
    """Return *octets*, of which there may have been more, as a reply that says so."""
    return octets[:2] + bytes([octets[2] | _TRUNCATED]) + octets[3:]
