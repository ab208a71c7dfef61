"""
Queries that wait to be worked on, a few of each client in turn.

Whoever floods waits behind themselves: every client's queries stand in a line of their own, and
the lines are served by turns. Both the lines and all of them together have an end; what comes
when they are full is dropped, and its client asks again.
"""

from collections import OrderedDict, deque
from typing import Final

from schoolgate_dns.datagrams.miss import Miss

MAX_WAITING: Final = 4096
MAX_WAITING_OF_CLIENT: Final = 256


class Misses:
    """The lines; `dropped` counts what there was no room for."""

    def __init__(
        self, most: int = MAX_WAITING, most_of_client: int = MAX_WAITING_OF_CLIENT
    ) -> None:
        self.dropped = 0
        self._most = most
        self._most_of_client = most_of_client
        self._count = 0
        self._lines: OrderedDict[bytes, deque[Miss]] = OrderedDict()

    def __len__(self) -> int:
        return self._count

    def put(self, miss: Miss) -> bool:
        """Let *miss* wait; return False if it is dropped."""
        line = self._lines.get(miss.packed)
        length = 0 if line is None else len(line)
        if length >= self._most_of_client or self._count >= self._most:
            self.dropped += 1
            return False
        if line is None:
            line = self._lines[miss.packed] = deque()
        line.append(miss)
        self._count += 1
        return True

    def take(self) -> Miss | None:
        """Return whose turn it is, None if nobody waits."""
        if not self._lines:
            return None
        packed, line = self._lines.popitem(last=False)
        miss = line.popleft()
        if line:
            self._lines[packed] = line
        self._count -= 1
        return miss
