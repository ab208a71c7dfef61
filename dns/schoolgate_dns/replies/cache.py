"""
Upstream replies, kept for their time and, in case no upstream answers then, for a day more.

INVARIANT: the key is what an upstream was asked, never who asked; every reply that leaves is
judged anew for its subject. So a warm cache can neither open a name nor betray a visit to it.
"""

from collections import OrderedDict
from typing import Final

from schoolgate_dns.messages import Lookup, Reply
from schoolgate_dns.replies.entry import Entry

MAX_ENTRIES: Final = 120_000
MAX_OCTETS: Final = 128 * 1024 * 1024
# What an entry costs beside its octets: the reply's record of itself, the key, the table.
ENTRY_OCTETS: Final = 1024
RECORD_OCTETS: Final = 100
MAX_STALE_S: Final = 86_400  # RFC 8767 section 5 proposes one to three days
# The last part of a reply's life, in which who asks for it once more has it fetched again.
PREFETCH_PART: Final = 0.1
# Below this that part is so short that fetching early and fetching anew are one.
MIN_PREFETCH_LIFETIME_S: Final = 10


class ReplyCache:
    """
    Holds at most *max_entries* replies and *max_octets*, dropping what was used longest ago.

    Times are seconds of any clock that never goes backwards, given by the caller.
    """

    def __init__(self, max_entries: int = MAX_ENTRIES, max_octets: int = MAX_OCTETS) -> None:
        self._max_entries = max_entries
        self._max_octets = max_octets
        self._entries: OrderedDict[Lookup, Entry] = OrderedDict()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def octets(self) -> int:
        """What the entries take up, roughly."""
        return self._octets

    def get(self, lookup: Lookup, now_s: float) -> Entry | None:
        """Return what is held for *lookup*, its time over or not, None if there is nothing."""
        entry = self._entries.get(lookup)
        if entry is None:
            return None
        if now_s >= entry.ends_s + MAX_STALE_S:
            self._remove(lookup)
            return None
        self._entries.move_to_end(lookup)
        return entry

    def put(self, lookup: Lookup, reply: Reply, now_s: float) -> Entry | None:
        """Keep *reply* and return its entry; None, and nothing is held, if it may not be kept."""
        self._remove(lookup)
        if reply.lifetime_s <= 0 or _cost(reply) > self._max_octets:
            return None
        entry = self._entries[lookup] = _entry(reply, now_s)
        self._octets += _cost(reply)
        while len(self._entries) > self._max_entries or self._octets > self._max_octets:
            _, dropped = self._entries.popitem(last=False)
            self._octets -= _cost(dropped.reply)
        return entry

    def _remove(self, lookup: Lookup) -> None:
        entry = self._entries.pop(lookup, None)
        if entry is not None:
            self._octets -= _cost(entry.reply)


def _entry(reply: Reply, now_s: float) -> Entry:
    entry = Entry(reply, since_s=now_s, ends_s=now_s + reply.lifetime_s)
    if reply.lifetime_s >= MIN_PREFETCH_LIFETIME_S:
        entry.prefetch_s = entry.ends_s - PREFETCH_PART * reply.lifetime_s
    return entry


def _cost(reply: Reply) -> int:
    return len(reply.octets) + ENTRY_OCTETS + RECORD_OCTETS * len(reply.ttls)
