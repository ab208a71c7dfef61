"""Addresses of the inside leave a reply, wherever in it they stand; everything else stays."""

import dns.message
import pytest
from dns_world import reply_to

from schoolgate_dns.messages import Lookup, Reply, wire
from schoolgate_dns.messages.layout import AUTHENTIC_DATA
from schoolgate_dns.replies.scrub import scrubbed

SIGNED = "5 2 300 20300101000000 20200101000000 1234 example. AAAA"


def reply(*records: str, additional: tuple[str, ...] = (), type_: int = 1) -> Reply:
    query = wire.query_for(Lookup(b"\1a\7example\0", type_, dnssec_ok=True), 7)
    octets = bytearray(reply_to(query, *records, additional=additional).to_wire())
    octets[3] |= AUTHENTIC_DATA
    return wire.read_reply(bytes(octets))


def texts(reply: Reply) -> list[str]:
    message = dns.message.from_wire(reply.octets, one_rr_per_rrset=True)
    return [each.to_text() for section in message.sections[1:] for each in section]


@pytest.mark.parametrize(
    "records",
    [
        ("a.example. 300 IN A 192.0.2.1", "a.example. 300 IN AAAA 2001:db8::1"),
        ("a.example. 300 IN CNAME b.example.", "b.example. 300 IN A 203.0.113.1"),
        ('a.example. 300 IN TXT "192.168.1.1"',),
        ("a.example. 300 IN HTTPS 1 . ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",),
        # Numbers that look like an address of the inside where there is none.
        ("a.example. 300 IN TYPE513 \\# 4 c0a80101", "a.example. 300 IN TYPE540 \\# 4 7f000001"),
        (),
    ],
)
def test_a_reply_from_the_outside_is_left_as_it_is(records: tuple[str, ...]) -> None:
    it = reply(*records)
    clean = scrubbed(it)

    assert clean is it
    assert 0 == clean.removed_addresses


def test_addresses_of_the_inside_go_and_the_others_stay_without_their_signature() -> None:
    it = reply(
        "a.example. 300 IN A 192.0.2.1",
        "a.example. 300 IN A 192.168.1.1",
        f"a.example. 300 IN RRSIG A {SIGNED}",
        additional=("b.example. 300 IN AAAA fe80::1", "b.example. 300 IN A 192.0.2.3"),
    )
    assert it.is_authentic
    clean = scrubbed(it)

    assert ["a.example. 300 IN A 192.0.2.1", "b.example. 300 IN A 192.0.2.3"] == texts(clean)
    assert 2 == clean.removed_addresses
    assert not clean.is_authentic
    assert it.lifetime_s == clean.lifetime_s


def test_where_nothing_else_was_the_name_has_no_such_record_and_that_is_kept() -> None:
    clean = scrubbed(reply("a.example. 60 IN CNAME b.example.", "b.example. 60 IN A 0.0.0.0"))

    assert ["a.example. 60 IN CNAME b.example."] == texts(clean)
    assert ["b.example"] == [str(alias) for alias in clean.aliases]
    assert (0, 60, ()) == (clean.rcode, clean.lifetime_s, clean.addresses)


@pytest.mark.parametrize(
    ("before", "after", "removed"),
    [
        ("1 . ipv4hint=10.0.0.1", "1 .", 1),
        ("1 . ipv4hint=10.0.0.1,192.0.2.1,10.0.0.2", '1 . ipv4hint="192.0.2.1"', 2),
        (
            "1 . alpn=h2 ipv6hint=::ffff:10.0.0.1,2001:db8::1",
            '1 . alpn="h2" ipv6hint="2001:db8::1"',
            1,
        ),
        ("1 . mandatory=ipv4hint ipv4hint=127.0.0.1", "1 .", 1),
        (
            "1 t.example. mandatory=alpn,ipv4hint alpn=h2 ipv4hint=127.0.0.1",
            '1 t.example. mandatory="alpn" alpn="h2"',
            1,
        ),
    ],
)
@pytest.mark.parametrize("type_", ["HTTPS", "SVCB"])
def test_hints_of_the_inside_go(type_: str, before: str, after: str, removed: int) -> None:
    clean = scrubbed(reply(f"a.example. 300 IN {type_} {before}", type_=65))

    assert [f"a.example. 300 IN {type_} {after}"] == texts(clean)
    assert removed == clean.removed_addresses


@pytest.mark.parametrize(
    "data",
    [
        "0001 00 0004 0006 c0a80101c0",  # a length that is longer than what is there
        "0001 00 0006 0010 fe800000000000000000000000000001 0004 0004 c0a80101",  # not in order
        "0001 00 0004 0004 c0a80101 0004 0004 c0a80101",  # twice
        "0001 00 0004 00",  # cut short
        "0001 c00c 0004 0004 c0a80101",  # a compressed target
    ],
)
def test_hints_that_cannot_be_read_go_with_their_record(data: str) -> None:
    octets = bytes.fromhex(data)
    query = wire.query_for(Lookup(b"\1a\7example\0", 65), 7)
    record = b"\xc0\x0c\0\x41\0\1\0\0\1\0" + len(octets).to_bytes(2) + octets
    it = wire.read_reply(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:27] + record)
    clean = scrubbed(it)

    assert [] == texts(clean)
    assert 0 == clean.removed_addresses


def test_a_hint_that_is_no_address_goes() -> None:
    octets = bytes.fromhex("0001 00 0004 0006 c0000201 c0a8")
    query = wire.query_for(Lookup(b"\1a\7example\0", 65), 7)
    record = b"\xc0\x0c\0\x41\0\1\0\0\1\0" + len(octets).to_bytes(2) + octets
    it = wire.read_reply(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:27] + record)

    assert ['a.example. 256 IN HTTPS 1 . ipv4hint="192.0.2.1"'] == texts(scrubbed(it))
