"""
Which lists name a host: those too large to be data, looked up in a table that somebody opened.

The core knows the table by what it can be asked alone. What it answers is remembered for a while,
because the same few names are asked for again and again.
"""

from typing import Protocol

from schoolgate_policyd.core.catalogue import Catalogue, LargeList
from schoolgate_policyd.core.errors import PolicyError
from schoolgate_policyd.core.names import Host

# The memory is emptied when it is full: a flood of different names costs time, never memory.
MEMORY_LIMIT = 65_536


class NamesAt(Protocol):
    """The names of large lists."""

    def lists_of(self, host: Host) -> tuple[str, ...]:
        """Return the ids of the lists that name *host*, or cover it by a name above it."""
        ...


class Listed:
    """
    Answers which of a catalogue's large lists name a host.

    Raises PolicyError where the catalogue names a table and *names* is None: without its names a
    policy would be open where it is not.
    """

    def __init__(self, catalogue: Catalogue, names: NamesAt | None) -> None:
        if catalogue.name_table is not None and names is None:
            raise PolicyError(
                f"the policy's lists are in the table {catalogue.name_table}, which is not open"
            )
        self._names = names
        # The table may be older than the catalogue and have lists that it no longer has.
        self._lists = {each.id: each for each in catalogue.large_lists}
        self._remembered: dict[str, tuple[LargeList, ...]] = {}

    def naming(self, host: Host) -> tuple[LargeList, ...]:
        """Return the large lists that name *host* or cover it."""
        if self._names is None:
            return ()
        known = self._remembered.get(host.text)
        if known is None:
            if len(self._remembered) >= MEMORY_LIMIT:
                self._remembered.clear()
            ids = self._names.lists_of(host)
            # Most names are on none.
            known = tuple(self._lists[each] for each in ids if each in self._lists) if ids else ()
            self._remembered[host.text] = known
        return known

    def forget(self) -> None:
        """Forget which names were asked for."""
        self._remembered.clear()
