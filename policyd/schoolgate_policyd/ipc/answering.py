"""
Whether a point does what policyd tells it; one that does not is started anew.

A point that is stuck, or refuses revision after revision, goes on deciding by what it had before.
It stops telling its service manager that it is well, and the manager's watchdog ends it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from schoolgate_policyd import service_notice

SILENT_AFTER_S = 10.0
# Where nothing was put in force since the start, another start is not likely to help: a revision
# that no point can take must not end all of them every minute.
SILENT_SINCE_START_AFTER_S = 300.0

log = structlog.get_logger(__name__)


class Answering:
    """What a point was told and has not done; *monotonic_s* is a clock in seconds."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._at_work_since_s: float | None = None
        self._refusing_since_s: float | None = None
        self._has_put_one_in_force = False
        self._is_reported = False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Note how long it takes to do what was told."""
        self._at_work_since_s = self._monotonic_s()
        try:
            yield
        finally:
            self._at_work_since_s = None

    def refused(self) -> None:
        """Note that a revision could not be put in force."""
        if self._refusing_since_s is None:
            self._refusing_since_s = self._monotonic_s()

    def in_force(self) -> None:
        """Note that a revision is in force; whether it could be kept on the disk is no matter."""
        self._refusing_since_s = None
        self._has_put_one_in_force = True

    @property
    def is_silent(self) -> bool:
        """Whether what was told has not been done for long."""
        since_s = (self._at_work_since_s, self._refusing_since_s)
        most_s = SILENT_AFTER_S if self._has_put_one_in_force else SILENT_SINCE_START_AFTER_S
        now_s = self._monotonic_s()
        return any(each is not None and now_s - each > most_s for each in since_s)

    def alive(self, say: Callable[[], None] = service_notice.alive) -> None:
        """Say that the point is well, unless it is silent; to be called about every second."""
        if not self.is_silent:
            self._is_reported = False
            say()
        elif not self._is_reported:
            self._is_reported = True
            log.error("what policyd tells is not put in force, another start is asked for")
