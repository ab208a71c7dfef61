"""
Upstream replies, kept until their TTL is over.

INVARIANT: the key is what an upstream was asked, never who asked; every reply that leaves is
judged anew for its subject. So a warm cache can neither open a name nor betray a visit to it.
"""

from collections import OrderedDict

from schoolgate_dns.messages import Lookup, Reply

MAX_ENTRIES = 50_000
MAX_OCTETS = 32 * 1024 * 1024
# What an entry costs beside its octets: the reply's record of itself, the key, the table.
ENTRY_OCTETS = 1024


class ReplyCache:
    """
    Holds at most *max_entries* replies and *max_octets*, dropping what was used longest ago.

    Times are seconds of any clock that never goes backwards, given by the caller.
    """

    def __init__(self, max_entries: int = MAX_ENTRIES, max_octets: int = MAX_OCTETS) -> None:
        self._max_entries = max_entries
        self._max_octets = max_octets
        self._entries: OrderedDict[Lookup, tuple[Reply, float]] = OrderedDict()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def octets(self) -> int:
        """What the entries take up, roughly."""
        return self._octets

    def get(self, lookup: Lookup, now_s: float) -> tuple[Reply, int] | None:
        """Return the reply to *lookup* and its age in whole seconds, None if there is none."""
        entry = self._entries.get(lookup)
        if entry is None:
            return None
        reply, since_s = entry
        age_s = now_s - since_s
        if age_s >= reply.lifetime_s:
            self._remove(lookup)
            return None
        self._entries.move_to_end(lookup)
        # Rounded up, so that no client counts from a later moment than we do.
        return reply, -int(-age_s // 1)

    def put(self, lookup: Lookup, reply: Reply, now_s: float) -> None:
        """Keep *reply*, if it may be kept at all."""
        self._remove(lookup)
        if reply.lifetime_s <= 0 or _cost(reply) > self._max_octets:
            return
        self._entries[lookup] = (reply, now_s)
        self._octets += _cost(reply)
        while len(self._entries) > self._max_entries or self._octets > self._max_octets:
            _, (dropped, _) = self._entries.popitem(last=False)
            self._octets -= _cost(dropped)

    def _remove(self, lookup: Lookup) -> None:
        entry = self._entries.pop(lookup, None)
        if entry is not None:
            self._octets -= _cost(entry[0])


def _cost(reply: Reply) -> int:
    return len(reply.octets) + ENTRY_OCTETS
