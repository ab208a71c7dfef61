"""How many connections there may be, all together and of one client, and what a client may ask."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

# Together with the sockets that ask upstreams well below a process's 1024 files.
MAX_CONNECTIONS: Final = 128
MAX_CONNECTIONS_OF_CLIENT: Final = 32
# The same for all connections of a client, so that opening more of them gains nothing.
MAX_IN_PROGRESS_OF_CLIENT: Final = 128


class StreamLimits(msgspec.Struct, frozen=True):
    """
    How long a client is waited for, and how much it may ask at once on one connection.

    *idle_s* runs while nothing is asked and nothing unanswered, *message_s* from a message's
    first octet to its last, *write_s* until what we say has left us.
    """

    idle_s: float = 10.0
    message_s: float = 5.0
    write_s: float = 10.0
    in_progress: int = 32


class Accepted(msgspec.Struct, frozen=True):
    """A connection of *client*; *places* are all its queries in progress, here and elsewhere."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    client: str
    places: asyncio.Semaphore


class _Client:
    __slots__ = ("connections", "places")

    def __init__(self, places: int) -> None:
        self.connections = 0
        self.places = asyncio.Semaphore(places)


class Connections:
    """
    Admits connections up to *most*, up to *most_of_client* of one, of clients that *serves*.

    Addresses that are *known_as* one are one client.
    """

    def __init__(
        self,
        *,
        most: int = MAX_CONNECTIONS,
        most_of_client: int = MAX_CONNECTIONS_OF_CLIENT,
        in_progress_of_client: int = MAX_IN_PROGRESS_OF_CLIENT,
        serves: Callable[[str], bool] = lambda _client: True,
        known_as: Callable[[str], str] = lambda client: client,
    ) -> None:
        self._most = most
        self._most_of_client = most_of_client
        self._in_progress_of_client = in_progress_of_client
        self._serves = serves
        self._known_as = known_as
        self._clients: dict[str, _Client] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    def __len__(self) -> int:
        return sum(each.connections for each in self._clients.values())

    @contextmanager
    def admitted(self, client: str) -> Iterator[asyncio.Semaphore | None]:
        """
        Count the running task as a connection of *client*, an address; None if one too many.

        What is given has a place for every query that this client may have in progress.
        """
        task = asyncio.current_task()
        is_served = self._serves(client)
        client = self._known_as(client) if is_served else client
        counted = self._clients.get(client)
        is_full = len(self) >= self._most or (
            counted is not None and counted.connections >= self._most_of_client
        )
        if task is None or is_full or not is_served:
            yield None
            return
        if counted is None:
            counted = self._clients[client] = _Client(self._in_progress_of_client)
        counted.connections += 1
        self._tasks.add(task)
        try:
            yield counted.places
        finally:
            self._tasks.discard(task)
            counted.connections -= 1
            if not counted.connections:
                del self._clients[client]

    async def close(self) -> None:
        """End every connection, whatever still waits on it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
