"""
Several upstreams, and questions that are asked only once.

The first that is well is asked, in the configured order among those of like speed. When it has not
answered in the time that it usually takes, the next one is asked too, or the only one again, and
the first usable answer counts. So a lost datagram costs a fraction of a second, and a client
never waits for an upstream that is known to be dead.
"""

import asyncio
import errno
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from schoolgate_dns.errors import (
    UpstreamBusy,
    UpstreamError,
    UpstreamFailed,
    UpstreamSilent,
    WireError,
)
from schoolgate_dns.messages import ExtendedErrorCode, Lookup, Reply
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.metrics.histogram import Histogram
from schoolgate_dns.upstream.asking import Asking, Attempt
from schoolgate_dns.upstream.health import Health
from schoolgate_dns.upstream.question import Question, Told
from schoolgate_dns.upstream.ranking import Ranking
from schoolgate_dns.upstream.relaying import relay_to_first
from schoolgate_dns.upstream.room import MAX_IN_FLIGHT, Room
from schoolgate_dns.upstream.transport import Transport

MAX_RELAYED: Final = 64
SWEEP_EVERY_S: Final = 0.05
LOOK_EVERY_S: Final = 1.0
# Every server answers this at once and from memory, however slow the rest of the world is.
_CHECK: Final = Lookup(b"\0", RecordType.NS)
# Our own want of something says nothing about an upstream.
_OUR_FAULTS: Final = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN}
)
# Why a server failed, where asking another one would be asking for a lie: signatures that do not
# hold, and names that it was told not to answer.
_DEFINITE: Final = frozenset(
    {
        *range(ExtendedErrorCode.BOGUS, ExtendedErrorCode.CACHED_ERROR),
        *range(ExtendedErrorCode.BLOCKED, ExtendedErrorCode.PROHIBITED),
    }
)

log = structlog.get_logger(__name__)


