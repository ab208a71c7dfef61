"""
Whether a client may go on asking below a parent domain, or carries a tunnel through it.

A tunnel's names are always new, so only what missed the finished answers comes here. A parent is
a registrable domain, private suffixes included: each customer of a content network is one of
their own. Once a tunnel is seen, the parent is closed to that client.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Final

from schoolgate_dns.stages.asked import Asked
from schoolgate_dns.tunnels.below import Below
from schoolgate_dns.tunnels.carriage import weight_of
from schoolgate_dns.tunnels.counting import (
    count_answer,
    count_name,
    is_closed,
    judge,
    pass_time,
    points_left,
)
from schoolgate_dns.tunnels.lookup_services import look_up_parents
from schoolgate_dns.tunnels.parents import installed_parents
from schoolgate_dns.tunnels.passage import Passage, Stopped
from schoolgate_policyd.core.names import DomainName

MAX_PAIRS: Final = 8_192
MAX_PARENTS_OF_CLIENT: Final = 256
MAX_OWED: Final = 4_096
_FORGOTTEN_AMONG: Final = 8
# What one visit to a site leaves. A flood of parents that are meant to be forgotten after a
# tunnel's would have to leave more than the tunnel did.
_TELLS_NOTHING_POINTS: Final = 32.0
# More than is ever counted: what is closed is forgotten after all that is not.
_POINTS_OF_CLOSED: Final = 1e9


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
        self._parent_of = installed_parents().parent_of
        self._look_ups = look_up_parents()
        # Clients that asked, and parents below which they asked, longest ago stand first.
        self._clients: OrderedDict[str, OrderedDict[str, Below]] = OrderedDict()
        self._pairs = 0
        # What names count if they exist, by a hash, since their look-up failed.
        self._owed: OrderedDict[int, float] = OrderedDict()

    def __len__(self) -> int:
        return self._pairs

    def ask(self, asked: Asked, now_s: float) -> Stopped | Passage | None:
        """
        Take in a query that nobody has an answer to yet, and say whether it goes on.

        What becomes of a passage, `answered` or `failed` is told; None is of nothing that counts.
        *now_s* is in seconds that never go backwards.
        """
        query = asked.query
        name = query.lookup.name
        parent = self._parent_of(query.name.text)
        if parent is None:
            return None
        labels = labels_below(name, parent)
        client = asked.client
        known = self._clients.get(client)
        below = None if known is None else known.get(parent)
        # What is asked of the parent itself is one name, and carries nothing.
        if below is None and not labels:
            return None
        if self._is_own_zone is not None and self._is_own_zone(name):
            return None
        if known is None or below is None:
            below = self._remember(client, parent, now_s)
        else:
            self._clients.move_to_end(client)
            known.move_to_end(parent)
            pass_time(below, now_s)
        weight, of_address = weight_of(query.type, labels, is_look_up=below.is_look_up)
        owed = count_name(below, query.type, labels, weight, of_address)
        closed_until_s = judge(below, now_s, labels)
        if closed_until_s is not None:
            return Stopped(DomainName(parent), below.evidence, closed_until_s)
        if self._owed:
            owed_before = self._owed.pop(_key_of(asked), 0.0)
            owed = owed or owed_before
        return Passage(below, weight, owed)

    def answered(
        self, passage: Passage | None, octets: int, now_s: float, *, is_there: bool = True
    ) -> None:
        """
        Take in that the answer to a query that went on has *octets*.

        *is_there* says whether the name exists. Above the bound the next query is stopped.
        """
        if passage is None:
            return
        below = passage.below
        pass_time(below, now_s)
        count_answer(below, octets, passage.weight, passage.owed if is_there else 0.0)

    def failed(self, asked: Asked, passage: Passage | None) -> None:
        """
        Take in that there was no answer to a query that went on; the next try may have one.

        Without this a tunnel's server would have every name for a tenth, by failing once.
        """
        if passage is not None and passage.owed:
            if len(self._owed) >= MAX_OWED:
                self._owed.popitem(last=False)
            self._owed[_key_of(asked)] = passage.owed

    def tick(self, now_s: float) -> None:
        """Forget all that is over at *now_s*."""
        for client, parents in tuple(self._clients.items()):
            for parent, below in tuple(parents.items()):
                pass_time(below, now_s)
                if below.is_over:
                    self._forget(client, parent)

    def _remember(self, client: str, parent: str, now_s: float) -> Below:
        parents = self._clients.get(client)
        if parents is not None and len(parents) >= self._max_parents:
            self._forget(client, _least_telling(parents, now_s))
        elif self._pairs >= self._max_pairs:
            longest_silent = next(iter(self._clients))
            self._forget(longest_silent, _least_telling(self._clients[longest_silent], now_s))
        # The last parent of a client takes the client along.
        parents = self._clients.get(client)
        if parents is None:
            parents = self._clients[client] = OrderedDict()
        else:
            self._clients.move_to_end(client)
        below = parents[parent] = Below(now_s, now_s, is_look_up=parent in self._look_ups)
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
    end = len(name) - len(parent) - 2
    if "\\" in parent:
        # An octet of no host name stands in the parent's text as `\\123`.
        end += 3 * parent.count("\\")
    if name[0] + 1 == end:
        return [name[1:end]]
    labels = []
    at = 0
    while at < end:
        length = name[at]
        labels.append(name[at + 1 : at + 1 + length])
        at += 1 + length
    return labels


def _key_of(asked: Asked) -> int:
    return hash((asked.client, asked.query.lookup.name, asked.query.type))


def _least_telling(parents_of_client: Mapping[str, Below], now_s: float) -> str:
    """Return which of those that were asked below longest ago tells least of a tunnel."""
    first = next(iter(parents_of_client))
    # A flood of parents is forgotten so: one look at each.
    if _tells(parents_of_client[first], now_s) <= _TELLS_NOTHING_POINTS:
        return first
    oldest = islice(parents_of_client.items(), _FORGOTTEN_AMONG)
    return min(oldest, key=lambda each: _tells(each[1], now_s))[0]


def _tells(below: Below, now_s: float) -> float:
    """Return how much *below* tells of a tunnel, in points."""
    points = points_left(below, now_s)
    return points + _POINTS_OF_CLOSED if is_closed(below, now_s) else points
