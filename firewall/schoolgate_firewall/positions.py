"""
Where each way stands in the packet filter, and the moves from one position to another.

Whatever closes comes first, and each step is taken whatever became of the one before. What the
kernel refuses stays to be done, and is tried again.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from enum import Enum
from itertools import islice
from typing import Protocol

import msgspec
import structlog

from schoolgate_firewall.way_parts import ends_of
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.names import WaySet
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.netfilter.ways import Way

# Long enough for whatever is under way to meet its end, and no longer: then the way's own set
# says what may be.
CUT_S = 3
# No device uses as many addresses; whoever does makes them up, to have connections in plenty.
MOST_ADDRESSES = 64
# As long as devices may keep an answer (`schoolgate_dns.stages.reach`), and a minute.
UNKNOWN_JUDGED_S = 960
MOST_KEYS_AT_ONCE = 512
# What is opened again lasts as long as it would have, to within so many seconds.
_GROUPED_BY_S = 16

log = structlog.get_logger(__name__)


class Position(Enum):
    """Where a way stands."""

    OPEN = "open"  # the kernel forwards
    JUDGED = "judged"  # the proxy judges by the name in each connection
    CLOSED = "closed"


class Sets(Protocol):
    """The packet filter's sets: `netfilter.sets.Sets`."""

    def add(self, set_name: str, keys: Sequence[bytes], timeout_s: int | None) -> None:
        """Put *keys* into a set for *timeout_s*. Raises NetfilterError."""
        ...

    def remove(self, set_name: str, keys: Sequence[bytes]) -> None:
        """Take *keys* out of a set. Raises NetfilterError."""
        ...


class Connections(Protocol):
    """The connections that the kernel follows: `netfilter.conntrack.Connections`."""

    def end_many(
        self, pairs: Collection[tuple[bytes, bytes]], *, only_direct: bool = False
    ) -> int:
        """Forget the connections of each client and destination. Raises NetfilterError."""
        ...


type AddressesOf = Callable[[Link], frozenset[bytes]]
"""Returns the addresses, packed, of a device on one of the gateway's own links."""


class _Move(msgspec.Struct, frozen=True):
    """
    A way is to stand in *position* until *until_s*; *clients* are addresses it was told to.

    One that is not *is_known* is told from the others once it is moved.
    """

    way: Way
    position: Position
    until_s: int
    clients: frozenset[bytes] = frozenset()
    is_known: bool = True


