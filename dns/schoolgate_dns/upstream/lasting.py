"""A connection to an upstream that is kept for as long as it is of use, and opened when needed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

CONNECT_LIMIT_S: Final = 5.0
IDLE_LIMIT_S: Final = 20.0
# At one upstream, far more than a single client may have in progress, so that names which nobody
# answers for do not hold up everybody else's; those beyond wait within their own time.
MAX_IN_FLIGHT: Final = 512


class ConnectionLostError(ConnectionError):
    """The connection ended before the answer came; it may be asked for again on another."""


class Connection(Protocol):
    """What is kept."""

    @property
    def is_usable(self) -> bool:
        """Whether another question may be asked on it."""
        ...

    def abort(self) -> None:
        """Close it now; whoever waits on it gets ConnectionLostError."""
        ...


class Lasting[C: Connection]:
    """
    Keeps one connection that *open_* makes.

    Opening it is a task of its own: whoever asked for it may run out of time, and the next one
    who asks is the better for its going on.
    """

    def __init__(self, open_: Callable[[], Awaitable[C]]) -> None:
        self._open_ = open_
        self._connection: C | None = None
        self._opening: asyncio.Task[C] | None = None

    async def with_connection(self, ask: Callable[[C], Awaitable[bytes]]) -> bytes:
        """
        Return what *ask* gives on the connection; if that is lost meanwhile, on another one.

        Raises OSError if there is none, and what *ask* raises.
        """
        try:
            return await ask(await self._usable())
        except ConnectionLostError:
            # An upstream closes what it has not heard from for a while, and our question may
            # just have crossed that. A question does no harm when it is asked twice.
            return await ask(await self._usable())

    async def close(self) -> None:
        """Close the connection, if there is one or is just to be one."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    async def _usable(self) -> C:
        if self._connection is not None and self._connection.is_usable:
            return self._connection
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    async def _open(self) -> C:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            return await self._open_()

    def _opened(self, task: asyncio.Task[C]) -> None:
        self._opening = None
        # An error is read here, since nobody may be left to whom it could be raised.
        if not task.cancelled() and task.exception() is None:
            self._connection = task.result()
