"""How long things took, counted for Prometheus."""

import math
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

# Seconds: from a cache next door to what no client waits for.
LATENCY_BOUNDS: Final[tuple[float, ...]] = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025),
    *(0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)


class Histogram:
    """
    How often what was observed was at most each of *bounds*, which ascend.

    *counts* are those between one bound and the next, *sum* is of all that was observed.
    """

    __slots__ = ("_bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...] = LATENCY_BOUNDS) -> None:
        self.sum = 0.0
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        """Count *value*."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    def joined(self, other: "Histogram") -> "Histogram":
        """Return both as one; they must have the same bounds."""
        both = Histogram(self._bounds)
        both.sum = self.sum + other.sum
        both.counts = [sum(pair) for pair in zip(self.counts, other.counts, strict=True)]
        return both

    def up_to(self) -> Iterator[tuple[float, int]]:
        """Yield each bound, the last being infinite, and how many were at most that."""
        total = 0
        for bound, count in zip((*self._bounds, math.inf), self.counts, strict=True):
            total += count
            yield bound, total
