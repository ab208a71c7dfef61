"""
A client that asks many questions at once, over UDP and where an answer is cut short over TCP.

Each question is asked from an address of its own choice, as that of a whole school would be.
"""

import asyncio
import contextlib
import itertools
import random
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
from tree_zones import Question

TCP_PAUSE_S = 0.1


class Asker(asyncio.DatagramProtocol):
    """One address that asks *server*; replies are told apart by their ids."""

    def __init__(self, address: str, server: tuple[str, int]) -> None:
        self._address = address
        self._server = server
        self._numbers = itertools.count(random.randrange(1 << 16))  # noqa: S311 - no secret
        self._waiting: dict[int, asyncio.Future[bytes]] = {}

    async def open(self) -> Self:
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(self._address, 0)
        )
        return self

    def close(self) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        waiting = self._waiting.get(int.from_bytes(data[:2]))
        if addr == self._server and waiting is not None and not waiting.done():
            waiting.set_result(data)

    async def ask(self, query: bytes, timeout_s: float, tries: int) -> bytes:
        """Return the whole answer. Raises TimeoutError if there is none after all tries."""
        for _ in range(tries):
            number = next(self._numbers) % (1 << 16)
            waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
            self._transport.sendto(number.to_bytes(2) + query[2:], self._server)
            try:
                async with asyncio.timeout(timeout_s):
                    answer = await waiting
            except TimeoutError:
                continue
            finally:
                del self._waiting[number]
            if not answer[2] & dns.flags.TC >> 8:
                return answer
            # A server has only so many connections, and closes what is one too many.
            with contextlib.suppress(TimeoutError, OSError, asyncio.IncompleteReadError):
                return await self._over_tcp(query, timeout_s)
            await asyncio.sleep(TCP_PAUSE_S)
        raise TimeoutError

    async def _over_tcp(self, query: bytes, timeout_s: float) -> bytes:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(
                *self._server, local_addr=(self._address, 0)
            )
            try:
                writer.write(len(query).to_bytes(2) + query)
                return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            finally:
                writer.transport.abort()


def query_for(question: Question, manner: str) -> bytes:
    """
    The query for *question* in a *manner*: a word for each thing beside RD.

    `edns` is an OPT record, `do`, `ad` and `cd` are the flags.
    """
    words = manner.split()
    message = dns.message.make_query(
        dns.name.from_text(question.name),
        dns.rdatatype.from_text(question.type),
        use_edns=0 if "edns" in words or "do" in words else False,
        want_dnssec="do" in words,
        payload=1232,
        flags=dns.flags.RD
        | (dns.flags.AD if "ad" in words else 0)
        | (dns.flags.CD if "cd" in words else 0),
    )
    return message.to_wire()


def read(answer: bytes) -> dns.message.Message:
    """*answer* as dnspython reads it, records of one set together."""
    return dns.message.from_wire(answer)
