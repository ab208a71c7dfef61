"""Pipes for the kernel to move bytes through: one is needed only while it holds any."""

import contextlib
import fcntl
import os
from dataclasses import dataclass

# Enough for a socket's buffer in one go; a pipe that a slow reader keeps full costs no more.
PIPE_OCTETS = 256 * 1024
MOST_IDLE = 16


@dataclass(frozen=True, slots=True)
class Pipe:
    """A pipe's two ends, as file descriptors that do not wait."""

    read_end: int
    write_end: int

    def close(self) -> None:
        """Let go of both ends, and of what is in between."""
        os.close(self.read_end)
        os.close(self.write_end)


class Pipes:
    """
    Pipes at rest.

    INVARIANT: a pipe that is given back is empty. One that is not would give a connection's
    bytes to another.
    """

    def __init__(self) -> None:
        self._idle: list[Pipe] = []

    def take(self) -> Pipe:
        """Return an empty pipe. Raises OSError when there can be no more."""
        if self._idle:
            return self._idle.pop()
        read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        # Whoever has very many gets small ones, which are slower and no less right.
        with contextlib.suppress(OSError):
            fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, PIPE_OCTETS)
        return Pipe(read_end, write_end)

    def give(self, pipe: Pipe) -> None:
        """Take back an empty pipe."""
        if len(self._idle) < MOST_IDLE:
            self._idle.append(pipe)
        else:
            pipe.close()

    def close(self) -> None:
        """Close what is at rest."""
        while self._idle:
            self._idle.pop().close()
