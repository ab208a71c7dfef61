"""
Datagrams to the firewall's point: who was told which names, and the ways that this opened.

Nothing waits for it. While it has too much to do a few thousand wait here; while it is away they
are lost, and counted: the point closes ways of which it knows no name, so what is lost is told
again as soon as it can be.
"""

import contextlib
import os
import socket
from collections import deque
from pathlib import Path

from schoolgate_policyd.netfilter.ways import Told, encode_told

# Some 200 octets each: what a whole school opens in the second in which a lesson begins.
MOST_WAITING = 4096


class Teller:
    """
    Tells the point that listens at *path*.

    `untold` counts what was lost. `meetings` is how often it was found: another number means
    that it may be another process, which knows nothing of what was told before.
    """

    def __init__(self, path: Path) -> None:
        self.untold = 0
        self.meetings = 0
        self._path = str(path)
        self._own: socket.socket | None = None
        self._met_at: tuple[int, int] | None = None
        self._waiting: deque[bytes] = deque()

    def tell(self, told: Told) -> bool:
        """Tell the point now or soon; return False if it never learns it. Never raises."""
        octets = encode_told(told)
        if self._waiting:
            self.tell_waiting()
        if not self._waiting and self._sent(octets):
            return True
        if self._own is not None and len(self._waiting) < MOST_WAITING:
            self._waiting.append(octets)
            return True
        self.untold += 1
        return False

    def tell_waiting(self) -> None:
        """Tell what waits, as much as the point takes; call it about every second."""
        if self._own is not None and self._place() != self._met_at:
            # Another has taken its place, and nobody may have anything to tell for a while.
            self.close()
            self.meetings += 1
        waiting = self._waiting
        while waiting and self._sent(waiting[0]):
            waiting.popleft()
        if self._own is None:
            self.untold += len(waiting)
            waiting.clear()

    def close(self) -> None:
        """Tell nothing any more."""
        if self._own is not None:
            self._own.close()
            self._own = None

    def _sent(self, octets: bytes) -> bool:
        """Whether the point has *octets* now; if it has not, it is busy or away (no `_own`)."""
        if self._own is not None:
            try:
                self._own.send(octets)
            except BlockingIOError:
                return False
            except OSError:
                # It has ended; perhaps there is a new one in its place already.
                self.close()
            else:
                return True
        return self._found(octets)

    def _found(self, octets: bytes) -> bool:
        """Look for the point and tell it *octets*; whether both was done."""
        with contextlib.ExitStack() as on_failure:
            try:
                own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                on_failure.callback(own.close)
                met_at = self._place()
                own.connect(self._path)
                own.send(octets)
            except OSError:
                return False
            on_failure.pop_all()
        self._own = own
        self._met_at = met_at
        self.meetings += 1
        return True

    def _place(self) -> tuple[int, int] | None:
        """Return what tells one point's socket from another's, None where there is none."""
        try:
            found = os.stat(self._path)  # noqa: PTH116 - every second, and the path is a text
        except OSError:
            return None
        return found.st_ino, found.st_ctime_ns
