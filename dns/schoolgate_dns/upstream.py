"""
Asking upstreams, and believing only the answer to what was asked.

Each query goes out under a random id from a socket of its own, connected, so that the system
gives it a random port and drops what comes from any other address or port. A datagram with
another id or question is passed over and the waiting goes on. Sources: RFC 5452 section 9,
RFC 7766 section 5.
"""

import asyncio
import ipaddress
import secrets
import socket
from collections.abc import Callable

import structlog

from schoolgate_dns import wire
from schoolgate_dns.errors import (
    UpstreamBusy,
    UpstreamError,
    UpstreamSilent,
    UpstreamUnreachable,
    WireError,
)
from schoolgate_dns.messages import Lookup, Reply
from schoolgate_dns.resolvers import Place

MAX_TRIES = 2
# With a socket each, and as many connections of clients, well below a process's 1024 files.
MAX_IN_FLIGHT = 512
_LARGEST_DATAGRAM = 65_535

log = structlog.get_logger(__name__)


class Upstreams:
    """
    Asks *places*, the one that answered last first, each try for at most *timeout_s*.

    Alike questions that wait at the same time are asked once. *random_id* gives a number below
    65536 that nobody can guess.
    """

    def __init__(
        self,
        places: tuple[Place, ...],
        timeout_s: float,
        *,
        max_in_flight: int = MAX_IN_FLIGHT,
        random_id: Callable[[], int] = lambda: secrets.randbelow(65_536),
    ) -> None:
        self._places = places
        self._preferred = 0
        self._timeout_s = timeout_s
        self._max_in_flight = max_in_flight
        self._random_id = random_id
        self._in_flight: dict[Lookup, asyncio.Task[Reply]] = {}

    async def resolve(self, lookup: Lookup) -> Reply:
        """
        Return the reply to *lookup* within MAX_TRIES times the timeout.

        Raises UpstreamSilent, UpstreamUnreachable or UpstreamBusy.
        """
        task = self._in_flight.get(lookup)
        if task is None:
            if len(self._in_flight) >= self._max_in_flight:
                raise UpstreamBusy(f"{self._max_in_flight} questions are waiting already")
            task = asyncio.create_task(self._resolve(lookup))
            self._in_flight[lookup] = task
            task.add_done_callback(lambda done: self._finished(lookup, done))
        # One client that goes away must not take the answer from those who ask the same.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Give up what is waiting."""
        waiting = list(self._in_flight.values())
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def _finished(self, lookup: Lookup, task: asyncio.Task[Reply]) -> None:
        self._in_flight.pop(lookup, None)
        if not task.cancelled():
            # Read here, since whoever asked may have gone away.
            task.exception()

    async def _resolve(self, lookup: Lookup) -> Reply:
        first = self._preferred
        failure: UpstreamError = UpstreamSilent("no upstream answered in time")
        for position in range(first, first + MAX_TRIES):
            place = self._places[position % len(self._places)]
            try:
                async with asyncio.timeout(self._timeout_s):
                    reply = await self._ask(place, lookup)
            except TimeoutError:
                failure = UpstreamSilent(f"{place} did not answer in {self._timeout_s} s")
            except (OSError, WireError) as error:
                failure = UpstreamUnreachable(f"{place}: {error}")
                failure.__cause__ = error
            else:
                self._preferred = position % len(self._places)
                return reply
            log.debug("upstream gave no usable reply", upstream=str(place), cause=str(failure))
            # The next question does not wait for this one first.
            self._preferred = (position + 1) % len(self._places)
        raise failure

    async def _ask(self, place: Place, lookup: Lookup) -> Reply:
        octets = await self._ask_by_udp(place, lookup)
        if wire.is_truncated(octets):
            octets = await self._ask_by_tcp(place, lookup)
        return wire.read_reply(octets)

    async def _ask_by_udp(self, place: Place, lookup: Lookup) -> bytes:
        loop = asyncio.get_running_loop()
        number = self._random_id()
        with socket.socket(_family(place), socket.SOCK_DGRAM) as own:
            own.setblocking(False)  # noqa: FBT003 - the call has no keywords
            own.connect((place.address, place.port))
            await loop.sock_sendall(own, wire.query_for(lookup, number))
            while True:
                octets = await loop.sock_recv(own, _LARGEST_DATAGRAM)
                if wire.is_reply_to(octets, lookup, number):
                    return octets

    async def _ask_by_tcp(self, place: Place, lookup: Lookup) -> bytes:
        number = self._random_id()
        query = wire.query_for(lookup, number)
        reader, writer = await asyncio.open_connection(place.address, place.port)
        try:
            writer.write(len(query).to_bytes(2) + query)
            await writer.drain()
            length = int.from_bytes(await reader.readexactly(2))
            octets = await reader.readexactly(length)
        except asyncio.IncompleteReadError as error:
            raise WireError("the connection ended inside a message") from error
        finally:
            writer.close()
        if not wire.is_reply_to(octets, lookup, number) or wire.is_truncated(octets):
            raise WireError("over TCP came something else than the answer")
        return octets


def _family(place: Place) -> socket.AddressFamily:
    is_ipv6 = ipaddress.ip_address(place.address).version == 6  # noqa: PLR2004 - its number
    return socket.AF_INET6 if is_ipv6 else socket.AF_INET
