"""
One client's flood must not take everybody's place in the socket.

When more comes than can be read, the socket is full, and the system drops what comes next,
whoever sent it. Where that is so, a client gets at most a quarter of what can be read: of theirs
the kernel drops so much, chosen by chance, that a quarter is left (`socket_filter`). Four who
flood together fill the socket all the same; the gateway's ruleset bounds each of them long before.

Nothing is counted and nobody limited while the socket is emptied as it should be.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from schoolgate_dns.datagrams.slots import Slots
from schoolgate_dns.datagrams.socket_filter import MOST_FILTERED, SocketState

LOOK_S: Final = 0.05
MOST_TAKEN: Final = 0.5
MOST_SHARE: Final = 0.25
# Who sends no more is never limited: as many as the gateway's ruleset lets through.
LEAST_PER_S: Final = 2000.0
# How soon a flood that has ended is forgotten: at each look so much more is let through.
RISE: Final = 1.5

# Of so many slots one is looked at, another one each time.
_STRIDE: Final = 8
_LOSSES: Final = 1 << 32
_LEAST_SPENT_S: Final = 1e-3


class Filter(Protocol):
    """Whoever filters a socket; `socket_filter.SocketFilter` in the running point."""

    def state(self) -> SocketState | None:
        """Return the state of the socket; None where it is not known."""
        ...

    def let_through(self, parts: Mapping[bytes, float]) -> None:
        """Let through these *parts* of what clients send; of others, all."""
        ...


class Interval(NamedTuple):
    """
    What came to a socket in some *seconds*: how many were *received*, and how many *lost*.

    *seen* has how many were whose, of some of those received.
    """

    seconds: float
    received: int
    lost: int
    seen: Mapping[bytes, int]


class Floods:
    """
    Looks, while a socket is full, who fills it, and has the *own_filter* let through less of them.

    *monotonic* gives seconds, *process* those of CPU that were spent; *later* calls after so many.
    `parts` has what is let through of clients that flood. `is_watched` says whether `see` and
    `emptied` want to be told.
    """

    def __init__(
        self,
        own_filter: Filter,
        monotonic: Callable[[], float],
        process: Callable[[], float],
        later: Callable[[float, Callable[[], None]], Any],
    ) -> None:
        self.is_watched = False
        self.parts: Mapping[bytes, float] = {}
        self._filter = own_filter
        self._monotonic = monotonic
        self._process = process
        self._later = later
        self._is_stopped = False
        self._most_per_s = 0.0
        self._first_seen = 0
        self._since_s = self._cpu_before_s = 0.0
        self._lost_before = 0
        self._received = 0
        self._was_emptied = False
        self._seen: Counter[bytes] = Counter()

    def stop(self) -> None:
        """Look no more."""
        self._is_stopped = True

    def filled(self) -> None:
        """Note that however much was taken, more waits."""
        if not self.is_watched and (state := self._filter.state()) is not None:
            self.is_watched = True
            self._next_interval(state)

    def emptied(self) -> None:
        """Note that nothing waits any more."""
        self._was_emptied = True

    def see(self, slots: Slots, count: int) -> None:
        """Look who sent some of what came to the first *count* slots."""
        self._received += count
        self._first_seen = (self._first_seen + 1) % _STRIDE
        peers = slots.peers
        for place in slots.peer_places[self._first_seen : count : _STRIDE]:
            self._seen[peers[place]] += 1

    def _next_interval(self, state: SocketState) -> None:
        self._since_s, self._cpu_before_s = self._monotonic(), self._process()
        self._lost_before = state.lost
        self._received = 0
        self._was_emptied = False
        self._seen = Counter()
        self._later(LOOK_S, self._look)

    def _look(self) -> None:
        if self._is_stopped:
            return
        state = self._filter.state()
        if state is None:
            self.is_watched = False
            return
        interval = Interval(
            self._monotonic() - self._since_s,
            self._received,
            (state.lost - self._lost_before) % _LOSSES,
            self._seen,
        )
        is_full = state.taken >= MOST_TAKEN
        if is_full and not self._was_emptied:
            # Of the CPU: what others on this machine take away is not to count.
            spent_s = max(self._process() - self._cpu_before_s, _LEAST_SPENT_S)
            self._most_per_s = max(LEAST_PER_S, MOST_SHARE * interval.received / spent_s)
        if self._most_per_s:
            self._limit(parts_let_through(interval, self._most_per_s, self.parts))
        if is_full or self.parts:
            self._next_interval(state)
        else:
            self.is_watched = False
            self._most_per_s = 0.0

    def _limit(self, parts: Mapping[bytes, float]) -> None:
        if parts != self.parts:
            self._filter.let_through(parts)
            self.parts = parts


def parts_let_through(
    interval: Interval, most_per_s: float, before: Mapping[bytes, float]
) -> dict[bytes, float]:
    """
    Return what part of theirs is let through of clients that send over *most_per_s*.

    *before* was let through in the interval.
    """
    all_seen = sum(interval.seen.values())
    shares = {each: count / all_seen for each, count in interval.seen.items()}
    # For each one received so many were filtered; what else was lost found the socket full.
    filtered = sum(shares.get(each, 0.0) * (1 / part - 1) for each, part in before.items())
    overflowed = max(0.0, (interval.lost - filtered * interval.received) / (1 + filtered))
    came_per_s = (interval.received + overflowed) / interval.seconds
    parts = {}
    for each in shares.keys() | before:
        part_before = before.get(each, 1.0)
        sent_per_s = shares.get(each, 0.0) * came_per_s / part_before
        parts[each] = min(most_per_s / max(sent_per_s, most_per_s), part_before * RISE)
    flooding = sorted((part, each) for each, part in parts.items() if part < 1)
    return {each: part for part, each in flooding[:MOST_FILTERED]}
