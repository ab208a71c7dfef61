"""The snapshot in force."""

import asyncio
from collections.abc import Callable

from schoolgate_policyd.core.names import Host
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot


class Newest:
    """Holds the newest snapshot; the one before stays when a source cannot be compiled."""

    def __init__(
        self, first: Snapshot, compile_: Callable[[Source], Snapshot] = compile_snapshot
    ) -> None:
        self.snapshot = first
        self._compile = compile_

    async def put_source(self, source: Source) -> None:
        """Put a source of everything in force; the one before decides while it is compiled."""
        self.snapshot = await asyncio.to_thread(self._compile, source)

    def put_live(self, number: int, live: Live) -> None:
        """Put a change of the live state in force."""
        self.snapshot = self.snapshot.with_live(number, live)

    def is_never_inspected(self, host: Host) -> bool:
        """Whether connections to *host* may never be looked into, by the newest snapshot."""
        return self.snapshot.is_never_inspected(host)
