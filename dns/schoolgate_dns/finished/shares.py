"""
How many ways one device may have open: the kernel's sets are everybody's.

A device that asks for ever other names would fill them, and then nobody had an answer. What it is
given beyond its share fails instead. Each worker counts for itself.
"""

from collections.abc import Hashable, Sequence
from typing import Final

from schoolgate_policyd.netfilter.ways import Way

# Of 262,144 in each set. A day's browsing opens some two thousand in the time that they last.
MOST_WAYS_OF_ASKER: Final = 4_096
# Each takes some 80 octets. Where all together have more, they are counted anew the sooner.
MOST_COUNTED: Final = 400_000

type _Counted = dict[Hashable, set[int]]  # by whose they are, the hashes of ways


class Shares:
    """
    Counts the ways of each asker that were opened within *lasts_s*, or up to twice as long ago.

    `counted` is how many those of the present *lasts_s* are.
    Seconds are those of a clock that never goes backwards.
    """

    def __init__(self, lasts_s: int) -> None:
        self._lasts_s = lasts_s
        self._recent: _Counted = {}
        self._older: _Counted = {}
        self.counted = 0
        self._turns_at = 0

    def take(self, asker: Hashable, ways: Sequence[Way], second: int) -> bool:
        """Count *ways* as open for *asker*; False, and nothing is counted, beyond its share."""
        if second >= self._turns_at or self.counted >= MOST_COUNTED:
            self._turn(second)
        hashes = {hash(way) for way in ways}
        recent, older = self._recent.get(asker, set()), self._older.get(asker, set())
        added = hashes - recent
        if len(recent) + len(older) + len(added - older) > MOST_WAYS_OF_ASKER:
            return False
        older -= added
        recent |= added
        self._recent[asker] = recent
        self.counted += len(added)
        return True

    def _turn(self, second: int) -> None:
        # What was not opened again since the last turn but one is over.
        is_late = second >= self._turns_at + self._lasts_s
        self._older = {} if is_late else self._recent
        self._recent = {}
        self.counted = 0
        self._turns_at = second + self._lasts_s
