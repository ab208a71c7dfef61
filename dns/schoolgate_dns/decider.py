"""The snapshot in force, and the questions that are asked of it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Request
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot

Compile = Callable[[Source], Snapshot]
"""Makes a snapshot of a source, with the names of its lists; what it raises changes nothing."""

Decide = Callable[[Request, Snapshot, datetime], Decision]


class Decider:
    """
    Holds the snapshot in force, *snapshot* at first.

    INVARIANT: it changes in one assignment, in the loop that answers. Whoever answers a query
    takes it once, with the moment, and judges with both.
    """

    def __init__(
        self, snapshot: Snapshot, decide: Decide = decide, *, compile_: Compile = compile_snapshot
    ) -> None:
        self.snapshot = snapshot
        self._compile = compile_
        self.decide = decide

    async def put_source(self, source: Source) -> None:
        """
        Put a new source in force. What compiling raises leaves the old one there.

        It is compiled in a thread, where a table of a million names is read through and
        checked: meanwhile the old one decides. INVARIANT: nothing is waited for after the
        assignment, so that whoever waits for this goes on before any query does.
        """
        self.snapshot = await asyncio.to_thread(self._compile, source)

    def put_live(self, number: int, live: Live) -> None:
        """Put other grants, claims, restrictions and standing permissions in force."""
        self.snapshot = self.snapshot.with_live(number, live)
