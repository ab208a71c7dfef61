"""
An answer that is finished: its octets, and what has to be known to give them again.

Workers have these by the ten thousand. None can be a part of a cycle, so the collector of garbage
passes them over (gc=False).
"""

import msgspec

from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.names import DomainName


class FinishedAnswer(msgspec.Struct, eq=False, gc=False):
    """
    An answer without its id, right for *second* (of the monotonic clock); each is only itself.

    *key* is the query, without its id as well. The answer may be given before the second *until*.
    *ends* says where each TTL stands and when it is 0, packed by `finishing`. *host*, *type*,
    *chain* and *decision* are those of the first who asked, and *addresses* the packed ones that
    it leads to.

    INVARIANT: whoever gives it has seen that `second` is now's, or has made it so with
    `finishing.renew`; and knows that no grant or restriction of the client touches it, or it is
    theirs alone.
    """

    key: bytes
    octets: bytes
    second: int
    until: int
    # Not the whole question: that would hold on to the snapshot which it was judged by.
    host: DomainName
    type: int
    decision: Decision
    chain: tuple[DomainName, ...]
    is_blocked: bool
    addresses: tuple[bytes, ...]
    ends: bytes

    @property
    def names(self) -> tuple[str, ...]:
        """The host that was asked for and its aliases."""
        return (self.host.text, *[each.text for each in self.chain])