class Upstreams:
    """
    Asks one of *transports* after another, for at most twice *timeout_s* in all.

    Alike questions that wait at the same time are asked once. At most *max_in_flight* are on
    their way, and of all who share *room* no more than it has. *monotonic* gives seconds of a
    clock that never goes backwards.
    """

    def __init__(
        self,
        transports: Sequence[Transport],
        timeout_s: float,
        *,
        max_in_flight: int = MAX_IN_FLIGHT,
        room: Room | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstreams = tuple(Health(each, monotonic()) for each in transports)
        self._ranking = Ranking(self._upstreams)
        self._timeout_s = timeout_s
        self._max_in_flight = max_in_flight
        self._room = Room(max_in_flight) if room is None else room
        self._monotonic = monotonic
        self._asking = Asking(timeout_s, self._room, monotonic)
        self._questions: dict[Lookup, Question] = {}
        self._relayed = 0
        self._look_at_s = 0.0
        self._is_sweeping = False

    async def resolve(self, lookup: Lookup) -> Reply:
        """
        Return the reply to *lookup*.

        Raises UpstreamSilent, UpstreamUnreachable, UpstreamFailed or UpstreamBusy.
        """
        loop = asyncio.get_running_loop()
        question = self._questions.get(lookup)
        if question is None:
            question = self._begin(lookup, loop)
            if question.is_done:
                found = question.found
                if isinstance(found, UpstreamError):
                    raise found
                return found
        return await question.waiter(loop)

    def begin(self, lookup: Lookup, told: Told) -> None:
        """
        Do what `resolve` does, and tell *told* what that returns or raises.

        It is told exactly once, perhaps before this returns; at `close` it is told None.
        """
        question = self._questions.get(lookup)
        if question is None:
            try:
                question = self._begin(lookup, asyncio.get_running_loop())
            except UpstreamError as error:
                told(error)
                return
            if question.is_done:
                told(question.found)
                return
        question.waiters.append(told)

    async def relay(self, octets: bytes) -> bytes:
        """Return the reply to a whole message (see `Transport.relay`). Raises UpstreamError."""
        if self._relayed >= MAX_RELAYED:
            raise UpstreamBusy(f"{MAX_RELAYED} messages are being passed on already")
        self._relayed += 1
        try:
            return await relay_to_first(self._ranking.in_order(), octets)
        finally:
            self._relayed -= 1

    def counts(self) -> Mapping[str, dict[str, int]]:
        """Return what was counted, by upstream and then by name."""
        return {each.transport.name: each.counts.as_dict() for each in self._upstreams}

    def round_trips(self) -> Mapping[str, Histogram]:
        """Return how long usable replies took, by upstream, in seconds."""
        return {each.transport.name: each.round_trips for each in self._upstreams}

    async def close(self) -> None:
        """Give up what is waiting."""
        await self._asking.close()
        for question in self._questions.values():
            question.give_up()
        self._questions.clear()
        for upstream in self._upstreams:
            await upstream.transport.close()

    def _begin(self, lookup: Lookup, loop: asyncio.AbstractEventLoop) -> Question:
        if self._is_full:
            raise UpstreamBusy(f"{self._asking.in_flight} questions are waiting already")
        now_s = self._monotonic()
        if now_s >= self._look_at_s:
            self._look(lookup, now_s)
        question = Question(lookup, now_s)
        upstream = self._ranking.next_after((), now_s)
        if upstream is None:
            raise UpstreamSilent("every upstream is known to be silent")
        self._questions[lookup] = question
        self._ask(question, upstream, now_s)
        if not self._is_sweeping:
            self._is_sweeping = True
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)
        return question

    def _look(self, lookup: Lookup, now_s: float) -> None:
        """Now and then: put them in order, and ask *lookup* of those that nobody asks."""
        self._look_at_s = now_s + LOOK_EVERY_S
        self._ranking.put_in_order()
        for upstream in self._ranking.unattended(now_s):
            self._ask_beside(lookup, upstream, now_s)

    def _ask(self, question: Question, upstream: Health, now_s: float) -> None:
        if question.asked:
            question.asked[-1].counts.failovers += 1
        question.asked = (*question.asked, upstream)
        question.running.append(upstream)
        question.next_s = now_s + min(upstream.patience_s, self._timeout_s / 2)
        if upstream.may_be_checked(now_s):
            # This client finds out for everybody; the check tells a dead server from a slow name.
            self._ask_beside(_CHECK, upstream, now_s)
        self._asking.begin(question.lookup, _ForQuestion(self._asking, upstream, self, question))

    def _ask_beside(self, lookup: Lookup, upstream: Health, now_s: float) -> None:
        """Ask *upstream* for the sake of knowing how it is."""
        upstream.is_probed = True
        upstream.asked_at_s = now_s
        self._asking.begin(lookup, _Probe(self._asking, upstream, self, lookup))

    def attempt_ended(
        self, question: Question, upstream: Health, found: Reply | UpstreamError, now_s: float
    ) -> None:
        """Bring *question* forward by what came of asking *upstream*."""
        question.running.remove(upstream)
        if isinstance(found, UpstreamError):
            self._attempt_failed(question, upstream, found, now_s)
        elif not question.is_done:
            # Whoever answered to no use, or not yet, while this one did has failed.
            for other in (*question.unusable, *question.running):
                if other is not upstream:
                    self._note_failure(other, now_s)
            question.overtaken = tuple(question.running)
            self._finish(question, found)

    def _attempt_failed(
        self, question: Question, upstream: Health, failure: UpstreamError, now_s: float
    ) -> None:
        log.debug("no usable reply", upstream=upstream.transport.name, cause=str(failure))
        is_answer = isinstance(failure, UpstreamFailed) or isinstance(failure.__cause__, WireError)
        if is_answer:
            question.unusable = (*question.unusable, upstream)
        elif upstream not in question.overtaken and not _is_our_fault(failure):
            self._note_failure(upstream, now_s)
        if question.is_done:
            return
        question.note_failure(failure)
        if isinstance(failure, UpstreamFailed) and failure.why and failure.why.code in _DEFINITE:
            self._finish(question, None)
            return
        is_silent = isinstance(failure, UpstreamSilent)
        following = self._ranking.next_after(question.asked, now_s, may_repeat=is_silent)
        if following is not None and self._has_time(question, now_s):
            self._ask(question, following, now_s)
        elif not question.running:
            self._finish(question, None)

    def probe_ended(
        self, lookup: Lookup, upstream: Health, found: Reply | UpstreamError, now_s: float
    ) -> None:
        """Take in what came of asking *upstream* beside."""
        upstream.is_probed = False
        if isinstance(found, Reply):
            return
        if lookup is not _CHECK:
            self._note_failure(upstream, now_s)
        elif not isinstance(found, UpstreamFailed) and not _is_our_fault(found):
            upstream.note_dead(now_s)

    def _note_failure(self, upstream: Health, now_s: float) -> None:
        if upstream.note_failure(now_s) and upstream.is_news(now_s):
            log.warning("an upstream does not answer and rests", upstream=upstream.transport.name)

    @property
    def _is_full(self) -> bool:
        return self._asking.in_flight >= self._max_in_flight or self._room.is_full

    def _has_time(self, question: Question, now_s: float) -> bool:
        return now_s < question.started_s + 2 * self._timeout_s

    def _finish(self, question: Question, reply: Reply | None) -> None:
        self._questions.pop(question.lookup, None)
        question.finish(reply)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ask the next upstream where one takes long, and end what has had its time."""
        self._is_sweeping = bool(self._questions)
        if self._is_sweeping:
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)
        now_s = self._monotonic()
        for question in list(self._questions.values()):
            if not self._has_time(question, now_s):
                self._finish(question, None)
            elif now_s >= question.next_s and not self._is_full:
                following = self._ranking.next_after(question.asked, now_s, may_repeat=True)
                if following is not None:
                    self._ask(question, following, now_s)


class _ForQuestion(Attempt):
    """An attempt for those who wait for *question*."""

    def __init__(
        self, asking: Asking, upstream: Health, upstreams: Upstreams, question: Question
    ) -> None:
        super().__init__(asking, upstream)
        self._upstreams = upstreams
        self._question = question

    def end(self, found: Reply | UpstreamError, now_s: float) -> None:
        """See `Attempt`."""
        self._upstreams.attempt_ended(self._question, self.upstream, found, now_s)


class _Probe(Attempt):
    """An attempt for the sake of knowing how the upstream is."""

    def __init__(
        self, asking: Asking, upstream: Health, upstreams: Upstreams, lookup: Lookup
    ) -> None:
        super().__init__(asking, upstream)
        self._upstreams = upstreams
        self._lookup = lookup

    def end(self, found: Reply | UpstreamError, now_s: float) -> None:
        """See `Attempt`."""
        self._upstreams.probe_ended(self._lookup, self.upstream, found, now_s)


def _is_our_fault(failure: UpstreamError) -> bool:
    cause = failure.__cause__
    return isinstance(cause, OSError) and cause.errno in _OUR_FAULTS
