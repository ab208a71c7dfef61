"""Asking one upstream once: it is begun, and whoever asked is told by a call how it ended."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from schoolgate_dns.errors import (
    UnusableReply,
    UpstreamError,
    UpstreamFailed,
    UpstreamSilent,
    UpstreamUnreachable,
    WireError,
)
from schoolgate_dns.messages import Lookup, Reply, wire
from schoolgate_dns.upstream.health import Health
from schoolgate_dns.upstream.hearing import Hearing, Outcome
from schoolgate_dns.upstream.room import Room
from schoolgate_dns.upstream.transport import Transport

log = structlog.get_logger(__name__)


class Asking:
    """
    Asks upstreams that give up after *timeout_s*, and keeps count of what is on its way.

    *room* is shared with others; *in_flight* is our own part of it.
    """

    def __init__(self, timeout_s: float, room: Room, monotonic: Callable[[], float]) -> None:
        self.in_flight = 0
        self._timeout_s = timeout_s
        self._room = room
        self._monotonic = monotonic
        self._hearing = Hearing()

    def begin(self, lookup: Lookup, attempt: "Attempt") -> None:
        """Begin *attempt* at asking *lookup*; it may be over before this returns."""
        self.in_flight += 1
        self._room.taken += 1
        upstream = attempt.upstream
        upstream.counts.asked += 1
        attempt.started_s = upstream.asked_at_s = self._monotonic()
        if upstream.calling is not None:
            upstream.calling.begin(lookup, attempt)
        else:
            self._hearing.start(upstream.transport.ask(lookup), attempt)

    async def close(self) -> None:
        """Give up what is on its way by transports that need a task for it."""
        await self._hearing.close()

    def hear(self, attempt: "Attempt", outcome: Outcome) -> None:
        """Take in what came of *attempt*, and end it."""
        self.in_flight -= 1
        self._room.taken -= 1
        if outcome is None:
            return  # all is being closed
        upstream = attempt.upstream
        if isinstance(outcome, bytes):
            upstream.counts.answered += 1
            found = _reply_in(outcome, upstream.transport)
        else:
            found = self._failure_of(outcome, upstream)
        now_s = self._monotonic()
        if isinstance(found, Reply) and (
            upstream.note_answer(now_s - attempt.started_s) and upstream.is_news(now_s)
        ):
            log.warning("an upstream answers again", upstream=upstream.transport.name)
        attempt.end(found, now_s)

    def _failure_of(self, fault: OSError | WireError, upstream: Health) -> UpstreamError:
        name = upstream.transport.name
        if not isinstance(fault, TimeoutError):
            return _caused(UpstreamUnreachable(f"{name}: {fault}"), fault)
        upstream.counts.timeouts += 1
        return _caused(UpstreamSilent(f"{name} did not answer in {self._timeout_s} s"), fault)


class Attempt(ABC):
    """
    An attempt of *asking* at *upstream*, begun at *started_s*.

    It is called with what came of it, so that nothing else has to be made to be told.
    """

    def __init__(self, asking: Asking, upstream: Health) -> None:
        self.upstream: Final = upstream
        self._asking = asking
        self.started_s = 0.0

    def __call__(self, outcome: Outcome) -> None:
        """Take in what came of it."""
        self._asking.hear(self, outcome)

    @abstractmethod
    def end(self, found: Reply | UpstreamError, now_s: float) -> None:
        """Be told the reply or why there is none, and when."""


def _reply_in(octets: bytes, transport: Transport) -> Reply | UpstreamError:
    """Return the reply that *octets* are, or what is the matter with it."""
    name = transport.name
    try:
        reply = wire.read_reply(octets)
    except UnusableReply as error:
        return _caused(UpstreamFailed(f"{name}: {error}", error.rcode, error.why), error)
    except WireError as error:
        return _caused(UpstreamUnreachable(f"{name}: {error}"), error)
    # That it is authentic is worth as much as the way on which it was said (RFC 4035 4.9.3).
    if reply.is_authentic and not transport.is_proven:
        return msgspec.structs.replace(reply, is_authentic=False)
    return reply


def _caused(failure: UpstreamError, cause: Exception) -> UpstreamError:
    failure.__cause__ = cause
    return failure
