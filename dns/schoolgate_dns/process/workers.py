"""
Several workers, forked from one process that does nothing but keep them running.

Everything is imported and the first snapshot compiled before the first of them is born, so that
they share that memory; there is no event loop and no thread before, which a fork would break. A
worker that dies is born again at once from the same process, with the same sockets, in which
what arrived meanwhile is waiting: nobody notices but those whose queries it was working on.
"""

import gc
import mmap
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from schoolgate_dns.process.memory import give_back, leave_uncounted
from schoolgate_policyd.child import end_with

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
SETTLED_AFTER_S: Final = 10.0
# Less than the supervisor waits for all of us.
STOP_WITHIN_S: Final = 4.0
# As in the supervisor: one that ends this often before it served will not serve next time.
MOST_FAILED_STARTS: Final = 5
# A worker's exit status where another start cannot help, and where it met a mistake of ours
# (sysexits.h).
MISCONFIGURED: Final = 78
BROKEN: Final = 70

_STOP: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_ALL: Final = _STOP | {signal.SIGCHLD, signal.SIGUSR1}
_FOR_EVER_S: Final = 3600.0

# A worker that is not stuck shows it about every second.
BEAT_WITHIN_S: Final = 5.0
_LOOK_EVERY_S: Final = 1.0


class Signs(Protocol):
    """How a worker shows its parent what becomes of it."""

    def serving(self) -> None:
        """Show that it serves."""
        ...

    def alive(self) -> None:
        """Show that it is not stuck; called from the loop that does the work."""
        ...


Work = Callable[[int, bool, Signs], int]
"""
A worker's life: its number from 1 on, whether it takes a dead one's place, and how it shows what
becomes of it; returns its exit status. It runs in a process of its own, until one of _STOP.
"""

log = structlog.get_logger(__name__)


@dataclass
class _Place:
    """The place of one worker; *pid* is None while nobody has it, until *due_at_s*."""

    number: int
    pid: int | None = None
    born_at_s: float = 0.0
    due_at_s: float = 0.0
    births: int = 0
    failed_starts: int = 0
    quick_deaths: int = 0
    beat: int = 0
    beat_at_s: float = 0.0

    def vacate(self, now_s: float, *, has_served: bool) -> None:
        """Note a death: the first one is made good at once, those soon after it with pauses."""
        if now_s - self.born_at_s > SETTLED_AFTER_S:
            self.quick_deaths = 0
        pause_s = min(FIRST_PAUSE_S * 2**self.quick_deaths, LONGEST_PAUSE_S)
        is_first = has_served and not self.quick_deaths
        self.pid = None
        self.due_at_s = now_s if is_first else now_s + pause_s
        self.quick_deaths += 1
        self.failed_starts = 0 if has_served else self.failed_starts + 1


class _SharedSigns:
    """In the worker: sets its octets, which the parent has as well."""

    def __init__(self, at: int, serving: mmap.mmap, beats: mmap.mmap) -> None:
        self._at = at
        self._serving = serving
        self._beats = beats

    def serving(self) -> None:
        self.alive()
        self._serving[self._at] = 1
        os.kill(os.getppid(), signal.SIGUSR1)

    def alive(self) -> None:
        self._beats[self._at] = (self._beats[self._at] + 1) & 0xFF


