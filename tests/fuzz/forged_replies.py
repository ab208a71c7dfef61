"""
Answer the DNS point's questions with forged replies first, and with the true one after them.

    python tests/fuzz/forged_replies.py --count 1000000 --seed 7

Each forged reply is right in everything but one of: id, port, address, question (its name, the
name's capitals, type or class) or header. None may come into the cache, and each question must
still get the true reply. It ends with status 1 if one did not.
"""

import argparse
import asyncio
import contextlib
import random
import socket
import sys
import threading
import time
from collections import Counter

import uvloop

from schoolgate_dns.errors import UpstreamError
from schoolgate_dns.messages import Lookup
from schoolgate_dns.replies.cache import ReplyCache
from schoolgate_dns.resolvers import Place, UpstreamKind, UpstreamPlace
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_dns.upstream.plain import PlainTransport
from schoolgate_dns.upstream.upstreams import Upstreams

HEADER_OCTETS = 12
TYPE_A = 1
TRUE, FORGED = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 66))
AT_ONCE = 8
# Most questions get a few; some so many that they go over TCP.
FEW, MANY = (1, 14), (18, 24)
MANY_EVERY = 50
_RECEIVE_OCTETS = 4 * 1024 * 1024


def reply_to(query: bytes, address: bytes) -> bytes:
    """Return a reply to *query* with one A record of *address*."""
    end = query.index(0, HEADER_OCTETS) + 5
    record = b"\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4" + address
    return query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[HEADER_OCTETS:end] + record


def changed(octets: bytes, at: int, rng: random.Random) -> bytes:
    """Return *octets* with another octet in one place."""
    return octets[:at] + bytes([octets[at] ^ rng.randrange(1, 256)]) + octets[at + 1 :]


def other_capitals(octets: bytes, end: int, rng: random.Random) -> bytes:
    letters = [at for at in range(HEADER_OCTETS, end) if chr(octets[at]).isalpha()]
    forged = bytearray(octets)
    for at in rng.sample(letters, rng.randint(1, len(letters))):
        forged[at] ^= 0x20
    return bytes(forged)


class Liar(threading.Thread):
    """
    An upstream in whose place others answer first.

    *sent* counts the forged replies by their kind. It ends when its sockets are closed.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(daemon=True)
        self.sent = Counter[str]()
        self._rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._questions = 0
        self._own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_OCTETS)
        self._own.bind(("127.0.0.1", 0))
        self.port: int = self._own.getsockname()[1]
        self._of_other_address = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._of_other_address.bind(("127.0.0.2", self.port))
        self._of_other_port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._of_other_port.bind(("127.0.0.1", 0))

    def run(self) -> None:
        while True:
            query, client = self._own.recvfrom(4096)
            if not query:
                break
            self._questions += 1
            for _ in range(self._rng.randint(*(FEW if self._questions % MANY_EVERY else MANY))):
                self._forge(query, client)
            self._own.sendto(reply_to(query, TRUE), client)
        for each in (self._own, self._of_other_address, self._of_other_port):
            each.close()

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self.join()

    def _forge(self, query: bytes, client: tuple[str, int]) -> None:
        rng, forged = self._rng, reply_to(query, FORGED)
        name_end = query.index(0, HEADER_OCTETS) + 1
        sender = self._own
        kind = rng.choice(
            ("id", "id", "port", "address", "name", "capitals", "type", "class", "header")
        )
        match kind:
            case "id":
                forged = changed(forged, rng.randrange(2), rng)
            case "port":
                sender = self._of_other_port
            case "address":
                sender = self._of_other_address
            case "name":
                # The last letter of the first label, so that it stays a name.
                at = HEADER_OCTETS + query[HEADER_OCTETS]
                other = rng.choice([each for each in b"0123456789-" if each != query[at]])
                forged = forged[:at] + bytes([other]) + forged[at + 1 :]
            case "capitals":
                forged = other_capitals(forged, name_end, rng)
            case "type":
                forged = changed(forged, name_end + rng.randrange(2), rng)
            case "class":
                forged = changed(forged, name_end + 2 + rng.randrange(2), rng)
            case _:
                # No reply, another opcode, or not exactly one question.
                forged = forged[:2] + rng.choice(
                    (
                        b"\1\x80" + forged[4:],
                        b"\xa9\x80" + forged[4:],
                        forged[2:5] + b"\2" + forged[6:],
                    )
                )
        sender.sendto(forged, client)
        self.sent[kind] += 1


async def true_by_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    reply = reply_to(query, TRUE)
    writer.write(len(reply).to_bytes(2) + reply)
    await writer.drain()
    writer.close()


async def ask_among_forged(count: int, seed: int, *, together: bool = False) -> bool:
    """
    Whether *count* forged replies did no harm; says what became of them.

    Questions have a port each, or share them *together*.
    """
    liar = Liar(seed)
    liar.start()
    tcp = await asyncio.start_server(true_by_tcp, "127.0.0.1", liar.port)
    place = UpstreamPlace(UpstreamKind.PLAIN, Place("127.0.0.1", liar.port))
    upstreams = Upstreams([PlainTransport(place, 5.0, together=together)], 5.0)
    became = Counter[str]()

    async def ask_on(first: int) -> None:
        number = first
        while liar.sent.total() < count:
            label = b"www%d-x" % number
            lookup = Lookup(bytes([len(label)]) + label + b"\7example\3com\0", TYPE_A)
            replies = HeldReplies(ReplyCache(), upstreams, time.monotonic)
            with contextlib.suppress(UpstreamError):
                await replies.fetch(lookup)
            held = replies.get(lookup)
            if held is None:
                became["none"] += 1
            else:
                became["true" if held.reply.octets.endswith(TRUE) else "forged"] += 1
            number += AT_ONCE

    await asyncio.gather(*(ask_on(first) for first in range(AT_ONCE)))
    (counts,) = upstreams.counts().values()
    await upstreams.close()
    tcp.close()
    liar.stop()
    print(
        f"{liar.sent.total()} forged replies {dict(liar.sent)}: "
        f"{became['forged']} cached, {became['true']} true ones cached, "
        f"{became['none']} unanswered, "
        f"{counts['mismatched']} passed over, {counts['tcp']} questions went over TCP"
    )
    # Those of another port or address the system drops before we see them.
    has_met_them = counts["mismatched"] > liar.sent.total() / 2
    return has_met_them and set(became) == {"true"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 2)[1])
    parser.add_argument("--count", type=int, default=100_000, help="forged replies")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--together", action="store_true", help="by ports that are shared")
    arguments = parser.parse_args()
    asking = ask_among_forged(arguments.count, arguments.seed, together=arguments.together)
    return 0 if uvloop.run(asking) else 1


if __name__ == "__main__":
    sys.exit(main())
