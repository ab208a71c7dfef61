"""
What is shown once, on the page after the form that made it: codes and tokens.

They wait in memory alone, for the session that made them, for a few minutes; whoever looks has
seen them.
"""

import threading
from datetime import datetime, timedelta

WAITS = timedelta(minutes=5)
MOST = 1000


class ShownOnce:
    """The secrets of this process that wait to be seen."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, str], tuple[datetime, tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    def put(self, session_id: int, kind: str, secrets: tuple[str, ...], now: datetime) -> None:
        """Have *secrets* wait for the session's next look at that kind of thing."""
        with self._lock:
            kept = {each: wait for each, wait in self._waiting.items() if wait[0] > now}
            kept[session_id, kind] = (now + WAITS, secrets)
            self._waiting = dict(list(kept.items())[-MOST:])

    def take(self, session_id: int, kind: str, now: datetime) -> tuple[str, ...]:
        """Return what waits, which then waits no longer; nothing where nothing does."""
        with self._lock:
            until, secrets = self._waiting.pop((session_id, kind), (now, ()))
            return secrets if until > now else ()
