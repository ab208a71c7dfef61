"""
Names, queries and mixes that every server is asked alike.

1,000,000 names are listed, none of the allowed ones, each of which is a site of its own: many
names below one parent would look like a tunnel. All names have one length, so that the kernel can
cut one large send into packets when a flood is wanted.
"""

import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

LISTED = 1_000_000
SEED = 7
A, AAAA, OPT = 1, 28, 41
NOERROR, NXDOMAIN = 0, 3
# Of a hundred addresses that sites had when they were visited last, A is asked for most.
_TYPES = (A, A, A, AAAA)
_SOON = 64
# Traps lie all over the list.
_APART = 97
_OPT_RECORD = b"\0" + struct.pack("!HHIH", OPT, 1232, 0, 0)


def listed_name(number: int) -> str:
    """Return one of the names on the list."""
    return f"s{number:07}.host{number % 9973:04}.example.org"


def allowed_name(number: int) -> str:
    """Return the name of a site that nothing blocks."""
    return f"www.lessons{number:010}.example"


def fresh_name(number: int) -> str:
    """Return a name that nobody asked for before."""
    return f"www.fresh{number:012}.example"


def silent_name(number: int) -> str:
    """Return a name that the upstream never answers for."""
    return f"n{number:013}.silent.example"


@dataclass(frozen=True)
class Ask:
    """A question, and the response code that answers it; *has_edns* adds an OPT record."""

    name: str
    type: int = A
    rcode: int = NOERROR
    has_edns: bool = False

    def packet(self, id_: int) -> bytes:
        """Return the query with the id *id_*."""
        labels = b"".join(bytes([len(each)]) + each for each in self.name.encode().split(b"."))
        head = struct.pack("!HHHHHH", id_, 0x0100, 1, 0, 0, int(self.has_edns))
        question = labels + b"\0" + struct.pack("!HH", self.type, 1)
        return head + question + _OPT_RECORD * self.has_edns


class WrongAnswerError(Exception):
    """A server gave an answer that is none to the question."""


def is_answer_to(answer: bytes, packet: bytes, rcode: int) -> bool:
    """Whether *answer* has *packet*'s id and question, *rcode*, and an answer if it is one."""
    end = packet.index(b"\0", 12) + 5
    return (
        answer[:2] == packet[:2]
        and answer[2] & 0x80 != 0
        and answer[3] & 0x0F == rcode
        and answer[12:end] == packet[12:end]
        and (rcode != NOERROR or answer[6:8] != b"\0\0")
    )


@dataclass(frozen=True)
class Mix:
    """
    What a school asks for: few names often and many seldom (Zipf), some of them blocked.

    *sites* are as many as are allowed, *traps* as many of the listed names as anybody asks for.
    """

    name: str
    blocked_share: float
    sites: int = 2_000
    traps: int = 10_000
    asks: int = 8_192

    def asks_of(self, client: int) -> Sequence[Ask]:
        """Return what the client number *client* asks for, in order; every fourth uses EDNS."""
        rng = random.Random(SEED * 1000 + client)  # noqa: S311 - repeatable, not secret
        sites = rng.choices(range(self.sites), _zipf(self.sites), k=self.asks)
        traps = rng.choices(range(self.traps), _zipf(self.traps), k=self.asks)
        has_edns = client % 4 == 3
        return [
            Ask(listed_name(trap * _APART), rng.choice(_TYPES), NXDOMAIN, has_edns)
            if rng.random() < self.blocked_share
            else Ask(allowed_name(site), rng.choice(_TYPES), NOERROR, has_edns)
            for site, trap in zip(sites, traps, strict=True)
        ]


def _zipf(count: int) -> list[float]:
    return [1 / (rank + 1) for rank in range(count)]


@dataclass(frozen=True)
class Fresh:
    """
    *asks* names for each client from *first* on, none of which was asked for before.

    *name_of* makes them: `fresh_name`, `silent_name`, or `listed_name`, answered by *rcode*.
    """

    first: int
    asks: int = 8_192
    name_of: Callable[[int], str] = fresh_name
    rcode: int = NOERROR

    def asks_of(self, client: int) -> Sequence[Ask]:
        """Return what the client number *client* asks for, each once."""
        start = self.first + client * self.asks
        return [
            Ask(self.name_of(number), A, self.rcode) for number in range(start, start + self.asks)
        ]


@dataclass(frozen=True)
class Warm:
    """
    *names* different allowed names, shared out among *clients*, each asked as often.

    Each is asked for again soon after the first time: what is asked for once in a long while is
    not what a server should keep.
    """

    names: int
    clients: int

    def asks_of(self, client: int) -> Sequence[Ask]:
        """Return what the client number *client* asks for, over and over."""
        share = self.names // self.clients
        first, end = client * share, (client + 1) * share
        return [
            Ask(allowed_name(number))
            for part in range(first, end, _SOON)
            for number in (*range(part, min(part + _SOON, end)),) * 2
        ]


class Asking(Protocol):
    """What clients ask for: a `Mix`, `Warm` or `Fresh` names."""

    def asks_of(self, client: int) -> Sequence[Ask]:
        """Return what the client number *client* asks for, in order."""
        ...


MIXED = Mix("mixed", 0.1)
BLOCKED = Mix("blocked", 1.0)
# Two pupils' computers, staff on two kinds of device, a visitor, a tablet, and two that nobody
# knows: what is decided for them differs, what is listed is blocked for all.
CLIENTS = (
    "127.0.1.10",
    "127.0.1.11",
    "127.0.2.10",
    "127.0.3.10",
    "127.0.4.10",
    "127.0.5.10",
    "127.0.9.9",
    "127.0.1.12",
)
