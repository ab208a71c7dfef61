"""
What stands in the local tree: a root, two domains below it, and zones of every kind below those.

Every zone has the same shape with names of its own: hosts, chains of aliases, DNAMEs, wildcards,
names in between that have no records, names of odd octets and of the greatest length, answers too
large for a datagram, and every type of record that this point knows something about or nothing.
Addresses are those for documentation.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

TOPS = ("branch", "twig")
MOST_NAMES = 250
LONGEST_CHAIN = 12


class Kind(StrEnum):
    """How a zone is signed and served."""

    PLAIN = "plain"
    NSEC = "nsec"
    NSEC3 = "nsec3"
    OPT_OUT = "opt-out"
    UNTRUSTED = "untrusted"  # signed, but its parent does not say so
    EXPIRED = "expired"
    FORGED = "forged"  # its addresses are others than those that were signed
    MISMATCHED = "mismatched"  # its parent vouches for another key
    LAME = "lame"  # whom its parent names knows nothing of it
    SILENT = "silent"  # whom its parent names never answers


SIGNED = frozenset(Kind) - {Kind.PLAIN, Kind.LAME, Kind.SILENT}
# What is asked of these takes its time, and is always the same.
FEW_NAMES = {Kind.LAME: 6, Kind.SILENT: 3, Kind.EXPIRED: 60, Kind.MISMATCHED: 60}
SOUND = (Kind.PLAIN, Kind.NSEC, Kind.NSEC3, Kind.OPT_OUT, Kind.UNTRUSTED)


class Question(NamedTuple):
    """A name as zone files write it, and a type; *kind* is its zone's, *place* its place there."""

    name: str
    type: str
    kind: Kind
    place: int


@dataclass(frozen=True)
class Zone:
    """A zone below one of TOPS, the *number*th of all."""

    number: int
    kind: Kind

    @property
    def top(self) -> str:
        return TOPS[self.number % len(TOPS)]

    @property
    def origin(self) -> str:
        """The zone's name, with the dot at its end."""
        return f"{self.kind}{self.number:04}.{self.top}."

    def text(self) -> str:
        """The zone file, unsigned."""
        return "\n".join((_HEAD, _FIXED, *_chain(), *_large(), *_long_names(self), *self._hosts()))

    def _hosts(self) -> Iterator[str]:
        for number in range(MOST_NAMES):
            yield f"h{number} {60 * (1 + number)} IN {_RECORDS[number % len(_RECORDS)]}"

    def questions(self) -> list[Question]:
        """What is asked of the zone; always the same, in the same order."""
        rng = random.Random(self.number)  # noqa: S311 - repeatable, not secret
        asked = list(dict.fromkeys(self._fixed_questions()))
        known = set(asked)
        while len(asked) < MOST_NAMES:
            question = self._random_question(rng)
            if question not in known:
                asked.append(question)
                known.add(question)
        if self.kind in FEW_NAMES:
            asked = rng.sample(asked, FEW_NAMES[self.kind])
        return [
            Question(name, type_, self.kind, place)
            for place, (name, type_) in enumerate(asked[:MOST_NAMES])
        ]

    def _fixed_questions(self) -> Iterator[tuple[str, str]]:
        for label, types in _ASKED.items():
            name = self.origin if label == "@" else f"{label}.{self.origin}"
            for type_ in types.split():
                yield name, type_
        for length in range(1, LONGEST_CHAIN + 1):
            yield f"c{length}.{self.origin}", ("A", "TXT", "AAAA")[length % 3]
        for owner in _longest_owners(self):
            yield owner, "A"
            yield owner, "TXT"
        # One octet more than a name may have, once the DNAME has made it longer.
        yield _filled(f"dname.{self.origin}", 255), "A"

    def _random_question(self, rng: random.Random) -> tuple[str, str]:
        number = rng.randrange(MOST_NAMES)
        labels = (
            f"h{number}",
            f"h{number}",
            f"H{number}",
            f"x{number}.wild",
            f"deep.x{number}.wild",
            f"x{number}.cwild",
            f"no{number}",
            f"no.h{number}",
            f"h{number}.dname",
        )
        return f"{rng.choice(labels)}.{self.origin}", rng.choice(_TYPES)


def zones_for(names: int) -> list[Zone]:
    """Return zones of which at least *names* questions are asked, every kind among them."""
    broken = [kind for kind in Kind if kind not in SOUND]
    zones = [Zone(number, kind) for number, kind in enumerate(broken)]
    asked = sum(len(zone.questions()) for zone in zones)
    while asked < names:
        number = len(zones)
        zones.append(Zone(number, SOUND[number % len(SOUND)]))
        asked += MOST_NAMES
    return zones


_HEAD = """$TTL 3600
@ IN SOA ns hostmaster 1 3600 600 86400 300
@ IN NS ns
ns IN A 192.0.2.53"""

