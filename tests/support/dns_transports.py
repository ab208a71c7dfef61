"""Upstreams without sockets, in the test's hands, and a clock beside them."""

import asyncio
from collections.abc import Callable

from dns_local import query, reply_to

from schoolgate_dns.messages import Lookup, wire
from schoolgate_dns.upstream.counts import Counts

Says = Callable[[Lookup], bytes | BaseException | None]


def lookup_of(name: str, type_: str = "A") -> Lookup:
    return wire.read_query(query(name, type_).to_wire()).lookup


def answer_to(lookup: Lookup, *records: str, rcode: int = 0) -> bytes:
    return reply_to(wire.query_for(lookup, 0), *records, rcode=rcode).to_wire()


def fine(lookup: Lookup) -> bytes:
    return answer_to(lookup)


class HandTransport:
    """A transport that answers as *says*; where that is None, when the test calls `release`."""

    def __init__(self, name: str, says: Says = fine) -> None:
        self.name = name
        self.counts = Counts()
        self.is_proven = True
        self.says = says
        self.relays: Callable[[bytes], bytes | BaseException] = lambda octets: octets
        self.asked: list[Lookup] = []
        self.relayed: list[bytes] = []
        self.is_closed = False
        self._held: list[tuple[Lookup, asyncio.Future[bytes]]] = []

    async def ask(self, lookup: Lookup) -> bytes:
        self.asked.append(lookup)
        said = self.says(lookup)
        if said is None:
            future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._held.append((lookup, future))
            return await future
        if isinstance(said, BaseException):
            raise said
        return said

    def release(self, says: Says = fine) -> None:
        """Let everything that waits be answered as *says*."""
        held, self._held = self._held, []
        for lookup, future in held:
            said = says(lookup)
            if future.done():
                continue
            if isinstance(said, BaseException):
                future.set_exception(said)
            elif said is not None:
                future.set_result(said)

    async def relay(self, octets: bytes) -> bytes:
        self.relayed.append(octets)
        said = self.relays(octets)
        if isinstance(said, BaseException):
            raise said
        return said

    async def close(self) -> None:
        self.is_closed = True


class HandClock:
    """Seconds that go on when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s
