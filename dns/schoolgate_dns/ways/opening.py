"""Ways into the kernel's sets: one message for each set that an answer's addresses belong to."""

from collections.abc import Sequence
from typing import Final, Protocol

from schoolgate_policyd.netfilter.names import WaySet
from schoolgate_policyd.netfilter.ways import Way

_OPEN: Final = {each: each.open_name for each in WaySet}


class Adds(Protocol):
    """Whoever puts elements into sets; `netfilter.sets.Sets` in the running point."""

    def add(self, set_name: str, keys: Sequence[bytes], timeout_s: int | None) -> None:
        """Put *keys* into a set; raises NetfilterError, and then none of them is added."""
        ...


def open_ways(sets: Adds, ways: Sequence[Way], lifetime_s: int) -> None:
    """
    Open *ways* for *lifetime_s* from now; when this returns the kernel has them.

    Raises NetfilterError and OSError, and then some of them may be closed.
    """
    keys: dict[WaySet, list[bytes]] = {}
    for way in ways:
        keys.setdefault(way.set, []).append(way.key)
    for set_, of_set in keys.items():
        sets.add(_OPEN[set_], of_set, lifetime_s)
