"""Accepts what the firewall brings, counts who is there, and sends the slow away."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterable
from itertools import count

import structlog

from schoolgate_proxy.arrivals import Arrivals
from schoolgate_proxy.door.caller import FIRST_BYTES_WITHIN_S, Caller, Inside, TakeOver
from schoolgate_proxy.door.original import Original, original_of
from schoolgate_proxy.door.passage import reset
from schoolgate_proxy.door.pipes import Pipes
from schoolgate_proxy.door.readiness import Readiness

_LOOK_EVERY_S = 0.5
_ACCEPTED_AT_ONCE = 64
_WITHOUT_FILES_S = 0.5
_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = structlog.get_logger(__name__)


class Front:
    """
    Answers the connections at *listeners*, which it closes in the end.

    *take_over* is given what has to be looked into; *closed* is told the id of what is over.
    With *only_brought* a connection straight to a listener is refused; first bytes that take
    longer than *patience_s* are not waited for. To be made in the running loop.
    """

    def __init__(
        self,
        listeners: Iterable[socket.socket],
        arrivals: Arrivals,
        *,
        take_over: TakeOver,
        closed: Callable[[str], None],
        only_brought: bool,
        patience_s: float = FIRST_BYTES_WITHIN_S,
    ) -> None:
        self._listeners = tuple(listeners)
        self._connections = arrivals.connections
        self._closed = closed
        self._only_brought = only_brought
        self._callers: dict[str, Caller] = {}
        self._numbers = count(1)
        loop = asyncio.get_running_loop()
        readiness = Readiness(self._on_fault)
        self._inside = Inside(arrivals, readiness, Pipes(), take_over, loop, patience_s)
        for listener in self._listeners:
            self._listen(listener)
        self._timer = loop.call_later(_LOOK_EVERY_S, self._send_the_slow_away)

    def __len__(self) -> int:
        return len(self._callers)

    def close(self, connection_id: str) -> None:
        """End a connection at once, both sides; nothing if it is not at the door."""
        caller = self._callers.get(connection_id)
        if caller is not None:
            caller.end()

    def stop(self) -> None:
        """Accept nothing more and end every connection."""
        self._timer.cancel()
        for listener in self._listeners:
            self._inside.readiness.forget(listener.fileno())
            listener.close()
        for caller in tuple(self._callers.values()):
            caller.end()
        self._inside.readiness.close()
        self._inside.pipes.close()

    def _send_the_slow_away(self) -> None:
        # First of all: whatever happens to one of them, the others are looked at again.
        self._timer = self._inside.loop.call_later(_LOOK_EVERY_S, self._send_the_slow_away)
        now = self._inside.loop.time()
        for caller in tuple(self._callers.values()):
            if caller.until is not None and caller.until <= now:
                caller.hurry()

    def _listen(self, listener: socket.socket) -> None:
        number = listener.fileno()
        self._inside.readiness.watch_arrivals(number, lambda _: self._accept(listener))

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                accepted, peer = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _OUT_OF_FILES:
                    self._rest(listener)
                    return
                continue  # that one went before it was accepted
            accepted.setblocking(False)  # noqa: FBT003 - the name says which
            self._welcome(accepted, peer[0].partition("%")[0])

    def _rest(self, listener: socket.socket) -> None:
        """Leave *listener* alone for a while: it would be told of again and again."""
        log.error("too many files are open, connections wait")
        self._inside.readiness.leave(listener.fileno())
        self._inside.loop.call_later(_WITHOUT_FILES_S, self._listen_again, listener)

    def _listen_again(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0:
            self._listen(listener)

    def _welcome(self, accepted: socket.socket, address: str) -> None:
        original = original_of(accepted)
        if not self._is_welcome(address, original):
            reset(accepted)
            accepted.close()
            return
        connection_id = f"door-{next(self._numbers)}"
        connection = self._connections.opened(connection_id, address)
        caller = Caller(accepted, connection, original, self._inside, self._gone)
        self._callers[connection_id] = caller
        caller.start()

    def _is_welcome(self, address: str, original: Original) -> bool:
        if self._only_brought and not original.was_brought:
            return False
        return self._connections.has_room_for(address)

    def _gone(self, caller: Caller) -> None:
        del self._callers[caller.connection.id]
        if not caller.is_handed_over:
            self._closed(caller.connection.id)

    def _on_fault(self, number: int, error: Exception) -> None:
        """End the connection that had a fault; the kind alone is logged, as it names nobody."""
        log.error("fault at the door", fault=type(error).__name__)
        for caller in tuple(self._callers.values()):
            if caller.has_file(number):
                caller.end()
