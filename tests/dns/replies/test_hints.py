"""HTTPS and SVCB records lose what leads around the filter, and stay valid records."""

import dns.message
import pytest
from dns_world import reply_to
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.messages import Lookup, Reply, wire
from schoolgate_dns.messages.layout import AUTHENTIC_DATA
from schoolgate_dns.messages.service_records import service_records
from schoolgate_dns.replies.hints import NO_HINT, Hint, _protocols, without_hints

ECH = 'ech="AAT+DQAA"'
SIGNED = "2 300 20300101000000 20200101000000 1234 example. AAAA"


def reply(*records: str) -> Reply:
    query = wire.query_for(Lookup(b"\1a\7example\0", 65, dnssec_ok=True), 7)
    octets = bytearray(reply_to(query, *records).to_wire(max_size=65_535))
    octets[3] |= AUTHENTIC_DATA
    return wire.read_reply(bytes(octets))


def texts(reply: Reply) -> list[str]:
    message = dns.message.from_wire(reply.octets, one_rr_per_rrset=True)
    return [each.to_text() for each in message.answer]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"1 . alpn=h2 {ECH}", '1 . alpn="h2"'),
        ("1 . alpn=h3,h2", '1 . alpn="h2"'),
        ("1 . alpn=h3-29,h2,h3,http/1.1", '1 . alpn="h2,http/1.1"'),
        ("1 . alpn=h3", "1 ."),
        ("1 . alpn=h3 no-default-alpn port=8443", '1 . port="8443"'),
        ("1 . alpn=h3,h2 no-default-alpn", '1 . alpn="h2" no-default-alpn'),
        (f"1 . mandatory=ech {ECH}", "1 ."),
        (f"1 . mandatory=alpn,ech alpn=h2 {ECH}", '1 . mandatory="alpn" alpn="h2"'),
        ("1 . mandatory=alpn,no-default-alpn alpn=h3 no-default-alpn", "1 ."),
        (
            f"2 svc.example. alpn=h2,h3 ipv4hint=192.0.2.1 {ECH} ipv6hint=2001:db8::1 key7=x",
            '2 svc.example. alpn="h2" ipv4hint="192.0.2.1" ipv6hint="2001:db8::1" dohpath="x"',
        ),
    ],
)
@pytest.mark.parametrize("type_", ["HTTPS", "SVCB"])
def test_ech_and_http3_go_and_all_else_stays(type_: str, before: str, after: str) -> None:
    it = reply(f"a.example. 300 IN {type_} {before}")
    plain = without_hints(it)

    assert [f"a.example. 300 IN {type_} {after}"] == texts(plain)
    assert (False, 300, it.aliases) == (plain.is_authentic, plain.lifetime_s, plain.aliases)


@pytest.mark.parametrize("type_", ["HTTPS", "SVCB"])
@pytest.mark.parametrize(
    ("hints", "after"),
    [
        (Hint.ADDRESSES, f'1 . mandatory="alpn" alpn="h3,h2" {ECH}'),
        (Hint.ADDRESSES | Hint.AROUND, '1 . mandatory="alpn" alpn="h2"'),
    ],
)
def test_addresses_go_where_they_would_lead_nowhere(type_: str, hints: Hint, after: str) -> None:
    before = (
        f"1 . mandatory=alpn,ipv4hint alpn=h3,h2 ipv4hint=192.0.2.1 {ECH} ipv6hint=2001:db8::1"
    )
    it = reply(f"a.example. 300 IN {type_} {before}")

    assert [f"a.example. 300 IN {type_} {after}"] == texts(without_hints(it, hints))
    assert it is without_hints(it, NO_HINT)


@pytest.mark.parametrize(
    "records",
    [
        ("a.example. 300 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1",),
        ("a.example. 300 IN HTTPS 0 b.example.",),
        ("a.example. 300 IN HTTPS 1 . alpn=h32",),
        ("a.example. 300 IN A 192.0.2.1",),
        # Types whose number ends like theirs.
        ("a.example. 300 IN TYPE321 \\# 9 000100000500020000",),
        (),
    ],
)
def test_a_reply_without_hints_is_left_as_it_is(records: tuple[str, ...]) -> None:
    it = reply(*records)

    assert without_hints(it) is it