class Workers:
    """Keeps *count* workers at *work*."""

    def __init__(self, count: int, work: Work) -> None:
        self._work = work
        self._places = [_Place(number) for number in range(1, count + 1)]
        # An octet for each, that it sets to 1 once it serves, and one that it changes while it
        # is not stuck; forked processes share them.
        self._serving = mmap.mmap(-1, count)
        self._beats = mmap.mmap(-1, count)
        self._is_announced = False

    def run(self, ready: Callable[[], None], alive: Callable[[], None] | None = None) -> int:
        """
        Run until SIGTERM, SIGINT or SIGHUP; *ready* is called once all of them serve.

        If somebody wants to know, *alive* is called about every second while none is stuck.
        Return the exit status: 1 when a worker never served, however often it was born.
        """
        if threading.active_count() > 1:
            raise RuntimeError("a fork would leave the locks of other threads locked for ever")
        with _frozen(), _blocked() as unblock:
            try:
                return self._keep(ready, alive, unblock)
            finally:
                self._end_all()

    def _keep(
        self,
        ready: Callable[[], None],
        alive: Callable[[], None] | None,
        unblock: Callable[[], None],
    ) -> int:
        while True:
            now_s = time.monotonic()
            for place in self._places:
                if place.pid is None and place.due_at_s <= now_s:
                    self._bear(place, unblock)
            longest_s = _FOR_EVER_S if alive is None else _LOOK_EVERY_S
            got = signal.sigtimedwait(_ALL, min(self._next_due_in_s(), longest_s))
            if got is not None and got.si_signo in _STOP:
                return 0
            # Signals of one kind are joined, so after any of them everything is looked at.
            for place in self._places:
                if not self._look_at(place):
                    return 1
            if not self._is_announced and all(map(self._serves, self._places)):
                self._is_announced = True
                ready()
            if alive is not None and self._is_well(time.monotonic()):
                alive()

    def _is_well(self, now_s: float) -> bool:
        """Whether every worker serves, and has shown of late that it is not stuck."""
        for place in self._places:
            beat = self._beats[place.number - 1]
            if beat != place.beat:
                place.beat, place.beat_at_s = beat, now_s
        return all(map(self._serves, self._places)) and all(
            now_s - place.beat_at_s < BEAT_WITHIN_S for place in self._places
        )

    def _serves(self, place: _Place) -> bool:
        return bool(self._serving[place.number - 1])

    def _next_due_in_s(self) -> float:
        due = [place.due_at_s for place in self._places if place.pid is None]
        return max(0.0, min(due) - time.monotonic()) if due else _FOR_EVER_S

    def _look_at(self, place: _Place) -> bool:
        """Note it if the worker has died; whether there is sense in another start."""
        if place.pid is None:
            return True
        pid, status = os.waitpid(place.pid, os.WNOHANG)
        if not pid:
            return True
        status = os.waitstatus_to_exitcode(status)
        place.vacate(time.monotonic(), has_served=self._serves(place))
        self._serving[place.number - 1] = 0
        if status == MISCONFIGURED and not self._is_announced:
            return False  # it has said what to change
        log.error("a worker died", worker=place.number, status=status)
        return place.failed_starts < MOST_FAILED_STARTS

    def _bear(self, place: _Place, unblock: Callable[[], None]) -> None:
        place.born_at_s = time.monotonic()
        place.births += 1
        parent = os.getpid()
        pid = os.fork()
        if pid:
            place.pid = pid
            return
        status = BROKEN
        try:
            if end_with(parent):
                gc.enable()
                unblock()
                signs = _SharedSigns(place.number - 1, self._serving, self._beats)
                status = self._work(place.number, place.births > 1, signs)
        except Exception:
            log.exception("a worker met a mistake of ours", worker=place.number)
        finally:
            # Whatever happened, nothing of what the parent goes on to do is done here as well.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _end_all(self) -> None:
        """Have all of them stop, by force those that have not in time or at a second signal."""
        self._signal_all(signal.SIGTERM)
        until_s = time.monotonic() + STOP_WITHIN_S
        while self._are_there() and (left_s := until_s - time.monotonic()) > 0:
            got = signal.sigtimedwait(_ALL, left_s)
            if got is not None and got.si_signo in _STOP:
                break
        self._signal_all(signal.SIGKILL)
        for place in self._places:
            if place.pid is not None:
                os.waitpid(place.pid, 0)
                place.pid = None

    def _are_there(self) -> bool:
        for place in self._places:
            if place.pid is not None and os.waitpid(place.pid, os.WNOHANG)[0]:
                place.pid = None
        return any(place.pid is not None for place in self._places)

    def _signal_all(self, number: signal.Signals) -> None:
        for place in self._places:
            if place.pid is not None:
                # A process that has ended is there until it is waited for, so this is no other.
                os.kill(place.pid, number)


@contextmanager
def _frozen() -> Iterator[None]:
    """Leave what is there now to itself, so that no collection writes to what workers share."""
    give_back()
    gc.disable()
    if leave_uncounted():
        give_back()  # what it took to find them
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


@contextmanager
def _blocked() -> Iterator[Callable[[], None]]:
    """Block the signals that are waited for; yield what undoes that in a worker."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL)

    def unblock() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    try:
        yield unblock
    finally:
        while signal.sigtimedwait(_ALL, 0) is not None:
            pass  # what came too late concerns nobody any more
        unblock()
