"""One direction of a passage: bytes moved by the kernel from one socket to another."""

import os
import socket

from schoolgate_proxy.door.pipes import PIPE_OCTETS, Pipe, Pipes

# After so many turns others have theirs: one fast download must not hold up everybody.
MOST_TURNS = 16
_NOT_WAITING = os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE


class Half:
    """
    Moves what *source* sends to *sink*; *is_over* once that has ended and *sink* was told.

    Both are sockets that do not wait. What *sink* cannot take yet stays in a pipe, and nothing
    more is read meanwhile, so that *source* is held back by its own sender's window.
    """

    __slots__ = ("_held", "_pipe", "_pipes", "is_over", "sink", "source")

    def __init__(self, source: socket.socket, sink: socket.socket, pipes: Pipes) -> None:
        self.source = source
        self.sink = sink
        self.is_over = False
        self._pipes = pipes
        self._pipe: Pipe | None = None
        self._held = 0

    @property
    def is_held_back(self) -> bool:
        """Whether bytes wait for the sink to take them."""
        return self._held > 0

    def move(self) -> bool:
        """
        Move what can be moved; return whether there may be more at once.

        Raises OSError when either end is gone.
        """
        source, sink = self.source.fileno(), self.sink.fileno()
        try:
            for _ in range(MOST_TURNS):
                if not self._held and not self._take(source):
                    return False
                self._put(sink)
        except BlockingIOError:
            return False
        return True

    def _take(self, source: int) -> bool:
        """Fill the pipe from *source*; return False at its end, which the sink is then told."""
        pipe = self._pipes.take()
        try:
            self._held = os.splice(source, pipe.write_end, PIPE_OCTETS, flags=_NOT_WAITING)
        except OSError:
            self._pipes.give(pipe)
            raise
        if not self._held:
            self._pipes.give(pipe)
            self.is_over = True
            self.sink.shutdown(socket.SHUT_WR)
            return False
        self._pipe = pipe
        return True

    def _put(self, sink: int) -> None:
        pipe = self._pipe
        if pipe is None:
            raise RuntimeError("bytes are held in no pipe")
        while self._held:
            self._held -= os.splice(pipe.read_end, sink, self._held, flags=_NOT_WAITING)
        self._pipe = None
        self._pipes.give(pipe)

    def drop(self) -> None:
        """Let go of what is held."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
            self._held = 0
