"""A reply written anew means what it meant, but for what was taken out of it."""

import dns.message
import dns.rdatatype
import msgspec
import pytest
from dns_world import reply_to
from hypothesis import assume, given
from hypothesis import strategies as st

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Lookup, Reply, layout, preparse, wire
from schoolgate_dns.messages.layout import HEADER_OCTETS
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.messages.rewriting import emptied, rewritten
from schoolgate_dns.messages.wire_names import name_at

QUERY = wire.query_for(Lookup(b"\1a\7example\0", 1), 7)
SIGNATURE = "8 2 300 20300101000000 20200101000000 1234 example. AAAA"
# One of every type that holds names or that people use, and some that nobody knows.
CONTENTS = (
    ("A", "192.0.2.1"),
    ("AAAA", "2001:db8::1"),
    ("NS", "ns.{name}"),
    ("MINFO", "\\# 6 016100016200"),
    ("CNAME", "b.{name}"),
    ("SOA", "ns.{name} root.{name} 1 2 3 4 5"),
    ("PTR", "c.{name}"),
    ("HINFO", '"CPU" "OS"'),
    ("MX", "10 mail.{name}"),
    ("TXT", '"a text" "another"'),
    ("RP", "root.{name} text.{name}"),
    ("AFSDB", "1 afs.{name}"),
    ("RT", "1 route.{name}"),
    ("SRV", "1 2 53 srv.{name}"),
    ("NAPTR", '10 20 "u" "E2U+sip" "" naptr.{name}'),
    ("DNAME", "dname.{name}"),
    ("DS", "1234 13 2 " + "ab" * 32),
    ("SSHFP", "4 2 " + "cd" * 32),
    ("RRSIG", f"TXT {SIGNATURE}"),
    ("NSEC", "next.{name} A RRSIG NSEC"),
    ("DNSKEY", "257 3 13 " + "A" * 88),
    ("NSEC3", "1 1 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG"),
    ("TLSA", "3 1 1 " + "ef" * 32),
    ("SVCB", '1 svc.{name} alpn="dot" port="853"'),
    ("HTTPS", '1 . alpn="h2,h3" ipv4hint="192.0.2.1"'),
    ("CAA", '0 issue "ca.example"'),
    ("URI", '1 1 "https://a.example/"'),
    ("TYPE65400", "\\# 3 c00cff"),
)

names = st.sampled_from(
    ["a.example.", "b.a.example.", "x.y.z.b.a.example.", "other.test.", "example.", "."]
)


@st.composite
def records(draw: st.DrawFn) -> str:
    type_, contents = draw(st.sampled_from(CONTENTS))
    owner = draw(names)
    inner = draw(names)
    text = contents.replace(".{name}", f".{inner}" if inner != "." else ".")
    return f"{owner} {draw(st.integers(0, 2**31 - 1))} IN {type_} {text}"


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    some = st.lists(records(), max_size=6)
    message = reply_to(QUERY, *draw(some), authority=draw(some), additional=draw(some))
    return message.to_wire(max_size=65_535)


def in_meaning(octets: bytes) -> list[list[str]]:
    message = dns.message.from_wire(octets, one_rr_per_rrset=True)
    return [
        [each.to_text().lower() for each in section]
        for section in (message.question, message.answer, message.authority, message.additional)
    ]


def record_at(octets: bytes, ttl_at: int) -> tuple[str, str]:
    """Its owner and its type."""
    for record in preparse.outline_of_reply(octets).records:
        if record.ttl_at == ttl_at:
            owner = str(name_at(octets, record.at))
            return owner, dns.rdatatype.to_text(dns.rdatatype.RdataType(record.type))
    raise AssertionError(ttl_at)


@given(messages())
def test_without_changes_the_meaning_is_the_same(octets: bytes) -> None:
    reply = wire.read_reply(octets)
    same = rewritten(reply, {})

    assert in_meaning(reply.octets) == in_meaning(same.octets)
    assert [each.seconds for each in reply.ttls] == [each.seconds for each in same.ttls]
    assert (reply.aliases, reply.addresses, reply.lifetime_s, reply.rcode) == (
        same.aliases,
        same.addresses,
        same.lifetime_s,
        same.rcode,
    )
    # What was read once may be read, and written, again.
    assert same == wire.read_reply(same.octets) == rewritten(same, {})


@given(messages())
def test_a_reply_is_emptied_as_by_removing_every_record(octets: bytes) -> None:
    reply = msgspec.structs.replace(wire.read_reply(octets), is_authentic=True)
    assume(reply.ttls)

    assert rewritten(reply, {each.at: None for each in reply.ttls}) == emptied(reply)


