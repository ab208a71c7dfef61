"""
How often each client was given each finished answer, a minute at a time.

The loop that answers adds one to a number and no more. When a minute is over its numbers are set
aside whole, and become events a few at a time, so that no query waits for a minute's accounts.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime

import msgspec

from schoolgate_dns.finished.use import Use
from schoolgate_policyd.core.subjects import Subject


class Minute(msgspec.Struct, frozen=True):
    """What one client was given in the minute from *since* (machine time, aware) on."""

    client: str
    subject: Subject
    since: datetime
    uses: tuple[Use, ...]


class Accounts:
    """Minutes that are over and wait to be told."""

    def __init__(self) -> None:
        self._waiting: deque[Minute] = deque()
        self._telling: Iterator[tuple[Minute, Use]] = iter(())

    def add(self, minute: Minute) -> None:
        """Take over a client's *minute*; nobody counts in it any more."""
        if minute.uses:
            self._waiting.append(minute)

    def take(self, most: int) -> list[tuple[Minute, Use]]:
        """Return the next *most* uses that are to be told; fewer if there are no more."""
        taken: list[tuple[Minute, Use]] = []
        while len(taken) < most:
            found = next(self._telling, None)
            if found is not None:
                taken.append(found)
            elif self._waiting:
                self._telling = _untold_in(self._waiting.popleft())
            else:
                break
        return taken


def _untold_in(minute: Minute) -> Iterator[tuple[Minute, Use]]:
    return ((minute, use) for use in minute.uses if use.untold)
