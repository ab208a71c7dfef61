"""How much of what clients send is let through where more comes than can be answered."""

from collections.abc import Iterable, Mapping
from math import inf
from typing import Final, NamedTuple

from schoolgate_dns.datagrams.socket_filter import MOST_FILTERED

# Who sends no more is never limited: as many as the gateway's ruleset lets through.
LEAST_PER_S: Final = 2000.0
# How soon a flood that has ended is forgotten: at each look so much more is let through.
RISE: Final = 1.5
# Of what is read so much may find no room to wait in, before reading it is a waste of the time.
MOST_DROPPED: Final = 0.125
# Whoever spends this part of a time on their work has no other.
_BUSY: Final = 0.9


class Interval(NamedTuple):
    """
    What came to a socket in some *seconds*, in which *spent_s* of CPU were spent.

    So many were *received*, of which those *dropped* found no room to wait in; *more_wait* than
    at its beginning, fewer where it is negative. Others were *lost* before, to the filter or since
    the socket was full. *seen* has how many were whose, of some of those received.
    """

    seconds: float
    spent_s: float
    received: int
    dropped: int
    more_wait: int
    lost: int
    seen: Mapping[bytes, int]

    @property
    def done(self) -> int:
        """How many were done with: those that still wait are not, those that waited before are."""
        return self.received - self.dropped - self.more_wait

    @property
    def is_overworked(self) -> bool:
        """Whether time that is short goes into reading what is dropped then."""
        is_busy = self.spent_s >= _BUSY * self.seconds
        return is_busy and self.dropped > MOST_DROPPED * self.received


def sent_per_s(interval: Interval, parts: Mapping[bytes, float]) -> dict[bytes, float]:
    """Return how much each client sent, where *parts* of it were let through."""
    all_seen = sum(interval.seen.values())
    shares = {each: count / all_seen for each, count in interval.seen.items()}
    # For each one received so many were filtered; what else was lost found the socket full.
    filtered = sum(shares.get(each, 0.0) * (1 / part - 1) for each, part in parts.items())
    overflowed = max(0.0, (interval.lost - filtered * interval.received) / (1 + filtered))
    came_per_s = (interval.received + overflowed) / interval.seconds
    return {
        each: shares.get(each, 0.0) * came_per_s / parts.get(each, 1.0)
        for each in shares.keys() | parts
    }


def parts_let_through(
    sent: Mapping[bytes, float], most_per_s: float, before: Mapping[bytes, float]
) -> dict[bytes, float]:
    """
    Return what part is let through of clients that *sent* over *most_per_s*.

    *before* was let through of theirs so far.
    """
    most_per_s = max(most_per_s, LEAST_PER_S)
    parts = {
        each: min(most_per_s / per_s if per_s > most_per_s else 1.0, before.get(each, 1.0) * RISE)
        for each, per_s in sent.items()
    }
    flooding = sorted((part, each) for each, part in parts.items() if part < 1)
    return {each: part for part, each in flooding[:MOST_FILTERED]}


def equal_share(wanted: Iterable[float], total: float) -> float:
    """Return what each may have, so that *total* is shared by those who want more than it."""
    left = sorted(wanted)
    for number, each in enumerate(left):
        share = total / (len(left) - number)
        if each > share:
            return share
        total -= each
    return inf
