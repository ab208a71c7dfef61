"""
How often each client was given each finished answer, a minute at a time.

The loop that answers adds one to a number and no more. When a minute is over its numbers are set
aside whole, and become events a few at a time, so that no query waits for a minute's accounts.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime

import msgspec

from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_policyd.core.subjects import Subject

Counts = dict[FinishedAnswer, int]
Seconds = dict[FinishedAnswer, int]


class Uses(msgspec.Struct, frozen=True):
    """
    One client's minute, from *since* (machine time, aware) on.

    *counts* are of every answer; *last* has the monotonic second of the last use of each blocked
    one. The first use of a blocked one is an event already.
    """

    client: str
    subject: Subject
    since: datetime
    counts: Counts
    last: Seconds


class Use(msgspec.Struct, frozen=True, gc=False):
    """*count* further uses of *finished* by one client in its minute."""

    uses: Uses
    finished: FinishedAnswer
    count: int


class Accounts:
    """Minutes that are over and wait to be told."""

    def __init__(self) -> None:
        self._waiting: deque[Uses] = deque()
        self._telling: Iterator[Use] = iter(())

    def add(self, uses: Uses) -> None:
        """Take over a client's minute; nobody counts in it any more."""
        if uses.counts:
            self._waiting.append(uses)

    def take(self, most: int) -> list[Use]:
        """Return the next *most* uses that are to be told; fewer if there are no more."""
        taken: list[Use] = []
        while len(taken) < most:
            use = next(self._telling, None)
            if use is not None:
                taken.append(use)
            elif self._waiting:
                self._telling = _uses_in(self._waiting.popleft())
            else:
                break
        return taken


def _uses_in(uses: Uses) -> Iterator[Use]:
    for finished, count in uses.counts.items():
        # A block was told when it happened, so what is left of it are those after the first.
        rest = count - finished.is_blocked
        if rest:
            yield Use(uses, finished, rest)
