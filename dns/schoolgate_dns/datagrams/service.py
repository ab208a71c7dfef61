"""
UDP: batches of datagrams in, finished answers out, the rest worked on by turns.

A socket that always has something to read must not keep the loop from upstreams' replies, TCP
and policyd, nor new names from their turn: so only so many batches are taken, and so much is
worked on, before the others go on.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

import structlog

from schoolgate_dns.datagrams.batch import open_slots
from schoolgate_dns.datagrams.floods import Backlog, Floods
from schoolgate_dns.datagrams.miss import Miss
from schoolgate_dns.datagrams.misses import Misses
from schoolgate_dns.datagrams.slots import SLOT_OCTETS, SLOTS, Sender, Slots
from schoolgate_dns.datagrams.socket_filter import SocketFilter
from schoolgate_dns.messages.layout import HEADER_OCTETS

MOST_BATCHES: Final = 8
MOST_WORK_S: Final = 0.002
MAX_PENDING: Final = 4096
# Of one client far fewer than `upstream` has places for: whoever asks for names that no server
# answers for must not take the places of everybody else's questions.
MAX_PENDING_OF_CLIENT: Final = 128

log = structlog.get_logger(__name__)


def nothing() -> None:
    """Do nothing when at rest."""


class Answerer(Protocol):
    """Whoever answers datagrams; `finished.reception.Reception` in the running point."""

    def serve(self, slots: Slots, lengths: Sequence[int], now_s: float) -> list[int]:
        """Answer in place what is finished; return the slots that are not."""
        ...

    def begin(
        self, octets: bytes, packed: bytes, answered: Callable[[bytes | None], None]
    ) -> Coroutine[Any, Any, bytes | None] | None:
        """Tell *answered* the answer, None for silence, or return what has to be awaited."""
        ...


class Datagrams:
    """
    Serves the bound socket *own*, which does not block, from `start` to `stop`.

    *answerer* knows who asks and what is finished; *monotonic* gives seconds. `received` counts
    datagrams, `pending` is how many are being worked on. *at_rest* is called when an answer has
    left behind which no other of this socket waits.
    """

    def __init__(
        self,
        own: socket.socket,
        answerer: Answerer,
        monotonic: Callable[[], float],
        at_rest: Callable[[], None] = nothing,
    ) -> None:
        self.received = 0
        self.pending = 0
        self.misses = Misses()
        self.floods = Floods(
            SocketFilter(own), self._backlog, monotonic, time.process_time, self._later
        )
        self._own = own
        self._slots = open_slots(own)
        self._answerer = answerer
        self._begin_work = answerer.begin
        self._monotonic = monotonic
        self._at_rest = at_rest
        self._is_serving = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending_of: dict[bytes, int] = {}
        self._is_working = False
        self._answers: list[tuple[bytes, Sender]] = []

    def start(self) -> None:
        """Begin to serve, in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._own.fileno(), self._readable)
        self._is_serving = True

    async def stop(self) -> None:
        """Stop serving; what still waits for an upstream is dropped."""
        if self._is_serving:
            self._loop.remove_reader(self._own.fileno())
        self.floods.stop()
        self._own.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _readable(self) -> None:
        slots, answerer, floods = self._slots, self._answerer, self.floods
        dropped = self.misses.dropped
        for _ in range(MOST_BATCHES):
            lengths = slots.receive()
            count = len(lengths)
            if not count:
                break
            self.received += count
            missed = answerer.serve(slots, lengths, self._monotonic())
            first = 0
            for slot in missed:
                slots.send(first, slot)
                first = slot + 1
                self._miss(slot, lengths[slot])
            slots.send(first, count)
            if floods.is_watched:
                floods.see(slots, count)
            if count < SLOTS:
                break
        else:
            floods.watch()
            return
        if floods.is_watched:
            floods.emptied()
        elif self.misses.dropped > dropped:
            floods.watch()

    def _backlog(self) -> Backlog:
        return Backlog(len(self.misses) + self.pending, self.misses.dropped)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._loop.call_later(seconds, call)

    def _miss(self, slot: int, octets: int) -> None:
        # Of what fills its slot something is cut off, and a reply needs a header at least.
        if not HEADER_OCTETS <= octets < SLOT_OCTETS:
            return
        slots = self._slots
        packed = slots.peers[slots.peer_places[slot]]
        pending = self._pending_of.get(packed, 0)
        if pending >= MAX_PENDING_OF_CLIENT or self.pending >= MAX_PENDING:
            self.misses.dropped += 1
            return
        miss = Miss(slots.datagrams[slot][:octets], packed, slots.sender_of(slot))
        if self.misses.put(miss) and not self._is_working:
            self._is_working = True
            self._loop.call_soon(self._work)

    def _work(self) -> None:
        """Work on what waits, for a while; then let the others go on."""
        until_s = self._monotonic() + MOST_WORK_S
        while (miss := self.misses.take()) is not None:
            self._begin(miss)
            if self._monotonic() >= until_s:
                self._loop.call_soon(self._work)
                return
        self._is_working = False

    def _begin(self, miss: Miss) -> None:
        packed = miss.packed
        self.pending += 1
        self._pending_of[packed] = self._pending_of.get(packed, 0) + 1
        try:
            work = self._begin_work(miss.octets, packed, _Sending(self, miss))
        except Exception:
            # Whatever mistake of ours a datagram has found, those behind it are worked on.
            log.exception("a datagram could not be worked on")
            self.answer(miss, None)
            return
        if work is None:
            return
        # Started eagerly, a task that has nothing to wait for is over when this returns.
        task = asyncio.Task(self._await(miss, work), loop=self._loop, eager_start=True)
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _await(self, miss: Miss, work: Coroutine[Any, Any, bytes | None]) -> None:
        answer = None
        try:
            answer = await work
        finally:
            self.answer(miss, answer)

    def answer(self, miss: Miss, answer: bytes | None) -> None:
        """Send *answer* to *miss* in this turn of the loop, nothing where it is None."""
        packed = miss.packed
        self.pending -= 1
        left = self._pending_of[packed] - 1
        if left:
            self._pending_of[packed] = left
        else:
            del self._pending_of[packed]
        if answer is None:
            return
        # Those that are ready in one turn of the loop leave together, which costs half as much.
        if not self._answers:
            self._loop.call_soon(self._send_answers)
        self._answers.append((answer, miss.sender))

    def _send_answers(self) -> None:
        answers, self._answers = self._answers, []
        if self._own.fileno() >= 0:
            self._slots.send_all(answers)
        if not self.pending and not len(self.misses):
            self._at_rest()


class _Sending:
    """Has *datagrams* send the answer to *miss*; see `Datagrams.answer`."""

    __slots__ = ("_datagrams", "_miss")

    def __init__(self, datagrams: Datagrams, miss: Miss) -> None:
        self._datagrams = datagrams
        self._miss = miss

    def __call__(self, answer: bytes | None) -> None:
        self._datagrams.answer(self._miss, answer)
