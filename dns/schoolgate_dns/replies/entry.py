"""A reply that is held. There are very many of them, and none is a part of a cycle (gc=False)."""

from math import inf

import msgspec

from schoolgate_dns.messages import Reply


class Entry(msgspec.Struct, eq=False, gc=False):
    """
    A *reply*, held since *since_s* and good until *ends_s*; each is only itself.

    *uses* counts how often it was given. From *prefetch_s* on it may be fetched again, once.
    When it is over, it is given all the same and no upstream asked until *recheck_s*.
    """

    reply: Reply
    since_s: float
    ends_s: float
    prefetch_s: float = inf
    recheck_s: float = -inf
    uses: int = 0
