"""How long a client on a connection is waited for, which depends on what it waits for itself."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from schoolgate_dns.streams.connections import StreamLimits


class Patience:
    """
    The deadline of one connection: to end a message, to begin one, or none while we owe answers.

    A message is named by whatever the connection tells its messages apart by.
    """

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._now = asyncio.get_running_loop().time
        # Insertion order: the first is the one that has been waited for longest.
        self._begun_at: dict[Hashable, float] = {}
        self._owed = 0
        self._idle_since = self._now()
        self._waiting: asyncio.Timeout | None = None

    def begun(self, message: Hashable) -> None:
        """Note the first octets of *message*."""
        self._begun_at.setdefault(message, self._now())
        self._reschedule()

    def ended(self, message: Hashable) -> None:
        """Note that *message* is whole, or that no more of it is wanted."""
        self._begun_at.pop(message, None)
        self._idle_since = self._now()
        self._reschedule()

    def owes(self) -> None:
        """Note that an answer is owed."""
        self._owed += 1
        self._reschedule()

    def settled(self) -> None:
        """Note that an answer was given, or is not wanted any more."""
        self._owed -= 1
        self._idle_since = self._now()
        self._reschedule()

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Wait for the client, no longer than is due. Raises TimeoutError."""
        async with asyncio.timeout_at(self._deadline()) as deadline:
            self._waiting = deadline
            try:
                yield
            finally:
                self._waiting = None

    def _deadline(self) -> float | None:
        for begun_at in self._begun_at.values():
            return begun_at + self._limits.message_s
        return None if self._owed else self._idle_since + self._limits.idle_s

    def _reschedule(self) -> None:
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(self._deadline())
