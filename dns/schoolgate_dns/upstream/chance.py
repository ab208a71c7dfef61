"""Octets that nobody can guess, fetched from the system by the block: a call each is dear."""

import os
from typing import Final

_BLOCK_OCTETS: Final = 4096


class Chance:
    """What is left of a block; no octet is given twice."""

    def __init__(self) -> None:
        self._block = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """Return *count* octets that nobody was given; a block has more."""
        at = self._at
        end = at + count
        if end > len(self._block):
            self._block, at, end = os.urandom(_BLOCK_OCTETS), 0, count
        self._at = end
        return self._block[at:end]

    def forget(self) -> None:
        """Give nothing of this block any more."""
        self._block, self._at = b"", 0


CHANCE: Final = Chance()
"""Of this process. What a parent had left, each of its workers would give out once more."""

os.register_at_fork(after_in_child=CHANCE.forget)
