"""One question while upstreams are asked it, and whoever waits for the answer."""

import asyncio

from schoolgate_dns.errors import UpstreamError, UpstreamFailed, UpstreamSilent
from schoolgate_dns.messages import Lookup, Reply
from schoolgate_dns.upstream.health import Health


class Question:
    """
    A *lookup* that waits since *started_s*, and for whom.

    *asked* are the upstreams in the order asked, perhaps one of them twice; *running* those whose
    answer is out; *unusable* those that answered to no use; *overtaken* those that another was
    faster than.
    """

    __slots__ = (
        "asked",
        "failure",
        "is_done",
        "lookup",
        "next_s",
        "overtaken",
        "reply",
        "running",
        "started_s",
        "unusable",
        "waiters",
    )

    def __init__(self, lookup: Lookup, started_s: float) -> None:
        self.lookup = lookup
        self.started_s = started_s
        self.next_s = started_s
        self.asked: tuple[Health, ...] = ()
        self.running: list[Health] = []
        self.unusable: tuple[Health, ...] = ()
        self.overtaken: tuple[Health, ...] = ()
        self.waiters: list[asyncio.Future[Reply]] = []
        self.reply: Reply | None = None
        self.failure: UpstreamError | None = None
        self.is_done = False

    def note_failure(self, failure: UpstreamError) -> None:
        """Keep *failure* for those who wait, unless a better-founded one is kept already."""
        if not isinstance(self.failure, UpstreamFailed) or isinstance(failure, UpstreamFailed):
            self.failure = failure

    def waiter(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Reply]:
        """Return what will be the reply, or raise UpstreamError."""
        # A future for each: one client that goes away takes nothing from the others.
        waiter: asyncio.Future[Reply] = loop.create_future()
        self.waiters.append(waiter)
        return waiter

    def result(self) -> Reply:
        """Return the reply of a question that is done. Raises UpstreamError."""
        if self.reply is None:
            raise self.failure or UpstreamSilent("no upstream answered in time")
        return self.reply

    def finish(self, reply: Reply | None) -> None:
        """Tell everybody who waits; None is that it failed."""
        self.is_done = True
        self.reply = reply
        for waiter in self.waiters:
            if waiter.done():
                continue
            if reply is None:
                waiter.set_exception(
                    self.failure or UpstreamSilent("no upstream answered in time")
                )
            else:
                waiter.set_result(reply)

    def give_up(self) -> None:
        """Tell everybody who waits that nobody asks any more."""
        self.is_done = True
        for waiter in self.waiters:
            waiter.cancel()
