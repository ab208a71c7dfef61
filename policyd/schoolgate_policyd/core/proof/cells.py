"""
Sets of cells as whole numbers: every combination of what tells one subject from another.

A cell is one value of each dimension. A set of cells is an integer with a bit for each, so that
"everybody whom the rule blocks and none of its exceptions spares" is three machine operations,
whatever the number of cells.
"""

from collections.abc import Sequence
from math import prod

from schoolgate_policyd.core.errors import SchoolgateError

MOST_CELLS = 1 << 24


class TooManyCellsError(SchoolgateError):
    """The rules about one site ask so much at once that it cannot be gone through."""


class Cells:
    """
    All cells of dimensions with these *sizes*.

    The first dimension varies slowest, so the lowest bit of a set is the cell with the earliest
    values. Raises TooManyCellsError.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.count = prod(sizes)
        if self.count > MOST_CELLS:
            raise TooManyCellsError(
                f"the rules about one site tell {self.count} kinds of request apart, more than "
                f"{MOST_CELLS}: let them ask fewer different things"
            )
        self.all = (1 << self.count) - 1
        self._sizes = tuple(sizes)
        self._strides = [prod(sizes[position + 1 :]) for position in range(len(sizes))]

    def where(self, dimension: int, chosen: Sequence[bool]) -> int:
        """Return the cells whose value of *dimension* is one of the *chosen*."""
        stride, size = self._strides[dimension], self._sizes[dimension]
        run = (1 << stride) - 1
        unit = 0
        for value, is_chosen in enumerate(chosen):
            if is_chosen:
                unit |= run << (value * stride)
        return _repeated(unit, stride * size, self.count)

    def first(self, cells: int) -> tuple[int, ...]:
        """Return the values, one of each dimension, of the first cell of *cells*, not empty."""
        lowest = (cells & -cells).bit_length() - 1
        return tuple(
            lowest // stride % size
            for stride, size in zip(self._strides, self._sizes, strict=True)
        )


def _repeated(pattern: int, width: int, count: int) -> int:
    """Return *count* bits filled with a *pattern* of *width* bits; *count* is a multiple of it."""
    # Doubling copies each bit once or twice; dividing numbers of a million bits takes minutes.
    while width < count:
        pattern |= pattern << width
        width *= 2
    return pattern & ((1 << count) - 1)
