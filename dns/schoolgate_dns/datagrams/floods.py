"""
A flood must not take everybody's place in the socket, nor the time of those who are answered.

When more comes than can be read, the socket is full, and the system drops what comes next,
whoever sent it. Where that is so, one client gets at most a quarter of what can be read, and all
together hardly more than that: who sends less than an equal part gets all of theirs, and of those
who send more the kernel drops so much, chosen by chance, that the socket does not fill again
(`socket_filter`). How much can be read is what was done with while it was full; with every look it
is taken to be a little more, until it is too much again. Where time was left it is what all of the
time would have been enough for: the look before may have seen a pause.

Names that have to be worked on find no room to wait in long before that. Reading what is dropped
then takes time that is short, so where it is an eighth of what is read, all together get hardly
more than there is room for.

Nothing is counted and nobody limited while all that comes is read and finds room.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, Final, NamedTuple, Protocol

from schoolgate_dns.datagrams.flood_shares import (
    LEAST_PER_S,
    Interval,
    equal_share,
    parts_let_through,
    sent_per_s,
)
from schoolgate_dns.datagrams.slots import Slots
from schoolgate_dns.datagrams.socket_filter import SocketState

LOOK_S: Final = 0.05
MOST_TAKEN: Final = 0.25
MOST_SHARE: Final = 0.25
# Of what can be read, so that what waits already is read as well; of what there is room for, so
# that there always is something to work on; and how much more at each look.
OF_READ: Final = 0.95
OF_ROOM: Final = 1.1
GROWTH: Final = 1.05

# Of so many slots one is looked at, another one each time.
_STRIDE: Final = 8
_LOSSES: Final = 1 << 32
_LEAST_SPENT_S: Final = 1e-3


class Backlog(NamedTuple):
    """How many wait to be answered, and how many were *dropped* so far since no more may."""

    waiting: int
    dropped: int


class Filter(Protocol):
    """Whoever filters a socket; `socket_filter.SocketFilter` in the running point."""

    def state(self) -> SocketState | None:
        """Return the state of the socket; None where it is not known."""
        ...

    def let_through(self, parts: Mapping[bytes, float]) -> None:
        """Let through these *parts* of what clients send; of others, all."""
        ...


class Floods:
    """
    Looks, while too much comes, whose it is, and has the *own_filter* let through less of that.

    *backlog* says what waits and what found no room to. *monotonic* gives seconds, *process* those
    of CPU that were spent; *later* calls after so many. `parts` has what is let through of clients
    that flood. `is_watched` says whether `see` and `emptied` want to be told.
    """

    def __init__(
        self,
        own_filter: Filter,
        backlog: Callable[[], Backlog],
        monotonic: Callable[[], float],
        process: Callable[[], float],
        later: Callable[[float, Callable[[], None]], Any],
    ) -> None:
        self.is_watched = False
        self.parts: Mapping[bytes, float] = {}
        self._filter = own_filter
        self._backlog = backlog
        self._monotonic = monotonic
        self._process = process
        self._later = later
        self._is_stopped = False
        self._most_per_s = self._all_per_s = inf
        self._first_seen = 0
        self._since_s = self._cpu_before_s = 0.0
        self._lost_before = 0
        self._backlog_before = Backlog(0, 0)
        self._received = 0
        self._was_emptied = False
        self._seen: Counter[bytes] = Counter()

    def stop(self) -> None:
        """Look no more."""
        self._is_stopped = True

    def watch(self) -> None:
        """Look what comes from now on: more waits however much was taken, or finds no room."""
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
        self._lost_before, self._backlog_before = state.lost, self._backlog()
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
        backlog = self._backlog()
        interval = Interval(
            self._monotonic() - self._since_s,
            self._process() - self._cpu_before_s,
            self._received,
            backlog.dropped - self._backlog_before.dropped,
            backlog.waiting - self._backlog_before.waiting,
            (state.lost - self._lost_before) % _LOSSES,
            self._seen,
        )
        is_full = state.taken >= MOST_TAKEN
        self._learn(interval, is_full=is_full)
        self._limit(interval)
        if is_full or interval.is_overworked or self.parts:
            self._next_interval(state)
        else:
            self.is_watched = False
            self._most_per_s = self._all_per_s = inf

    def _learn(self, interval: Interval, *, is_full: bool) -> None:
        """Learn from *interval* how much all may have, and one."""
        done_per_s = interval.done / interval.seconds
        # Of the CPU: what others on this machine take away is not to count.
        spent_s = max(interval.spent_s, _LEAST_SPENT_S)
        if is_full and not self._was_emptied:
            self._all_per_s = max(OF_READ * done_per_s, LEAST_PER_S)
            self._most_per_s = MOST_SHARE * interval.received / spent_s
        elif interval.is_overworked:
            self._all_per_s = max(OF_ROOM * done_per_s, LEAST_PER_S)
        else:
            self._all_per_s = max(GROWTH * self._all_per_s, interval.done / spent_s)

    def _limit(self, interval: Interval) -> None:
        sent = sent_per_s(interval, self.parts)
        most_per_s = min(self._most_per_s, equal_share(sent.values(), self._all_per_s))
        parts = parts_let_through(sent, most_per_s, self.parts)
        if parts != self.parts:
            self._filter.let_through(parts)
            self.parts = parts
