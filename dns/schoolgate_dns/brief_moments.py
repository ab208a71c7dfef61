"""The school's moment, for whoever asks for it several times a query."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

# By so much an answer or a claim may outlast its bell.
LASTS_S: Final = 0.002


class BriefMoments:
    """
    Asks *now* (aware) again when two milliseconds are over by *monotonic*, in seconds.

    The school's clock compares two clocks of the machine each time, which takes microseconds.
    """

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._now = now
        self._monotonic = monotonic
        self._asked_s = monotonic()
        self._moment = now()

    def now(self) -> datetime:
        """Return the school's moment, at most two milliseconds old."""
        now_s = self._monotonic()
        if now_s - self._asked_s >= LASTS_S:
            self._moment = self._now()
            self._asked_s = now_s
        return self._moment
