"""
A message on its way through the stages, however long one of them has to wait for an upstream.

Nearly every query that waits is told by a call when its reply has come: a coroutine and a task of
its own would cost it as much as several stages. What takes more than that one wait is awaited.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog

from schoolgate_dns.errors import UpstreamError, WireError
from schoolgate_dns.messages import Rcode, answers, preparse
from schoolgate_dns.outcome import Outcome, kind_of
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_dns.stages.parsed import ForZone
from schoolgate_dns.stages.waiting import Found, Suspended

Done = Callable[[Outcome | None], None]
"""Is told once what became of a message; None is silence."""

_Step = Outcome | Suspended | ForZone | None

log = structlog.get_logger(__name__)


class Pursuit(ABC):
    """
    Takes messages through the stages that a subclass has; *replies* are asked what they wait for.

    `outcomes` counts what became of messages, `by_stream` those of connections.
    """

    def __init__(self, replies: HeldReplies) -> None:
        self.by_stream = 0
        self.outcomes: Counter[str] = Counter()
        self._replies = replies
        self._late: set[asyncio.Task[Outcome | None]] = set()

    @abstractmethod
    def _begun(
        self, octets: bytes, client: str, *, over_udp: bool
    ) -> Outcome | Suspended | ForZone | None:
        """Return what becomes of a message as far as nothing has to be waited for."""

    @abstractmethod
    def _gone_on(self, suspended: Suspended, found: Found) -> Outcome | Suspended:
        """Return what becomes of *suspended*, now that *found* is what an upstream says."""

    @abstractmethod
    async def _said_by_zone(self, message: ForZone, *, over_udp: bool) -> Outcome:
        """Return what the zone's own server says to *message*."""

    async def answer(self, octets: bytes, client: str, *, over_udp: bool) -> bytes | None:
        """
        Return the answer to the message *octets* from the address *client*, None for silence.

        It never raises, and it waits for nothing but an upstream.
        """
        self.by_stream += not over_udp
        outcome = await self.outcome(octets, client, over_udp=over_udp)
        return None if outcome is None else answers.with_id_of(octets, outcome.octets)

    async def outcome(self, octets: bytes, client: str, *, over_udp: bool) -> Outcome | None:
        """Return what becomes of a message; see `answer`. The answer's id is left at zero."""
        return await self._ended(self._begin(octets, client, over_udp=over_udp), over_udp=over_udp)

    def start(
        self, octets: bytes, client: str, done: Done
    ) -> Coroutine[Any, Any, Outcome | None] | None:
        """
        Do what `outcome` does over UDP, and tell *done* what that returns, perhaps at once.

        Return what has to be awaited for it instead where a call cannot tell. Never raises.
        """
        return self._pursue(self._begin(octets, client, over_udp=True), done)

    def _pursue(self, step: _Step, done: Done) -> Coroutine[Any, Any, Outcome | None] | None:
        if isinstance(step, Suspended):
            if self._replies.begin(step.waiting.lookup, _Waiter(self, step, done)):
                return None
        elif not isinstance(step, ForZone):
            done(step)
            return None
        return self._ended(step, over_udp=True)

    def go_on(self, suspended: Suspended, done: Done, found: Found | None) -> None:
        """Go on with *suspended*, now that *found* is known, and tell *done* what became of it."""
        if found is None:
            return  # all is being closed
        work = self._pursue(self._go_on(suspended, found), done)
        if work is not None:
            # Judged anew it has to wait once more, for something that takes a task.
            task = asyncio.get_running_loop().create_task(work)
            self._late.add(task)
            task.add_done_callback(partial(self._ended_late, done))

    def _ended_late(self, done: Done, task: asyncio.Task[Outcome | None]) -> None:
        self._late.discard(task)
        if task.cancelled():
            return  # all is being closed
        error = task.exception()
        if error is not None:
            log.error("a query could not be answered", exc_info=error)
        done(task.result() if error is None else None)

    async def _ended(self, step: _Step, *, over_udp: bool) -> Outcome | None:
        while isinstance(step, Suspended):
            found: Found
            try:
                found = await self._replies.fetch(step.waiting.lookup)
            except UpstreamError as error:
                found = error
            except Exception:
                # Whatever mistake of ours it is: see `_failure`.
                log.exception("a query could not be answered")
                return self._counted(_failure(step.octets))
            step = self._go_on(step, found)
        return await self._relayed(step, over_udp=over_udp) if isinstance(step, ForZone) else step

    def _begin(self, octets: bytes, client: str, *, over_udp: bool) -> _Step:
        try:
            step = self._begun(octets, client, over_udp=over_udp)
        except Exception:
            # Whatever mistake of ours it is: see `_failure`.
            log.exception("a query could not be answered")
            step = _failure(octets)
        return self._counted(step)

    def _go_on(self, suspended: Suspended, found: Found) -> Outcome | Suspended | None:
        step: Outcome | Suspended | None
        try:
            step = self._gone_on(suspended, found)
        except Exception:
            # Whatever mistake of ours it is: see `_failure`.
            log.exception("a query could not be answered")
            step = _failure(suspended.octets)
        return self._counted(step)

    async def _relayed(self, message: ForZone, *, over_udp: bool) -> Outcome | None:
        outcome: Outcome | None
        try:
            outcome = await self._said_by_zone(message, over_udp=over_udp)
        except Exception:
            # Whatever mistake of ours it is: see `_failure`.
            log.exception("a message could not be passed on")
            outcome = _failure(message.octets)
        return self._counted(outcome)

    def _counted[Step: _Step](self, step: Step) -> Step:
        if step is None or isinstance(step, Outcome):
            self.outcomes[kind_of(step)] += 1
        return step


class _Waiter:
    """Has *pursuit* go on with *suspended*; see `Pursuit.go_on`."""

    __slots__ = ("_done", "_pursuit", "_suspended")

    def __init__(self, pursuit: Pursuit, suspended: Suspended, done: Done) -> None:
        self._pursuit = pursuit
        self._suspended = suspended
        self._done = done

    def __call__(self, found: Found | None) -> None:
        self._pursuit.go_on(self._suspended, self._done, found)


def _failure(octets: bytes) -> Outcome | None:
    """
    Return what is answered where a message has found a mistake of ours.

    Its sender learns that we failed, nobody else notices, and nothing was opened.
    """
    try:
        if preparse.header_of(octets).is_reply:
            return None
    except WireError:
        return None
    return Outcome(answers.header_only_answer(octets, Rcode.SERVFAIL))
