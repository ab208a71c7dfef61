"""
Datagrams to the firewall's point: who was told which names, and the ways that this opened.

Nothing waits for it. What is told in one turn of the loop goes in one datagram. While the point
has too much to do a few thousand wait here; while it is away they are lost, and counted: the point
closes ways of which it knows no name, so what is lost is told again as soon as it can be.
"""

import contextlib
import os
import socket
from collections import deque
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

from schoolgate_policyd.netfilter.ways import (
    LONGEST_TOLD,
    MOST_TOLD_AT_ONCE,
    Told,
    datagram_of,
    encode_told,
)

# Some 200 octets each: what a whole school opens in the second in which a lesson begins.
MOST_WAITING: Final = 4096
_HEAD_OCTETS: Final = 3


def _now(work: Callable[[], None]) -> None:
    work()


class Teller:
    """
    Tells the point that listens at *path*.

    `soon` has something done before long, as the loop's `call_soon` does; without a loop it is
    done at once. `untold` counts what was lost. `meetings` is how often it was found: another
    number means that it may be another process, which knows nothing of what was told before.
    """

    def __init__(self, path: Path) -> None:
        self.untold = 0
        self.meetings = 0
        self.soon: Callable[[Callable[[], None]], object] = _now
        self._is_going_to_tell = False
        self._path = str(path)
        self._own: socket.socket | None = None
        self._met_at: tuple[int, int] | None = None
        self._waiting: deque[bytes] = deque()

    def tell(self, told: Told) -> bool:
        """
        Tell the point soon; return False if it does not learn it. Never raises.

        One that goes away before it is told is another one when it is found again (`meetings`).
        """
        if len(self._waiting) >= MOST_WAITING or (self._own is None and not self._found()):
            self.untold += 1
            return False
        self._waiting.append(encode_told(told))
        if not self._is_going_to_tell:
            self._is_going_to_tell = True
            self.soon(self._tell)
        return True

    def tell_waiting(self) -> None:
        """Tell what waits, as much as the point takes; call it about every second."""
        if self._own is not None and self._place() != self._met_at:
            # Another has taken its place, and nobody may have anything to tell for a while.
            self.close()
            self.meetings += 1
        self._tell()

    def close(self) -> None:
        """Tell nothing any more."""
        if self._own is not None:
            self._own.close()
            self._own = None

    def _tell(self) -> None:
        self._is_going_to_tell = False
        waiting = self._waiting
        while waiting:
            parts = self._next_parts()
            if not self._sent(datagram_of(parts)):
                break
            for _ in parts:
                waiting.popleft()
        if waiting and self._own is None:
            self.untold += len(waiting)
            waiting.clear()

    def _next_parts(self) -> list[bytes]:
        """Return what waits longest, as much as one datagram holds."""
        room = LONGEST_TOLD
        parts: list[bytes] = []
        for each in islice(self._waiting, MOST_TOLD_AT_ONCE):
            room -= len(each)
            if parts and room < _HEAD_OCTETS:
                break
            parts.append(each)
        return parts

    def _sent(self, octets: bytes) -> bool:
        """Whether the point has *octets* now; if it has not, it is busy or away (no `_own`)."""
        for _ in range(2):
            if self._own is None and not self._found():
                return False
            try:
                if self._own is not None:
                    self._own.send(octets)
            except BlockingIOError:
                return False
            except OSError:
                # It has ended; perhaps there is a new one in its place already.
                self.close()
            else:
                return True
        return False

    def _found(self) -> bool:
        """Look for the point; whether it is there."""
        with contextlib.ExitStack() as on_failure:
            try:
                own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                on_failure.callback(own.close)
                met_at = self._place()
                own.connect(self._path)
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