class Positions:
    """
    The positions of ways, moved with *sets*; seconds are those of a clock that never goes back.

    A way is open unless it is known to stand elsewhere: DNS opens, without asking here.
    `refusals` counts what the kernel did not do; the first of them is logged.
    """

    def __init__(self, sets: Sets, addresses_of: AddressesOf) -> None:
        self.refusals = 0
        self._sets = sets
        self._addresses_of = addresses_of
        self._standing: dict[Way, Position] = {}
        # Judged because nobody knew them, and until when, which is first over first.
        self._unknown: dict[Way, int] = {}
        self._due: dict[Way, _Move] = {}
        self._to_end: set[tuple[bytes, bytes]] = set()

    @property
    def has_due(self) -> bool:
        """Whether some move is still to be made."""
        return bool(self._due)

    def of(self, way: Way) -> Position:
        """Return where *way* stands, or is about to."""
        move = self._due.get(way)
        if move is not None:
            return move.position
        return Position.JUDGED if way in self._unknown else self._standing.get(way, Position.OPEN)

    def stands(self, way: Way, position: Position) -> None:
        """Take note that *way* stands in *position*, of which the kernel told."""
        self._standing[way] = position

    def move(
        self,
        way: Way,
        position: Position,
        until_s: int,
        clients: frozenset[bytes] = frozenset(),
    ) -> None:
        """Have *way* moved with the next `make`; *clients* are addresses that it was told to."""
        self._due[way] = _Move(way, position, until_s, clients)

    def close_unknown(self, way: Way, now_s: int) -> None:
        """
        Have *way*, of which nobody knows why it is there, closed with the next `make`.

        The proxy judges what goes there meanwhile, by its name: a device remembers the answer
        that opened the way, and does not ask again while it does.
        """
        self._due[way] = _Move(way, Position.JUDGED, now_s + UNKNOWN_JUDGED_S, is_known=False)

    def forget(self, ways: Iterable[Way]) -> None:
        """Forget *ways*, which are over: no set has them any more."""
        for way in ways:
            self._standing.pop(way, None)
            self._due.pop(way, None)

    def take_to_end(self) -> frozenset[tuple[bytes, bytes]]:
        """Return whose connections must end since the last time: clients and destinations."""
        ending, self._to_end = frozenset(self._to_end), set()
        return ending

    def make(self, now_s: int, most: int = MOST_KEYS_AT_ONCE) -> int:
        """Make at most *most* moves that are due; return how many were made."""
        while self._unknown and now_s >= next(iter(self._unknown.values())):
            del self._unknown[next(iter(self._unknown))]
        by_set = defaultdict[WaySet, list[_Move]](list)
        for move in islice(self._due.values(), most):
            by_set[move.way.set].append(move)
        made = 0
        for way_set, moves in by_set.items():
            is_made = self._make(way_set, moves, now_s)
            for move in moves:
                self._done(move) if is_made else self._put_last(move)
            made += is_made and len(moves)
        return made

    def _done(self, move: _Move) -> None:
        del self._due[move.way]
        self._unknown.pop(move.way, None)
        if not move.is_known:
            self._unknown[move.way] = move.until_s
        if move.position is Position.OPEN or not move.is_known:
            self._standing.pop(move.way, None)
        else:
            self._standing[move.way] = move.position

    def _put_last(self, move: _Move) -> None:
        """Have *move* made after all others, so that it keeps none of them from its turn."""
        self._due[move.way] = self._due.pop(move.way)

    def _make(self, way_set: WaySet, moves: list[_Move], now_s: int) -> bool:
        """Make *moves* of one set; whether all is closed that must be."""
        to = defaultdict[Position, list[_Move]](list)
        for move in moves:
            to[move.position].append(move)
        opened, judged, closed = (to[each] for each in Position)
        shut = [*judged, *closed]
        # A way that the proxy judges is in that set before it leaves the other, so that what is
        # still allowed on it is not refused in between.
        self._add_lasting(way_set.looked_into_name, judged, now_s)
        is_closed = self._try(self._sets.remove, way_set.open_name, _keys(shut))
        is_closed &= self._try(self._sets.remove, way_set.looked_into_name, _keys(closed))
        by_cut = defaultdict[int, list[_Move]](list)
        for move in shut:
            by_cut[self._cut_for_s(move.way)].append(move)
        for cut_s, alike in by_cut.items():
            self._try(self._sets.add, way_set.cut_name, _keys(alike), cut_s)
        for move in shut:
            self._to_end.update(self.pairs_of(move.way, move.clients))
        # Where this fails the way is refused, and open when DNS opens it the next time.
        self._try(self._sets.remove, way_set.cut_name, _keys(opened))
        self._add_lasting(way_set.open_name, opened, now_s)
        self._try(self._sets.remove, way_set.looked_into_name, _keys(opened))
        return is_closed

    def pairs_of(
        self, way: Way, clients: frozenset[bytes] = frozenset()
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield the addresses, packed, between which connections go by *way* of *clients*."""
        link, client, destination = ends_of(way)
        at_link = frozenset() if link is None else self._addresses_of(link)
        told = clients if client is None else clients | {client}
        for each in (*told, *islice(at_link - told, MOST_ADDRESSES)):
            if len(each) == len(destination):
                yield each, destination

    def _cut_for_s(self, way: Way) -> int:
        """Return for how long *way* is cut: where not all its connections are found, for long."""
        link = ends_of(way).link
        if link is not None and len(self._addresses_of(link)) > MOST_ADDRESSES:
            return UNKNOWN_JUDGED_S
        return CUT_S

    def _add_lasting(self, set_name: str, moves: Iterable[_Move], now_s: int) -> None:
        by_lifetime = defaultdict[int, list[_Move]](list)
        for move in moves:
            left_s = move.until_s - now_s
            lasting_s = left_s - left_s % _GROUPED_BY_S if left_s > _GROUPED_BY_S else left_s
            if lasting_s > 0:
                by_lifetime[lasting_s].append(move)
        for lasting_s, alike in by_lifetime.items():
            self._try(self._sets.add, set_name, _keys(alike), lasting_s)

    def _try(
        self, step: Callable[..., None], set_name: str, keys: tuple[bytes, ...], *more: int
    ) -> bool:
        """Take *step*, of which the kernel's refusal must not keep the next; whether it did."""
        if not keys:
            return True
        try:
            step(set_name, keys, *more)
        except NetfilterError as error:
            if not self.refusals:
                log.error("the packet filter refused", cause=str(error))  # noqa: TRY400 - the cause says all
            self.refusals += 1
            return False
        return True


def _keys(moves: Iterable[_Move]) -> tuple[bytes, ...]:
    return tuple(move.way.key for move in moves)
