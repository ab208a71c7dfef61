"""One question while upstreams are asked it, and whoever waits for the answer."""

import asyncio
from collections.abc import Callable

from schoolgate_dns.errors import UpstreamError, UpstreamFailed, UpstreamSilent
from schoolgate_dns.messages import Lookup, Reply
from schoolgate_dns.upstream.health import Health
from schoolgate_dns.upstream.hearing import tell

Said = Reply | UpstreamError | None
"""What an upstream said or why there is nothing; None if nobody asks any more: all is closed."""

Told = Callable[[Said], None]
"""Is told once. A future and a task that waits for it would cost as much as the asking."""


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
        self.waiters: list[Told] = []
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

        def told(found: Said) -> None:
            if waiter.done():
                return
            if found is None:
                waiter.cancel()
            elif isinstance(found, UpstreamError):
                waiter.set_exception(found)
            else:
                waiter.set_result(found)

        self.waiters.append(told)
        return waiter

    @property
    def found(self) -> Reply | UpstreamError:
        """What came of a question that is done."""
        if self.reply is not None:
            return self.reply
        return self.failure or UpstreamSilent("no upstream answered in time")

    def finish(self, reply: Reply | None) -> None:
        """Tell everybody who waits; None is that it failed."""
        self.is_done = True
        self.reply = reply
        found = self.found
        for told in self.waiters:
            tell(told, found)

    def give_up(self) -> None:
        """Tell everybody who waits that nobody asks any more."""
        self.is_done = True
        for told in self.waiters:
            tell(told, None)