def test_only_the_changed_sets_signature_goes() -> None:
    it = reply(
        "a.example. 300 IN CNAME b.example.",
        f"a.example. 300 IN RRSIG CNAME 5 {SIGNED}",
        f"b.example. 300 IN HTTPS 1 . alpn=h2 {ECH}",
        f"b.example. 300 IN RRSIG HTTPS 5 {SIGNED}",
    )

    assert ["CNAME", "RRSIG", "HTTPS"] == [each.split()[3] for each in texts(without_hints(it))]
    assert "CNAME" == texts(without_hints(it))[1].split()[4]


def test_it_is_made_once_for_a_reply() -> None:
    it = reply(f"a.example. 300 IN HTTPS 1 . alpn=h2 {ECH}")

    assert without_hints(it) is without_hints(it)


def test_a_long_reply_is_made_anew_and_not_remembered() -> None:
    long = f"key999={'x' * 200} {ECH}"
    it = reply(*(f"a.example. 300 IN HTTPS {n} t{n}.example. {long}" for n in range(1, 30)))

    assert without_hints(it) == without_hints(it)
    assert without_hints(it) is not without_hints(it)
    assert not any("ech" in each for each in texts(without_hints(it)))


def parameters() -> st.SearchStrategy[bytes]:
    """Such as look like parameters, and such as do not."""
    protocols = st.lists(st.sampled_from([b"\2h3", b"\5h3-29", b"\2h2", b"\3"])).map(b"".join)
    one = st.tuples(st.sampled_from([0, 1, 1, 2, 4, 5, 6, 9]), protocols | st.binary(max_size=9))
    written = st.lists(one, max_size=5).map(
        lambda pairs: b"".join(
            key.to_bytes(2) + len(value).to_bytes(2) + value for key, value in sorted(pairs)
        )
    )
    return written | st.binary(max_size=60)


@given(parameters())
def test_whatever_stands_there_no_ech_and_no_http3_are_left(written: bytes) -> None:
    query = wire.query_for(Lookup(b"\1a\7example\0", 65), 7)
    data = b"\0\1\0" + written
    record = b"\xc0\x0c\0\x41\0\1\0\0\1\0" + len(data).to_bytes(2) + data
    it = wire.read_reply(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:27] + record)

    after = without_hints(it)

    assert after.octets == without_hints(wire.read_reply(after.octets)).octets
    for _, record_left in service_records(after):
        assert record_left is not None
        assert 5 not in record_left.parameters
        protocols = list(_protocols(record_left.parameters.get(1, b"")))
        assert not [each for each in protocols if each[:3] in (b"h3", b"h3-")]


@pytest.mark.parametrize(
    "data",
    [
        "0001 00 0001 0003 036832",  # a protocol's name is cut short
        "0001 00 0001 0004 00026832",  # one is empty
        "0001 00 0001 0003 026832 0001 0003 026833",  # a parameter stands there twice
        "0001 00 0005 0008 0000",  # a parameter is cut short
    ],
)
def test_a_record_that_cannot_be_read_goes(data: str) -> None:
    octets = bytes.fromhex(data)
    query = wire.query_for(Lookup(b"\1a\7example\0", 65), 7)
    record = b"\xc0\x0c\0\x41\0\1\0\0\1\0" + len(octets).to_bytes(2) + octets
    it = wire.read_reply(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:27] + record)

    assert [] == texts(without_hints(it))


def test_a_reply_that_would_become_too_long_loses_all_its_records() -> None:
    """Pointers in SRV records are written out, which makes much of little."""
    name = (b"\x3f" + b"x" * 63) * 3 + b"\x3c" + b"y" * 60 + b"\0"
    question, fields = b"\1a\7example\0\0\x41\0\1", b"\0\x21\0\1\0\0\1\0"
    first = name + fields + b"\0\7" + bytes(7)
    more = b"\xc0\x1b" + fields + b"\0\x08" + bytes(6) + b"\xc0\x1b"
    ech = b"\xc0\x0c\0\x41\0\1\0\0\1\0\0\x0b\0\1\0\0\5\0\4abcd"
    header = bytes(2) + b"\x81\x80\0\1" + (256).to_bytes(2) + bytes(4)
    long = wire.read_reply(header + question + first + more * 254 + ech)

    assert [] == texts(without_hints(long))
    assert not without_hints(long).is_authentic


def test_of_more_services_than_any_name_has_the_first_are_left() -> None:
    records = [f"a.example 60 IN HTTPS {number} . alpn=h2" for number in range(1, 61)]

    assert 32 == len(texts(without_hints(reply(*records))))
