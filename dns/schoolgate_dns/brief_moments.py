"""The school's moment, for whoever asks for it several times a query."""

from collections.abc import Callable
from datetime import datetime

# No bell is heard later for it, and a query is answered in less.
LASTS_S = 0.0005


class BriefMoments:
    """
    Asks *now* (aware) again when half a millisecond is over by *monotonic*, in seconds.

    The school's clock compares two clocks of the machine each time, which takes microseconds.
    """

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._now = now
        self._monotonic = monotonic
        self._asked_s = monotonic()
        self._moment = now()

    def now(self) -> datetime:
        """Return the school's moment, at most half a millisecond old."""
        now_s = self._monotonic()
        if now_s - self._asked_s >= LASTS_S:
            self._moment = self._now()
            self._asked_s = now_s
        return self._moment
