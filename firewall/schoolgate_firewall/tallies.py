"""
How many connections were refused, exactly, where the kernel logs only some of them.

The kernel counts every refusal by reason and client, and logs a few a second. What was logged is
told of one by one; what the counts show beyond that is told together. A line of the log can come
later than its count, so what is owed is told when it is still owed at the next look.
"""

from collections.abc import Mapping

type Key = tuple[str, bytes]
"""A reason's name and a client's address, packed."""

# Each entry takes some 200 octets, and the kernel's own sets are bounded as well.
MOST_KEYS = 65_536


class Tallies:
    """What was counted and what was told, by reason and client."""

    def __init__(self) -> None:
        self._counted: dict[Key, int] = {}
        # How much more was counted than told; below zero where the log was faster.
        self._owed: dict[Key, int] = {}
        self._owed_before: dict[Key, int] = {}

    def begin_with(self, counts: Mapping[Key, int]) -> None:
        """Take *counts* as told: somebody else did, before this process."""
        self._counted = dict(counts)

    def told(self, key: Key) -> None:
        """Take note that one refusal was told of by itself."""
        self._add(key, -1)

    def look(self, counts: Mapping[Key, int]) -> dict[Key, int]:
        """Return how many refusals are to be told of together, by what the kernel counts now."""
        for key, count in counts.items():
            before = self._counted.get(key, 0)
            # An element that was gone for a while begins anew.
            grown = count - before if count >= before else count
            self._add(key, grown)
        self._counted = dict(counts)
        due = {
            key: min(owed, self._owed_before[key])
            for key, owed in self._owed.items()
            if owed > 0 and self._owed_before.get(key, 0) > 0
        }
        for key, count in due.items():
            self._owed[key] -= count
        self._owed = {key: owed for key, owed in self._owed.items() if owed}
        if len(self._owed) >= MOST_KEYS:
            # What was told of and not counted is nobody's to be told of again.
            self._owed = {key: owed for key, owed in self._owed.items() if owed > 0}
        self._owed_before = dict(self._owed)
        return due

    @property
    def is_owed(self) -> bool:
        """Whether something may still have to be told."""
        return any(owed > 0 for owed in self._owed.values())

    def _add(self, key: Key, count: int) -> None:
        if count and (key in self._owed or len(self._owed) < MOST_KEYS):
            self._owed[key] = self._owed.get(key, 0) + count
