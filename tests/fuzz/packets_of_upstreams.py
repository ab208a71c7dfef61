"""
Mutated replies of upstreams, by the way that real ones go.

Each is matched, read, cleaned of addresses of the inside, relieved of hints, put behind an alias,
and given to a pupil and to staff through every stage. What we make of it is read again.
"""

import asyncio
import contextlib
from collections.abc import Sequence

from dns_world import PUPIL, STAFF, World, query, reply_to
from packets_of_clients import MAX_UDP_OCTETS, check_answer

from schoolgate_dns.errors import UnusableReply, UpstreamFailed, UpstreamUnreachable, WireError
from schoolgate_dns.messages import Lookup, Reply, answers, layout, preparse, wire
from schoolgate_dns.messages.preparse import MAX_REPLY_OCTETS
from schoolgate_dns.messages.usual import reply_of
from schoolgate_dns.outcome import kind_of
from schoolgate_dns.replies.cache import ReplyCache
from schoolgate_dns.replies.hints import without_hints
from schoolgate_dns.replies.scrub import scrubbed
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_dns.streams.stream_options import padded

QUERY = query("a.example", edns=4096).to_wire()
ASKED = wire.read_query(QUERY)
QUESTION = ASKED.question
BEHIND_ALIAS = wire.read_query(query("www.search.example").to_wire())
RECORDS = (
    "a.example 60 IN CNAME b.a.example.",
    'b.a.example 60 IN HTTPS 1 c.b.a.example. alpn=h2,h3 ipv4hint=10.0.0.1 ech="AAT+DQAA"',
    "c.b.a.example 60 IN MX 10 d.c.b.a.example.",
    "d.c.b.a.example 60 IN SRV 1 2 3 e.example.",
    "e.example 60 IN DNAME f.example.",
    'f.example 60 IN TXT "x" "y"',
    "f.example 60 IN AAAA 2001:db8::1",
    "f.example 60 IN A 192.168.1.1",
    "f.example 60 IN RRSIG A 13 2 60 20300101000000 20200101000000 1 example. AAAA",
    'g.example 60 IN NAPTR 1 2 "s" "x" "" h.example.',
    "g.example 60 IN NSEC h.example. A TXT",
)
MANY = 120
REPEATED = (
    b"\xc0\x0c\0\x01\0\1\0\0\1\0\0\4\x0a\0\0\1",
    b"\xc0\x0c\0\x06\0\1\0\0\1\0\0\x18\xc0\x0c\xc0\x0c" + bytes(20),
    b"\xc0\x0c\0\x41\0\1\0\0\1\0\0\x0f\0\1\0\0\1\0\3\2h3\0\5\0\1x",
    b"\0\0\x10\0\1\0\0\1\0\0\xf0\xef" + b"x" * 0xEF,
)


class Scripted:
    """Replies with the octets that it holds, as `upstream` would make something of them."""

    def __init__(self) -> None:
        self.octets = b""

    async def resolve(self, lookup: Lookup) -> Reply:
        del lookup
        try:
            return wire.read_reply(self.octets)
        except UnusableReply as error:
            raise UpstreamFailed(str(error), error.rcode, error.why) from error
        except WireError as error:
            raise UpstreamUnreachable(str(error)) from error


class UpstreamSide:
    """See `dns_packets.Side`."""

    max_octets = MAX_REPLY_OCTETS
    behind = 27

    def __init__(self) -> None:
        self.seeds: Sequence[bytes] = _seeds()
        self._world = World()
        self._resolver = Scripted()
        self._loop = asyncio.new_event_loop()

    def work(self, octets: bytes) -> str:
        """See `dns_packets.Side`. The pupil's way is the longest."""
        octets = QUERY[:2] + octets[2:]
        if not _is_believed(octets):
            return "passed over"
        with contextlib.suppress(WireError):
            wire.is_refusal_of_edns(octets)
        return self._given_to(PUPIL, octets)

    def check(self, octets: bytes) -> None:
        """See `dns_packets.Side`."""
        octets = QUERY[:2] + octets[2:]
        if not _is_believed(octets):
            return
        self._given_to(STAFF, octets)
        try:
            read = wire.walked_reply(octets)
        except WireError:
            read = None
        # The short way of reading must find what the long one finds.
        assert reply_of(octets) in (None, read)
        if read is not None:
            _change(read)

    def _given_to(self, client: str, octets: bytes) -> str:
        """Let *client* ask what *octets* are the reply to; return what becomes of it."""
        self._resolver.octets = octets
        world = self._world
        world.answering._replies = HeldReplies(
            ReplyCache(), self._resolver, lambda: world.monotonic_s
        )
        outcome = self._loop.run_until_complete(
            world.answering.outcome(QUERY, client, over_udp=True)
        )
        assert outcome is not None
        check_answer(QUERY, QUERY[:2] + outcome.octets[2:], MAX_UDP_OCTETS)
        for ttl in outcome.ttls:
            assert ttl.seconds == int.from_bytes(outcome.octets[ttl.at : ttl.at + 4])
        world.events.clear()
        world.lines.clear()
        world.firewall.opened.clear()
        return kind_of(outcome)


