"""Whatever octets come, from clients or upstreams: an answer, silence or WireError, and soon."""

import time

import dns.message
import pytest
from dns_world import PUPIL, World, query, reply_to, run
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.errors import UpstreamError, WireError
from schoolgate_dns.messages import Lookup, answers, wire
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.stages.parsed import ForZone
from schoolgate_dns.stages.waiting import Found, Suspended
from schoolgate_policyd.core.names import DomainName

QUERIES = [
    query(name, type_, edns=edns).to_wire()
    for name in ("a.example", "www.tiktok.example", "use-application-dns.net", "help.example")
    for type_ in ("A", "HTTPS", "ANY", "AXFR")
    for edns in (None, 1232)
]
ASKED = wire.read_query(query("a.example").to_wire())
SEARCH = wire.read_query(query("search.engine.example").to_wire())
REPLIES = [
    reply_to(wire.query_for(ASKED.lookup, 7), *records, authority=authority).to_wire()
    for records, authority in [
        (("a.example 60 IN CNAME b.example.", "b.example 60 IN A 192.0.2.1"), ()),
        (("a.example 60 IN HTTPS 1 b.example. alpn=h2",), ()),
        ((), ("example 60 IN SOA ns.example. root.example. 1 2 3 4 5",)),
        (("a.example 60 IN MX 10 b.example.", "a.example 60 IN SRV 1 2 3 c.example."), ()),
    ]
]


@st.composite
def mutations(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """One of *seeds* with octets changed, cut out, doubled or put in."""
    octets = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(octets) - 1)))
        match draw(st.integers(0, 3)):
            case 0:
                octets[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case 1:
                del octets[at : at + draw(st.integers(1, 8))]
            case 2:
                octets[at:at] = octets[at : at + draw(st.integers(1, 40))]
            case _:
                octets[at:at] = draw(st.binary(max_size=8))
    return bytes(octets)


WORLD = World({("a.example", "A"): ("a.example 60 IN A 192.0.2.1",)})


async def _outcome(octets: bytes) -> Outcome | None:
    """What becomes of *octets*, without the last resort, which makes a SERVFAIL of any mistake."""
    answering = WORLD.answering
    step = answering._begun(octets, PUPIL, over_udp=True)
    while isinstance(step, Suspended):
        found: Found
        try:
            found = await WORLD.replies.fetch(step.waiting.lookup)
        except UpstreamError as error:
            found = error
        step = answering._gone_on(step, found)
    if isinstance(step, ForZone):
        return await answering._said_by_zone(step, over_udp=True)
    return step


@given(st.one_of(mutations(QUERIES), st.binary(max_size=600)))
def test_no_query_raises_and_every_answer_is_one(octets: bytes) -> None:
    outcome = run(_outcome(octets))
    if outcome is None:
        return
    answer = outcome.octets
    read = dns.message.from_wire(answer)
    assert 0x80 <= answer[2]
    assert len(answer) <= 1232
    assert read.rcode() in {0, 1, 2, 3, 4, 5, 16}


def test_a_query_cut_short_anywhere_is_malformed() -> None:
    for octets in QUERIES:
        for at in range(len(octets)):
            outcome = run(_outcome(octets[:at]))
            assert outcome is None or 1 == outcome.octets[3] & 0xF


@given(st.one_of(mutations(REPLIES), st.binary(max_size=600)))
def test_no_reply_raises_and_what_is_passed_on_is_well_formed(octets: bytes) -> None:
    octets = octets[:2].ljust(2, b"\0") + octets[2:]
    if not wire.is_reply_to(octets, ASKED.lookup, 7):
        return
    try:
        reply = wire.read_reply(octets)
    except WireError:
        return
    answer = answers.answer_from(ASKED, reply, age_s=0, ttl_cap_s=60)
    assert wire.read_reply(answer).aliases == reply.aliases
    assert all(each.seconds <= 60 for each in wire.read_reply(answer).ttls)
    # The same behind an alias, as a search's answer is given.
    answer, ttls = answers.alias_answer(SEARCH, reply, age_s=0, ttl_cap_s=60)
    aliased = wire.read_reply(answer)
    assert tuple(dict.fromkeys((DomainName("a.example"), *reply.aliases))) == tuple(
        dict.fromkeys((DomainName("a.example"), *aliased.aliases))
    )
    assert aliased.ttls == ttls
    assert aliased.addresses == reply.addresses


def longest(contents: bytes) -> bytes:
    header = wire.query_for(Lookup(b"\1a\7example\0", 16), 7)[:2]
    records = (65_000 - 40) // len(contents)
    question = b"\1a\7example\0\0\x10\0\1"
    counts = b"\0\1" + records.to_bytes(2) + bytes(4)
    return header + b"\x81\x80" + counts + question + contents * records


def test_the_longest_reply_is_read_in_the_blink_of_an_eye() -> None:
    """One 67 kB message costs dnslib ten seconds; every octet of it is bounded work here."""
    octets = longest(b"\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\xfa" + b"\xf9" + b"x" * 249)
    started = time.process_time()
    reply = wire.read_reply(octets)
    took_s = time.process_time() - started

    assert 240 < len(reply.ttls)
    assert took_s < 0.1


def test_of_a_reply_with_thousands_of_records_no_more_than_the_header_is_read() -> None:
    octets = longest(b"\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\2\1x")

    with pytest.raises(WireError, match="more than 256 records"):
        wire.read_reply(octets)
