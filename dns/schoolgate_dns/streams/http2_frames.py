"""
How long a frame of HTTP/2 may be, held to before anything is collected.

h2 looks at a frame's length once all of it is there, and sixteen megabytes would have to be kept
for each connection until then.
"""

from typing import Final

from h2.exceptions import FrameTooLargeError

MAX_FRAME_OCTETS: Final = 16_384  # what we never raise (RFC 9113 section 4.2)
PREFACE_OCTETS: Final = 24  # what a client says first (RFC 9113 section 3.4)
_HEAD_OCTETS: Final = 9
_LENGTH_OCTETS: Final = 3


class FrameGuard:
    """Walks along a connection's frames; *skip* octets stand before the first of them."""

    def __init__(self, skip: int = 0) -> None:
        self._skip = skip
        self._head = b""

    def check(self, octets: bytes) -> None:
        """Take in what comes next. Raises FrameTooLargeError if it begins too long a frame."""
        at = 0
        while at < len(octets):
            if self._skip:
                step = min(self._skip, len(octets) - at)
                self._skip -= step
            else:
                step = _HEAD_OCTETS - len(self._head)
                self._head += octets[at : at + step]
                if len(self._head) == _HEAD_OCTETS:
                    self._skip = int.from_bytes(self._head[:_LENGTH_OCTETS])
                    self._head = b""
            at += step
            if self._skip > MAX_FRAME_OCTETS:
                raise FrameTooLargeError(f"a frame of {self._skip} octets")