def test_a_name_may_hold_a_zero_octet() -> None:
    query = wire.query_for(Lookup(b"\3a\0b\7example\0", 1), 7)
    end = HEADER_OCTETS + 17
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
    header = query[:2] + b"\x81\x80\0\1\0\1" + bytes(4)
    reply = wire.read_reply(header + query[HEADER_OCTETS:end] + record)

    assert rewritten(reply, {reply.ttls[0].at: None}) == emptied(reply)


@given(messages(), st.data())
def test_what_is_removed_goes_and_nothing_else_but_its_signatures(
    octets: bytes, data: st.DataObject
) -> None:
    reply = msgspec.structs.replace(wire.read_reply(octets), is_authentic=True)
    every_place = [each.at for each in reply.ttls]
    chosen = data.draw(st.sets(st.sampled_from(every_place) if every_place else st.nothing()))
    gone = {record_at(reply.octets, at) for at in chosen}
    places = {each.at: number for number, each in enumerate(reply.ttls)}
    numbers = {places[at] for at in chosen}

    left = rewritten(reply, dict.fromkeys(chosen))

    records = preparse.outline_of_reply(reply.octets).records
    every = [text for section in in_meaning(reply.octets)[1:] for text in section]
    signed_and_gone = {
        number
        for number, record in enumerate(records)
        if record.type == RecordType.RRSIG
        and (record_at(reply.octets, record.ttl_at)[0], "TXT") in gone
    }
    numbers |= signed_and_gone
    expected = [text for number, text in enumerate(every) if number not in numbers]
    assert sorted(expected) == sorted(
        text for section in in_meaning(left.octets)[1:] for text in section
    )
    assert (not chosen, reply.lifetime_s) == (left.is_authentic, left.lifetime_s)


def signed(*texts: str) -> Reply:
    octets = bytearray(reply_to(QUERY, *texts).to_wire())
    octets[3] |= layout.AUTHENTIC_DATA
    return wire.read_reply(bytes(octets))


def test_a_changed_record_loses_its_signature_and_others_keep_theirs() -> None:
    times = "5 2 300 20300101000000 20200101000000 1234 example. AAAA"
    reply = signed(
        "A.example 300 IN A 192.0.2.1",
        "a.EXAMPLE 300 IN RRSIG A " + times,
        "a.example 300 IN TXT x",
        "a.example 300 IN RRSIG TXT " + times,
        "b.example 300 IN RRSIG A " + times,
    )
    assert reply.is_authentic
    changed = rewritten(reply, {reply.ttls[0].at: b"\xc0\0\2\7"})

    assert ("192.0.2.7",) == tuple(".".join(map(str, each)) for each in changed.addresses)
    assert ["A", "TXT", "RRSIG", "RRSIG"] == [
        record_at(changed.octets, each.at)[1] for each in changed.ttls
    ]
    assert ["a.example", "b.example"] == [
        record_at(changed.octets, each.at)[0] for each in changed.ttls[2:]
    ]
    assert not changed.is_authentic


def test_a_name_survives_the_record_that_others_pointed_to() -> None:
    """The message's only spelling of it goes with the first record."""
    octets = reply_to(
        QUERY,
        "long.name.of.somebody.test 300 IN A 192.0.2.1",
        "long.name.of.somebody.test 300 IN A 192.0.2.2",
        "a.example 300 IN CNAME name.of.somebody.test.",
    ).to_wire()
    reply = wire.read_reply(octets)
    left = rewritten(reply, {reply.ttls[0].at: None})

    assert [
        "long.name.of.somebody.test. 300 in a 192.0.2.2",
        "a.example. 300 in cname name.of.somebody.test.",
    ] == in_meaning(left.octets)[1]
    assert left.octets.count(b"somebody") == 1


def test_a_message_that_grows_too_long_is_refused_soon() -> None:
    """Pointers in types whose names are written out: six kilobytes become 130."""
    name = (b"\x3f" + b"x" * 63) * 3 + b"\x3c" + b"y" * 60 + b"\0"
    fields, to_name = b"\0\x21\0\1\0\0\1\0", b"\xc0\x1b"  # SRV; its owner follows the question
    first = name + fields + b"\0\7" + bytes(7)
    more = to_name + fields + b"\0\x08" + bytes(6) + to_name
    header = QUERY[:2] + b"\x81\x80\0\1" + (256).to_bytes(2) + bytes(4)
    reply = wire.read_reply(header + QUERY[12:27] + first + more * 255)

    with pytest.raises(WireError, match="too long"):
        rewritten(reply, {})