def _is_believed(octets: bytes) -> bool:
    return wire.is_reply_to(octets, ASKED.lookup, int.from_bytes(QUERY[:2]))


def _change(reply: Reply) -> None:
    """Change *reply* in every way that we do; what comes of it must keep every bound."""
    if len(reply.ttls) > preparse.MAX_REPLY_RECORDS - 2:
        return  # with OPT and an alias it has more records than we read
    passed_on = wire.read_reply(answers.answer_from(ASKED, reply, age_s=0, ttl_cap_s=30))
    assert passed_on.aliases == reply.aliases
    assert all(each.seconds <= 30 for each in passed_on.ttls)
    clean = scrubbed(reply)
    assert scrubbed(clean) is clean
    plain = without_hints(clean)
    assert without_hints(plain) == plain
    # What we wrote anew is within every bound as well.
    assert plain.ttls == wire.read_reply(plain.octets).ttls
    behind, ttls = answers.alias_answer(BEHIND_ALIAS, plain, age_s=0, ttl_cap_s=30)
    moved = wire.read_reply(behind)
    assert moved.addresses == plain.addresses
    assert {ASKED.name, *plain.aliases} == set(moved.aliases)
    assert ttls == moved.ttls
    padded(behind, 468)


def _seeds() -> list[bytes]:
    soa = ("example 60 IN SOA ns.example. root.example. 1 2 3 4 5",)
    asked = wire.query_for(ASKED.lookup, 7)
    seeds = [
        reply_to(asked, *RECORDS[:count], authority=soa, rcode=rcode).to_wire()
        for count in range(len(RECORDS) + 1)
        for rcode in (0, 3)
    ]
    many = (
        [f"{'n.' * number}a.example 60 IN A 10.0.0.{number}" for number in range(1, MANY)],
        [f"a.example 60 IN A 10.0.1.{number}" for number in range(MANY)],
        [f"a.example 60 IN HTTPS {number + 1} . alpn=h2,h3" for number in range(MANY)],
        [f'a.example 60 IN TXT "{number} {"x" * 200}"' for number in range(MANY)],
        [f"n{number}.example 60 IN CNAME n{number + 1}.example." for number in range(60)],
    )
    seeds += [reply_to(asked, *each).to_wire(max_size=65_535) for each in many]
    return [*seeds, *map(_repeated, REPEATED), _growing()]


def _repeated(record: bytes) -> bytes:
    """The reply of as many *record* as one may have."""
    return _reply_with(preparse.MAX_REPLY_RECORDS, record * preparse.MAX_REPLY_RECORDS)


def _growing() -> bytes:
    """A reply that is longer than any message may be once its names are written out."""
    owner = (b"\x3f" + b"x" * 63) * 3 + b"\x3c" + b"y" * 60 + b"\0"
    to_owner = (0xC000 | len(QUESTION) + layout.HEADER_OCTETS).to_bytes(2)
    fields = b"\0\x21\0\1\0\0\1\0"
    first = owner + fields + b"\0\7" + bytes(7)
    more = to_owner + fields + b"\0\x08" + bytes(6) + to_owner
    hints = b"\xc0\x0c\0\x41\0\1\0\0\1\0\0\x0b\0\1\0\0\5\0\4abcd"
    return _reply_with(256, first + more * 254 + hints)


def _reply_with(count: int, records: bytes) -> bytes:
    counts = b"\0\1" + count.to_bytes(2) + bytes(4)
    return QUERY[:2] + b"\x81\x80" + counts + QUESTION + records
