"""
Queries as tunnels send them: when, which name and type, and how many octets come back.

The names are random in the shape that each program gives them: iodine 0.7 (`client.c`), dns2tcp
0.5 (`client/`), dnscat2 0.07 (`client/tunnel_drivers/driver_dns.c`).
"""

import base64
import random
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from schoolgate_dns.messages import Lookup, Query
from schoolgate_dns.messages.wire_names import text_of
from schoolgate_dns.stages.asked import Asked
from schoolgate_dns.stages.tunnel import Tunnels
from schoolgate_dns.tunnels.passage import Stopped
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.strict import strict_source
from schoolgate_policyd.core.subjects import Subject

NULL, TXT, MX, CNAME, SRV, A, AAAA, KEY, PRIVATE = 10, 16, 15, 5, 33, 1, 28, 25, 65399
PTR, HTTPS = 12, 65
_BASE32 = "abcdefghijklmnopqrstuvwxyz012345"
_BASE64 = string.ascii_letters + string.digits + "-+"
LESSON = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PUPIL = "127.0.1.10"
_SNAPSHOT = compile_snapshot(strict_source())


class Sent(NamedTuple):
    """A query at *at_s* for *name* (octets of any value by backslash) and its answer's size."""

    at_s: float
    name: str
    type: int
    answer_octets: int


def asked(name: str | bytes, type_number: int = A, client: str = PUPIL) -> Asked:
    """Return what a stage is told of a client's query for *name*, which may be in wire form."""
    labels = (
        [label.encode("latin-1").lower() for label in name.split(".")]
        if isinstance(name, str)
        else list(_labels_of(name.lower()))
    )
    in_wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    question = in_wire + type_number.to_bytes(2) + b"\0\1"
    text = ".".join(map(text_of, labels))
    query = Query(
        DomainName(text), type_number, 1, question, Lookup(in_wire, type_number), flags=0x100
    )
    return Asked(query, client, Subject(), _SNAPSHOT, LESSON)


def stop_of(tunnels: Tunnels, told: Asked, now_s: float) -> Stopped | None:
    """Return how a query is stopped, None if it goes on."""
    passage = tunnels.ask(told, now_s)
    return passage if isinstance(passage, Stopped) else None


def _labels_of(in_wire: bytes) -> Iterator[bytes]:
    at = 0
    while length := in_wire[at]:
        yield in_wire[at + 1 : at + 1 + length]
        at += 1 + length


def split(text: str, most: int = 57) -> str:
    """Return *text* with a dot after each *most* characters."""
    return ".".join(text[at : at + most] for at in range(0, len(text), most))


class Programs:
    """Makes the streams of one run; the same *seed* makes the same ones."""

    def __init__(self, seed: int, domain: str = "t.evil.example") -> None:
        self.random = random.Random(seed)  # noqa: S311 - a test's data
        self.domain = domain

    def text(self, length: int, alphabet: str = _BASE32) -> str:
        return "".join(self.random.choices(alphabet, k=length))

    def iodine(self, type_number: int, per_s: float, *, upload: bool) -> Iterator[Sent]:
        """Log in, try codecs and sizes, then carry data one way."""
        at_s = 0.0
        for name, answer in self._iodine_greeting():
            yield Sent(at_s, f"{name}.{self.domain}", type_number, answer)
            at_s += max(0.05, 1 / per_s)
        octets = "".join(map(chr, (*range(188, 254), *map(ord, _BASE64))))
        alphabet = octets if type_number in (NULL, PRIVATE) else _BASE32
        while True:
            data = self.text(200, alphabet) if upload else self.text(7)
            answer = 90 if upload else 1_100
            name = f"{split(self.random.choice('0123') + data if upload else 'p' + data)}"
            yield Sent(at_s, f"{name}.{self.domain}", type_number, answer)
            at_s += 1 / per_s

    def _iodine_greeting(self) -> Iterator[tuple[str, int]]:
        yield "v" + self.text(10), 80
        yield "l" + self.text(31), 110
        for _ in range(3):
            yield "z" + self.text(3) + "aabbccddeeffgghhiijjkkllmmnnooppqqrrssttuuvvwwxxyyzz", 150
        for codec in ("s", "y", "o"):
            yield codec + self.text(5), 150
        for size in (768, 1152, 1344, 1248, 1200):
            yield split("r" + self.text(200)), size

    def dns2tcp(self, type_number: int, per_s: float, *, upload: bool) -> Iterator[Sent]:
        """Log in, then a session number and counters in front of base64."""
        at_s = 0.0
        for request in ("auth", "auth", "resource", "connect"):
            yield Sent(
                at_s, f"{self.text(10, _BASE64)}.={request}.{self.domain}", type_number, 120
            )
            at_s += max(0.05, 1 / per_s)
        while True:
            name = self.text(10, _BASE64) + (self.text(140, _BASE64) if upload else "")
            yield Sent(
                at_s, f"{split(name, 62)}.{self.domain}", type_number, 60 if upload else 400
            )
            at_s += 1 / per_s

    def dnscat2(self, types: tuple[int, ...], per_s: float, octets: int) -> Iterator[Sent]:
        """Hexadecimal packets of *octets*, each of one of *types*."""
        at_s = 0.0
        while True:
            packet = self.random.randbytes(octets).hex()
            type_number = self.random.choice(types)
            yield Sent(at_s, f"{split(packet, 62)}.{self.domain}", type_number, 50 + 2 * octets)
            at_s += 1 / per_s

    def octets_in_hosts(self, per_s: float) -> Iterator[Sent]:
        """A home-made one: 40 octets of base32 in each name, four octets back in an A record."""
        at_s = 0.0
        while True:
            packet = base64.b32encode(self.random.randbytes(40)).decode().rstrip("=")
            yield Sent(at_s, f"{split(packet, 32)}.{self.domain}", A, 120)
            at_s += 1 / per_s
