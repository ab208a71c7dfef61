"""Closes what is no longer allowed, within a second of the moment that changed it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_proxy.connections import Connections

# The school's clock is asked this often, since it may be shifted or step while we sleep.
LOOK_EVERY_S = 0.2

log = structlog.get_logger(__name__)


class Bell:
    """
    Judges open connections anew at every moment that could change a verdict.

    *now* is the school's clock, *snapshot* returns the newest one, *close* ends the connection
    with an id.
    """

    def __init__(
        self,
        connections: Connections,
        snapshot: Callable[[], Snapshot],
        now: Callable[[], datetime],
        close: Callable[[str], None],
    ) -> None:
        self._connections = connections
        self._snapshot = snapshot
        self._now = now
        self._close = close

    def ring(self) -> int:
        """Close at once what is no longer allowed and return how many connections that were."""
        closing = self._connections.no_longer_allowed(self._snapshot(), self._now())
        for connection_id in closing:
            self._close(connection_id)
        if closing:
            log.info("connections closed at the bell", count=len(closing))
        return len(closing)

    async def run(self) -> None:
        """Ring whenever what was allowed has come to its end, until cancelled."""
        while True:
            change = self._connections.next_change
            if change is not None and self._now() >= change:
                self.ring()
            await asyncio.sleep(LOOK_EVERY_S)