_FIXED = r"""
@ IN A 192.0.2.80
@ IN AAAA 2001:db8::80
@ IN MX 10 mail
@ IN TXT "v=spf1 -all"
@ IN CAA 0 issue "ca.branch"
www IN A 192.0.2.1
www IN A 192.0.2.2
www IN A 192.0.2.3
www IN AAAA 2001:db8::1
www IN HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.1 ech="AAT+DQAA"
mail IN A 192.0.2.25
mail IN MX 0 .
_sip._tcp IN SRV 1 2 5060 www
_443._tcp.www IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_dns.www IN SVCB 1 www alpn="dot" port=853
svcb0 IN SVCB 0 www
https0 IN HTTPS 0 www
naptr IN NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@branch!" .
loc IN LOC 53 28 0.000 N 2 10 0.000 W 50m
unknown IN TYPE65280 \# 4 0a000001
sshfp IN SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
uri IN URI 10 1 "https://www.branch/"
rp IN RP hostmaster www
ptr IN PTR www
ttl0 0 IN A 192.0.2.4
x.y.ent IN A 192.0.2.5
*.wild IN A 192.0.2.6
*.wild IN TXT "wild"
*.cwild IN CNAME www
gone IN CNAME nothing
loop1 IN CNAME loop2
loop2 IN CNAME loop1
away IN CNAME www.branch.
nowhere IN CNAME www.nowhere.
target IN A 192.0.2.7
a.target IN A 192.0.2.8
*.target IN TXT "behind DNAMEs"
dname IN DNAME target
dname2 IN DNAME dname
dname3 IN DNAME dname2
sub IN NS ns.sub
ns.sub IN A 192.0.2.54
\000\001\255 IN A 192.0.2.9
sp\032ace IN A 192.0.2.10
d\.ot IN A 192.0.2.11
q\"uo\\te IN A 192.0.2.12
\195\169t\195\169 IN A 192.0.2.13
UPPER IN A 192.0.2.14
_ IN TXT "no host name"
"""

_ASKED = {
    "@": "A AAAA MX TXT CAA NS SOA DNSKEY DS HTTPS NSEC NSEC3PARAM RRSIG SRV TYPE65280 CDS",
    "www": "A AAAA HTTPS TXT SVCB MX DS",
    "WwW": "A HTTPS",
    "mail": "A MX AAAA",
    "_sip._tcp": "SRV A",
    "_tcp": "A TXT",
    "_443._tcp.www": "TLSA",
    "_dns.www": "SVCB HTTPS",
    "svcb0": "SVCB",
    "https0": "HTTPS A",
    "naptr": "NAPTR A",
    "loc": "LOC",
    "unknown": "TYPE65280 A",
    "sshfp": "SSHFP",
    "uri": "URI",
    "rp": "RP",
    "ptr": "PTR",
    "ttl0": "A",
    "ent": "A TXT",
    "y.ent": "AAAA",
    "x.y.ent": "A AAAA",
    "a.wild": "A TXT AAAA",
    "b.a.wild": "A MX",
    "*.wild": "A",
    "a.cwild": "A TXT CNAME",
    "gone": "A CNAME",
    "loop1": "A",
    "away": "A AAAA MX",
    "nowhere": "A",
    "dname": "A DNAME",
    "a.dname": "A TXT",
    "b.dname": "A TXT",
    "a.dname2": "A",
    "a.dname3": "A TXT HTTPS",
    r"\000\001\255": "A AAAA",
    r"sp\032ace": "A",
    r"d\.ot": "A TXT",
    r"q\"uo\\te": "A",
    r"\195\169t\195\169": "A",
    r"\255\254": "A",
    "UPPER": "A AAAA",
    "_": "TXT",
    "large": "TXT A",
    "larger": "TXT",
    "largest": "A",
    "ANY": "ANY",
}

_RECORDS = (
    "A 192.0.2.100",
    "AAAA 2001:db8::100",
    "MX 10 mail",
    'TXT "one" "two"',
    "SRV 1 2 443 www",
    'CAA 0 issue "ca.twig"',
    "SVCB 1 www port=8443",
    'HTTPS 1 . alpn="h2" ipv6hint=2001:db8::1',
    'NAPTR 1 1 "s" "x" "" _sip._tcp',
    "CNAME www",
    r"TYPE65280 \# 2 cafe",
    "LOC 51 30 0.000 N 0 7 0.000 W 10m",
)
_TYPES = (*("A",) * 8, *("AAAA",) * 5, *("HTTPS",) * 3, "TXT", "MX", "SRV", "CAA", "SVCB", "TLSA")


def _chain() -> Iterator[str]:
    yield "c1 IN CNAME www"
    for length in range(2, LONGEST_CHAIN + 1):
        yield f"c{length} IN CNAME c{length - 1}"


def _large() -> Iterator[str]:
    """Yield what is larger than 1,232 octets, than 4,096, and than both in many records."""
    for number in range(6):
        yield f'large IN TXT "{number}{"l" * 240}"'
    for number in range(18):
        yield f'larger IN TXT "{number}{"m" * 240}"'
    for number in range(200):
        yield f"largest IN A 203.0.113.{number}"


def _longest_owners(zone: Zone) -> Iterator[str]:
    """Yield names of 255 octets on the wire, of long labels and of short ones."""
    # Whoever signs with NSEC3 looks for a wildcard below each name, which takes two octets.
    longest = 253 if zone.kind in (Kind.NSEC3, Kind.OPT_OUT) else 255
    yield _filled(zone.origin, longest)
    room = longest - _octets_of(zone.origin)
    short = ["s"] * (room // 2 - 1)
    short.append("s" * (room - 2 * len(short) - 1))
    yield ".".join([*short, zone.origin])


def _filled(parent: str, octets: int) -> str:
    """A name below *parent* of exactly so many octets on the wire."""
    left = octets - _octets_of(parent)
    labels = []
    while left > 64:
        labels.append("l" * 63)
        left -= 64
    return ".".join([*labels, "e" * (left - 1), parent])


def _octets_of(name: str) -> int:
    return len(name) + 1


def _long_names(zone: Zone) -> Iterator[str]:
    for owner in _longest_owners(zone):
        yield f"{owner} IN A 192.0.2.15"
