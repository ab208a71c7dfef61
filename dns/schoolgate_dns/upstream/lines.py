"""A port that many questions go by, and those that are on their way."""

import socket
from typing import Final

from schoolgate_dns.upstream.awaited import Awaited

MOST_ASKED_BY_LINE: Final = 1024
# After so many that answer nothing somebody may be guessing, and there is another port as well.
MOST_STRAY: Final = 16
# What the system counts for a reply of the longest that we ask for (its data and its own record).
_BUFFERED_OCTETS: Final = 2304
_LEAST_AWAITED: Final = 16


class Line:
    """
    A connected socket, what has been asked by it and is *awaited* by its id, and *unsent*.

    *late* are the ids of what had its time, and until when a reply may come all the same. No more
    is asked by it than it has room for replies that nobody has read yet.
    """

    __slots__ = ("asked", "awaited", "late", "own", "room", "stray", "unsent")

    def __init__(self, own: socket.socket) -> None:
        self.own = own
        granted = own.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self.room = max(_LEAST_AWAITED, granted // _BUFFERED_OCTETS)
        self.asked = 0
        self.stray = 0
        self.awaited: dict[bytes, Awaited] = {}
        self.late: dict[bytes, float] = {}
        self.unsent: list[bytes] = []  # their ids

    @property
    def is_good_for_another(self) -> bool:
        """Whether one more question may leave by it."""
        return (
            self.asked < MOST_ASKED_BY_LINE
            and self.stray < MOST_STRAY
            and len(self.awaited) < self.room
        )
