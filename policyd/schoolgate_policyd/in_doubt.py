"""
What a point decides with: the newest snapshot, or while the clock is doubted its doubtful twin.

Every point has one `Deciding`, or one of a class made from it, and asks nothing else for its
snapshot. So each suspends loosening by itself, and needs no policyd for it:

    deciding = Deciding(first, compile_, clock=open_school_clock(settings))
    deciding.snapshot                # to decide with; `newest` is what policyd sent
    await deciding.put_source(...)   # `on_source` of the point's client
    deciding.put_live(...)           # `on_live` of it, at once
    asyncio.create_task(deciding.watch(on_change))  # rings the bell, forgets what was kept

`look` is what `watch` does, for whoever has a loop of their own; it waits for nothing.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from schoolgate_policyd.clock import Doubt
from schoolgate_policyd.core.doubt import doubtful_live
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot

# A point has to notice within half a second.
LOOK_EVERY_S = 0.2

log = structlog.get_logger(__name__)

Compile = Callable[[Source], Snapshot]
"""Makes a snapshot of a source, with the names of its lists; what it raises changes nothing."""


class Doubtable(Protocol):
    """A clock that may be doubted; `clock.SchoolClock` in a running point."""

    @property
    def doubt(self) -> Doubt | None:
        """Why nobody knows the time, and since when; None while it is known."""
        ...


class Deciding:
    """
    Holds the newest snapshot, *first* at first, and the one that decides.

    *clock* says whether the time is known; without one it always is. INVARIANT: `snapshot`
    changes in one assignment, in the loop of whoever calls; whoever decides takes it once, with
    the moment, and judges with both. Its number is always the newest one's.
    """

    def __init__(
        self,
        first: Snapshot,
        compile_: Compile = compile_snapshot,
        *,
        clock: Doubtable | None = None,
    ) -> None:
        self.newest = first
        self.snapshot = first
        self._compile = compile_
        self._clock = clock
        self._since: datetime | None = None
        self.look()

    async def put_source(self, source: Source) -> None:
        """
        Put a new source of everything in force. What compiling raises leaves the old one there.

        It is compiled in a thread, where a table of a million names is read through and
        checked: meanwhile the old one decides. INVARIANT: nothing is waited for after the
        assignment, so that whoever waits for this goes on before anybody decides.
        """
        newest = await asyncio.to_thread(self._compile, source)
        former, self.newest = self.newest, newest
        self.snapshot = self._twin()
        former.make_way_for(newest)

    def put_live(self, number: int, live: Live) -> None:
        """Put other grants, claims, restrictions and standing permissions in force."""
        former = self.newest
        self.newest = former.with_live(number, live)
        if self._since is None:
            self.snapshot = self.newest
        else:
            # What is kept of classes stays good, as it does without a doubt.
            doubted = doubtful_live(self.newest.source, self._since)
            self.snapshot = self.snapshot.with_live(number, doubted)
        former.make_way_for(self.newest)

    def look(self) -> bool:
        """Ask the clock; return whether another snapshot decides now."""
        doubt = None if self._clock is None else self._clock.doubt
        since = None if doubt is None else doubt.since
        if since == self._since:
            return False
        self._since = since
        self.snapshot = self._twin()
        if doubt is None:
            log.warning("the clock is trusted again", snapshot=self.snapshot.number)
        else:
            log.error("the clock is doubted, lesson's rules apply", cause=doubt.why)
        return True

    async def watch(self, on_change: Callable[[], object], every_s: float = LOOK_EVERY_S) -> None:
        """Look again and again, and call *on_change* each time another snapshot decides."""
        while True:
            if self.look():
                on_change()
            await asyncio.sleep(every_s)

    def _twin(self) -> Snapshot:
        return self.newest if self._since is None else self.newest.in_doubt(self._since)
