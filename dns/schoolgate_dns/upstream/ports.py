"""
A port of its own for each question, without a socket made for each.

The system gives a random port to a socket that is connected, and passes it only what comes from
where it is connected to. When the question is over the socket is disconnected: at that moment its
port is gone, as if it was closed, and no one can reach it until it is connected anew, which gives
it another port. To make and to watch a new one takes three times as long. Source: connect(2).
"""

import socket
from collections.abc import Callable
from typing import Final

from schoolgate_dns.datagrams.system_calls import ffi
from schoolgate_dns.resolvers import Place
from schoolgate_dns.upstream.watching import Watching

MOST_KEPT: Final = 128
# With the kind of socket that it is for, this saves a call for each.
_NONBLOCK: Final[int] = getattr(socket, "SOCK_NONBLOCK", 0)
_NOWHERE: Final = bytes(16)  # a socket address of no family, AF_UNSPEC
# The socket module has no name for a connect to nowhere.
_CONNECT: Final = ffi.dlopen(None).connect


def disconnected(descriptor: int) -> bool:
    """Connect a socket to nowhere; return whether that is done."""
    return not _CONNECT(descriptor, _NOWHERE, len(_NOWHERE))


def open_socket(place: Place) -> socket.socket:
    """Return a socket for datagrams to *place* that does not block, connected to nowhere yet."""
    own = socket.socket(
        socket.AF_INET6 if ":" in place.address else socket.AF_INET,
        socket.SOCK_DGRAM | _NONBLOCK,
    )
    if not _NONBLOCK:
        own.setblocking(False)  # noqa: FBT003 - the call has no keywords
    return own


class Ports:
    """
    Sockets that are connected to *place*, and told of by *watching* when they can be read.

    Those that are not in use are kept, MOST_KEPT at most. INVARIANT: of these, none is used again
    before the watching has gone through a whole round without finding anything in it, so that what
    was sent to an earlier port is never compared with a later question.
    """

    def __init__(
        self,
        place: Place,
        watching: Watching,
        disconnect: Callable[[int], bool] = disconnected,
    ) -> None:
        self._address = (place.address, place.port)
        self._place = place
        self._watching = watching
        self._may_keep = watching.tells_rounds
        self._is_proven = False
        self._disconnect = disconnect
        self._ready: dict[int, socket.socket] = {}
        # Those given back before the round that goes on now, and since it began.
        self._resting: dict[int, socket.socket] = {}
        self._newly_resting: dict[int, socket.socket] = {}

    @property
    def kept(self) -> int:
        """How many are not in use."""
        return len(self._ready) + len(self._resting) + len(self._newly_resting)

    def send(self, query: bytes) -> socket.socket:
        """Return the socket that *query* has left by. Raises OSError."""
        is_new = not self._ready
        own = open_socket(self._place) if is_new else self._ready.popitem()[1]
        try:
            own.connect(self._address)
            own.send(query)
            if is_new:
                self._watching.watch(own)
        except OSError:
            own.close()
            raise
        return own

    def give_back(self, own: socket.socket) -> None:
        """Take away the port of *own*, at which nothing is waited for any more."""
        if self._may_keep and self.kept < MOST_KEPT and self._is_disconnected(own):
            self._newly_resting[own.fileno()] = own
        else:
            self._watching.drop(own)

    def close_kept(self, descriptor: int) -> None:
        """Take note that something is in a socket from which nobody awaits anything."""
        for kept in (self._resting, self._newly_resting, self._ready):
            own = kept.pop(descriptor, None)
            if own is not None:
                self._watching.drop(own)

    def end_round(self) -> None:
        """Take note that every socket was told of that had something when the round began."""
        self._ready.update(self._resting)
        self._resting, self._newly_resting = self._newly_resting, {}

    def close(self) -> None:
        """Close those that are not in use; from now on none is kept."""
        self._may_keep = False
        for kept in (self._resting, self._newly_resting, self._ready):
            for own in kept.values():
                self._watching.drop(own)
            kept.clear()

    def _is_disconnected(self, own: socket.socket) -> bool:
        if not self._disconnect(own.fileno()):
            return False
        if not self._is_proven:
            # A system that left it its port would send every question from the same one.
            self._is_proven = self._may_keep = own.getsockname()[1] == 0
        return self._may_keep
