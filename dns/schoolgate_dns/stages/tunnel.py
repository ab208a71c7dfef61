"""
Whether a client may go on asking below a parent domain, or carries a tunnel through it.

A tunnel's names are always new, so only what missed the finished answers comes here. A parent is
a registrable domain, private suffixes included: each customer of a content network is one of
their own. Once a tunnel is seen, the parent is closed to that client.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from itertools import islice

import msgspec
from publicsuffixlist import PublicSuffixList

from schoolgate_dns.below import Below
from schoolgate_dns.lookup_services import look_up_parents
from schoolgate_dns.messages import ExtendedError, ExtendedErrorCode, Query
from schoolgate_dns.stages.who import Asked
from schoolgate_policyd.core.names import DomainName

ATTEMPT = "dns-tunnel"
MAX_PAIRS = 8_192
MAX_PARENTS_OF_CLIENT = 256
MAX_OWED = 4_096
_FORGOTTEN_AMONG = 8


class Stopped(msgspec.Struct, frozen=True):
    """
    A query that is not looked up: *parent* is closed to its client until *until_s*.

    *evidence* says in words what was seen, the same for as long as the parent is closed. It is
    recorded under the parent's name, never under the one asked for, which may carry anything.
    """

    parent: DomainName
    evidence: str
    until_s: float

    @property
    def why(self) -> ExtendedError:
        """What the client is told beside that the name does not exist."""
        text = f"{ATTEMPT}: names below {self.parent.text} carried more than those of a site"
        return ExtendedError(ExtendedErrorCode.BLOCKED, text)


class Tunnels:
    """
    Counts for every client and parent; *is_own_zone* knows the school's own names (wire form).

    It holds at most *max_pairs* of them, *max_parents* of one client, whose own flood of parents
    therefore makes nobody else's tunnel unseen. Call `tick` about every half minute.
    """

    def __init__(
        self,
        is_own_zone: Callable[[bytes], bool] | None = None,
        *,
        max_pairs: int = MAX_PAIRS,
        max_parents: int = MAX_PARENTS_OF_CLIENT,
    ) -> None:
        self._is_own_zone = is_own_zone
        self._max_pairs = max_pairs
        self._max_parents = max_parents
        self._parent_of = _suffixes().privatesuffix
        self._look_ups = look_up_parents()
        # Clients that asked, and parents below which they asked, longest ago stand first.
        self._clients: OrderedDict[str, OrderedDict[str, Below]] = OrderedDict()
        self._pairs = 0
        # What names that are being looked up count if they exist, by a hash.
        self._owed: OrderedDict[int, float] = OrderedDict()

    def __len__(self) -> int:
        return self._pairs

    def ask(self, asked: Asked, now_s: float) -> Stopped | None:
        """
        Take in a query that nobody has an answer to yet; None lets it go on.

        *now_s* is in seconds that never go backwards.
        """
        query = asked.query
        parent = self._parent_below_which(query)
        if parent is None:
            return None
        labels = labels_below(query.lookup.name, parent)
        below = self._known(asked.client, parent)
        if below is None:
            # What is asked of the parent itself is one name, and carries nothing.
            if not labels:
                return None
            below = self._remember(asked.client, parent, now_s)
        below.pass_time(now_s)
        owed = below.count_name(query.type, labels)
        if not below.judge(now_s, labels) or below.closed_until_s is None:
            self._owe(asked, owed)
            return None
        return Stopped(DomainName(parent), below.evidence, below.closed_until_s)

    def answered(self, asked: Asked, octets: int, now_s: float, *, is_there: bool = True) -> None:
        """
        Take in that the answer to a query that went on has *octets*.

        *is_there* says whether the name exists. Above the bound the next query is stopped.
        """
        query = asked.query
        owed = self._owed.pop(_key_of(asked), 0.0)
        parent = self._parent_below_which(query)
        below = None if parent is None else self._known(asked.client, parent)
        if parent is None or below is None:
            return
        below.pass_time(now_s)
        if is_there:
            below.points += owed
        below.count_answer(query.type, labels_below(query.lookup.name, parent), octets)

    def tick(self, now_s: float) -> None:
        """Forget all that is over at *now_s*."""
        for client, parents in tuple(self._clients.items()):
            for parent, below in tuple(parents.items()):
                below.pass_time(now_s)
                if below.is_over:
                    self._forget(client, parent)

    def _owe(self, asked: Asked, points: float) -> None:
        if points:
            if len(self._owed) >= MAX_OWED:
                self._owed.popitem(last=False)
            self._owed[_key_of(asked)] = points

    def _parent_below_which(self, query: Query) -> str | None:
        """Return the registrable domain, None where nothing is looked for."""
        parent: str | None = self._parent_of(query.name.text)
        if parent is None or (self._is_own_zone and self._is_own_zone(query.lookup.name)):
            return None
        return parent

    def _known(self, client: str, parent: str) -> Below | None:
        parents = self._clients.get(client)
        below = None if parents is None else parents.get(parent)
        if parents is not None and below is not None:
            self._clients.move_to_end(client)
            parents.move_to_end(parent)
        return below

    def _remember(self, client: str, parent: str, now_s: float) -> Below:
        parents = self._clients.get(client)
        if parents is not None and len(parents) >= self._max_parents:
            self._forget(client, _least_telling(parents))
        elif self._pairs >= self._max_pairs:
            longest_silent = next(iter(self._clients))
            self._forget(longest_silent, _least_telling(self._clients[longest_silent]))
        below = Below(parent in self._look_ups, now_s, now_s)
        self._clients.setdefault(client, OrderedDict())[parent] = below
        self._clients.move_to_end(client)
        self._pairs += 1
        return below

    def _forget(self, client: str, parent: str) -> None:
        parents = self._clients[client]
        del parents[parent]
        if not parents:
            del self._clients[client]
        self._pairs -= 1


def labels_below(name: bytes, parent: str) -> list[bytes]:
    """Return the labels of *name* (wire form) in front of those of *parent*, which it ends in."""
    labels = []
    at = 0
    # An octet of no host name stands in the parent's text as `\\123`.
    end = len(name) - len(parent) + 3 * parent.count("\\") - 2
    while at < end:
        length = name[at]
        labels.append(name[at + 1 : at + 1 + length])
        at += 1 + length
    return labels


def _key_of(asked: Asked) -> int:
    return hash((asked.client, asked.query.lookup.name, asked.query.type))


def _least_telling(parents: Mapping[str, Below]) -> str:
    """Return which of those that were asked below longest ago tells least of a tunnel."""
    longest_ago = islice(parents.items(), _FORGOTTEN_AMONG)
    ranked = min(
        longest_ago, key=lambda each: (each[1].closed_until_s is not None, each[1].points)
    )
    return ranked[0]


@cache
def _suffixes() -> PublicSuffixList:
    # The private section stays on: two customers of one content network are two parents.
    return PublicSuffixList(only_icann=False)
