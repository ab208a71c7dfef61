"""How one upstream has been doing, and whether it is worth asking."""

from typing import Final

from schoolgate_dns.metrics.histogram import Histogram
from schoolgate_dns.upstream.transport import CallingTransport, Transport

# One lost datagram is nothing; three in a row without an answer between them are.
FAILURES_TO_REST: Final = 3
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
# Names whose servers are dead can make an upstream rest and recover many times a second.
NEWS_EVERY_S: Final = 10.0
# What a check found is knowledge for so long.
CHECK_LASTS_S: Final = 2.0
ASSUMED_ROUND_TRIP_S: Final = 0.05
SHORTEST_PATIENCE_S: Final = 0.25
# An upstream gives way to a later one when it is slower by a class of so many seconds.
_CLASS_S: Final = 0.1


class Health:
    """
    An upstream's *transport* and its record, which begins at *now_s*.

    *calling* is the transport if asking it needs no task. Moments are seconds of a clock that
    only goes on.

    It rests after FAILURES_TO_REST failures in a row, for a pause that doubles with each further
    one, and any answer ends it.
    """

    def __init__(self, transport: Transport, now_s: float) -> None:
        self.transport = transport
        self.calling = transport if isinstance(transport, CallingTransport) else None
        self.counts = transport.counts
        self.round_trips = Histogram()
        self.is_resting = False
        self.is_probed = False
        self.asked_at_s = now_s
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._rests_until_s = 0.0
        self._known_dead_until_s = 0.0
        self._told_at_s = -NEWS_EVERY_S
        self._round_trip_s = ASSUMED_ROUND_TRIP_S
        self._deviation_s = ASSUMED_ROUND_TRIP_S / 2

    @property
    def is_suspect(self) -> bool:
        """Whether the last thing it was asked it did not answer."""
        return self._failures > 0

    @property
    def slowness(self) -> int:
        """The class of its round trips: among those of one class the configured order counts."""
        return int(self._round_trip_s / _CLASS_S)

    @property
    def patience_s(self) -> float:
        """After how long without an answer another one is better asked too."""
        return max(SHORTEST_PATIENCE_S, self._round_trip_s + 4 * self._deviation_s)

    def note_answer(self, took_s: float) -> bool:
        """Take in an answer; return whether it ended a rest."""
        self.round_trips.observe(took_s)
        difference_s = took_s - self._round_trip_s
        self._round_trip_s += difference_s / 8
        self._deviation_s += (abs(difference_s) - self._deviation_s) / 4
        was_resting, self.is_resting = self.is_resting, False
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._known_dead_until_s = 0.0
        return was_resting

    def note_failure(self, now_s: float) -> bool:
        """Take in that it did not answer, or not usably; return whether a rest begins."""
        self._failures += 1
        if self._failures < FAILURES_TO_REST:
            return False
        was_resting, self.is_resting = self.is_resting, True
        if not was_resting or now_s >= self._rests_until_s:
            # Those that were asked together fail together, and count as one.
            self._rests_until_s = now_s + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        return not was_resting

    def note_dead(self, now_s: float) -> None:
        """Take in that it does not even answer what every server can."""
        self._known_dead_until_s = now_s + CHECK_LASTS_S

    def is_known_dead(self, now_s: float) -> bool:
        """Whether a client would wait for it in vain."""
        return self.is_resting and (
            now_s < self._known_dead_until_s or (self.is_probed and self._known_dead_until_s > 0)
        )

    def may_be_probed(self, now_s: float) -> bool:
        """Whether it rests, and its pause is over."""
        return self.is_resting and not self.is_probed and now_s >= self._rests_until_s

    def may_be_checked(self, now_s: float) -> bool:
        """Whether it rests, and nobody knows whether it is dead."""
        return self.is_resting and not self.is_probed and now_s >= self._known_dead_until_s

    def is_news(self, now_s: float) -> bool:
        """Whether what became of it is worth a line in the log; that is now and then."""
        if now_s - self._told_at_s < NEWS_EVERY_S:
            return False
        self._told_at_s = now_s
        return True
