"""What is read in one go is read as the general walk reads it, and nothing else is."""

import struct

import pytest
from dns_local import query, reply_to
from dns_parts import parts_of
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolgate_dns.messages import wire
from schoolgate_dns.messages.usual import query_of, reply_of

SITE = "www.site1.example"
QUESTION = b"\3WwW\5site1\7example\0\0\1\0\1"
FIRST_RECORD = 12 + len(QUESTION)
OPT = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
SOA = "site1.example 300 IN SOA ns.site1.example. root.site1.example. 1 2 3 4 60"


def message(
    *records: bytes,
    question: bytes = QUESTION,
    authority: int = 0,
    additional: int = 0,
    flags: int = 0x8180,
) -> bytes:
    counts = (1, len(records) - authority - additional, authority, additional)
    return struct.pack(">6H", 7, flags, *counts) + question + b"".join(records)


def counted(*counts: int, body: bytes = QUESTION, flags: int = 0x100) -> bytes:
    return struct.pack(">6H", 7, flags, *counts) + body


def record(type_: int, contents: bytes, owner: int = 12, *, ttl_s: int = 60) -> bytes:
    fields = struct.pack(">HHIH", type_, 1, ttl_s, len(contents))
    return (0xC000 | owner).to_bytes(2) + fields + contents


def chain(count: int) -> bytes:
    """Aliases, each a pointer to the one before it: the last owner has *count* pointers."""
    records, owner = [record(5, b"\1a\xc0\x0c")], FIRST_RECORD + 12
    for _ in range(count - 2):
        records.append(record(5, b"\1a" + (0xC000 | owner).to_bytes(2), owner))
        owner += 16
    return message(*records, record(1, b"\xc0\0\2\1", owner))


@pytest.mark.parametrize("type_", ["A", "AAAA", "HTTPS", "TXT", "ANY"])
@pytest.mark.parametrize("more", [{}, {"edns": None}, {"want_dnssec": True}], ids=str)
def test_what_devices_ask_is_usual(type_: str, more: dict[str, bool | None]) -> None:
    octets = query("wWw.Site1.example", type_, **more).to_wire()  # type: ignore[arg-type]  # dnspython's own options
    read = query_of(octets)

    assert read is not None
    assert parts_of(wire.walked_query(octets)) == parts_of(read)
    assert parts_of(wire.read_query(octets)) == parts_of(read)


REPLIES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], int]] = {
    "an address": ("A", (f"{SITE} 60 IN A 192.0.2.1",), (), 0),
    "sixteen": ("A", tuple(f"{SITE} 60 IN A 192.0.2.{n}" for n in range(16)), (), 0),
    "an IPv6 address": ("AAAA", (f"{SITE} 60 IN AAAA 2001:db8::1",), (), 0),
    "two aliases": (
        "A",
        (
            f"{SITE} 60 IN CNAME {SITE}.Edge.test.",
            f"{SITE}.edge.test 50 IN CNAME a.edge.test.",
            "a.edge.test 40 IN A 192.0.2.1",
            "a.edge.test 30 IN A 192.0.2.2",
        ),
        (),
        0,
    ),
    "a service": ("HTTPS", (f"{SITE} 60 IN HTTPS 1 . alpn=h2,h3",), (), 0),
    "another's service": ("HTTPS", (f"{SITE} 60 IN HTTPS 1 a.edge.test. alpn=h2",), (), 0),
    "no such type": ("AAAA", (), (SOA,), 0),
    "no such name": ("A", (), (SOA,), 3),
    "an alias to nothing": ("A", (f"{SITE} 60 IN CNAME a.site1.example.",), (SOA,), 3),
    "nothing at all": ("A", (), (), 0),
    "a text": ("TXT", (f'{SITE} 60 IN TXT "v=spf1 -all"',), (), 0),
    "mail": ("MX", (f"{SITE} 60 IN MX 10 mail.{SITE}.",), (), 0),
    "a server of names": ("SOA", (SOA.replace("site1.example", SITE, 1),), (), 0),
}


@pytest.mark.parametrize(("type_", "answer", "authority", "rcode"), REPLIES.values(), ids=REPLIES)
@pytest.mark.parametrize("edns", [1232, None])
def test_what_upstreams_reply_is_usual(
    type_: str, answer: tuple[str, ...], authority: tuple[str, ...], rcode: int, edns: int | None
) -> None:
    asked = query("wWw.Site1.example", type_, edns=edns).to_wire()
    octets = reply_to(asked, *answer, authority=authority, rcode=rcode).to_wire()
    read = reply_of(octets)

    assert read is not None
    assert wire.walked_reply(octets) == read == wire.read_reply(octets)


# A label of 45 octets begins with the octet of a hyphen, and ! becomes the dot that it is not.
NOT_ITS_LABELS = b"\1a\x2d" + b"b" * 44 + b"!\0\0\1\0\1"
UNUSUAL_QUERIES = {
    "nothing": b"",
    "half a header": bytes(11),
    "no question": struct.pack(">6H", 7, 0x100, 0, 0, 0, 0),
    "two questions": struct.pack(">6H", 7, 0x100, 2, 0, 0, 0) + QUESTION * 2,
    "an answer": message(record(1, bytes(4)), flags=0x100),
    "an authority": message(record(1, bytes(4)), authority=1, flags=0x100),
    "another record than OPT": message(record(1, bytes(4)), additional=1, flags=0x100),
    "OPT of a name": message(record(41, b""), additional=1, flags=0x100),
    "an option": message(OPT[:-1] + b"\4\0\x0a\0\0", additional=1, flags=0x100),
    "two OPT records": message(OPT, OPT, additional=2, flags=0x100),
    "OPT of too few octets": message(OPT[:-1], additional=1, flags=0x100),
    "octets after OPT": message(OPT + b"\0", additional=1, flags=0x100),
    "octets after the question": message(question=QUESTION + b"\0"),
    "a question that is cut short": message(question=QUESTION[:-1]),
    "a name without an end": message(question=b"\3www"),
    "a compressed name": message(question=b"\1a\xc0\x0c\0\1\0\1"),
    "a dot in a label": message(question=b"\3a.b\0\0\1\0\1"),
    "an answer that is not there": counted(1, 1, 0, 0),
    "an authority that is not there": counted(1, 0, 1, 0),
    "a question that is not there": counted(2, 0, 0, 0),
    "a second OPT record that is not there": counted(1, 0, 0, 2, body=QUESTION + OPT),
    "an option that is not there": message(OPT[:-1] + b"\4", additional=1, flags=0x100),
    "another record of the root": message(b"\0\0\x10" + OPT[3:], additional=1, flags=0x100),
    "half a label": message(question=b"\1a\x2d\0\1\0\1"),
    "an octet that is not plain": message(question=b"\3a\xffb\0\0\1\0\1"),
    "a label of 45 octets": message(question=NOT_ITS_LABELS),
    "a name of 257 octets": message(question=b"\1a" * 128 + b"\0\0\1\0\1"),
}


@pytest.mark.parametrize("octets", UNUSUAL_QUERIES.values(), ids=UNUSUAL_QUERIES)
def test_an_unusual_query_is_left_to_the_general_walk(octets: bytes) -> None:
    assert query_of(octets) is None


ADDRESS = record(1, b"\xc0\0\2\1")
UNUSUAL_REPLIES = {
    "nothing": b"",
    "a mere header": message(ADDRESS)[:12],
    "a failure": message(flags=0x8182),
    "an extended response code": message(OPT[:5] + b"\1" + OPT[6:], additional=1),
    "why": message(OPT[:-1] + b"\6\0\x0f\0\2\0\6", additional=1),
    "an additional address": message(ADDRESS, ADDRESS, additional=1),
    "an OPT record among the answers": message(record(41, b"")),
    "an owner that is written out": message(b"\1a\0" + ADDRESS[2:]),
    "an owner inside a label": message(record(1, bytes(4), 13)),
    "an owner in the header": message(record(1, bytes(4), 5)),
    "an owner ahead": message(record(1, bytes(4), FIRST_RECORD + 16), ADDRESS),
    "an address of five octets": message(record(1, bytes(5))),
    "an alias of the root": message(record(5, b"\0")),
    "an alias without a name": message(record(5, b""), ADDRESS),
    "an alias shorter than its record": message(record(5, b"\1a\0\0")),
    "an alias longer than its record": message(record(5, b"\1a"), b"\0" + ADDRESS[1:]),
    "an alias to itself": message(record(5, (0xC000 | FIRST_RECORD + 12).to_bytes(2))),
    "an alias that is not plain": message(record(5, b"\3a.b\0")),
    "a name of 256 octets": message(record(5, b"\1a" * 117 + b"\2bb\xc0\x0c")),
    "a pointer to a root": message(
        record(65, b"\0\1\0"), record(5, b"\1a" + (0xC000 | FIRST_RECORD + 14).to_bytes(2))
    ),
    "a second OPT record that is not there": counted(
        1, 0, 0, 2, body=QUESTION + OPT, flags=0x8180
    ),
    "a question that is not there": counted(2, 0, 0, 0, flags=0x8180),
    "a service without a target": message(record(65, b"\0\1"), ADDRESS),
    "a record that is cut short": message(ADDRESS[:-1]),
    "a record that is not there": message(ADDRESS, b""),
    "octets after the end": message(ADDRESS + b"\0"),
    "33 records": message(*[ADDRESS] * 33),
    "1,233 octets": message(record(16, bytes(1233 - FIRST_RECORD - 12))),
}


@pytest.mark.parametrize("octets", UNUSUAL_REPLIES.values(), ids=UNUSUAL_REPLIES)
def test_an_unusual_reply_is_left_to_the_general_walk(octets: bytes) -> None:
    assert reply_of(octets) is None


def test_the_longest_name_is_usual() -> None:
    octets = message(record(5, b"\1a" * 118 + b"\xc0\x0c"))  # 19 octets are left for the asked
    assert 255 - 2 == len(wire.walked_reply(octets).aliases[0].text)
    assert wire.walked_reply(octets) == reply_of(octets)


def test_a_chain_of_as_many_pointers_as_a_name_may_have_is_usual() -> None:
    assert wire.walked_reply(chain(16)) == reply_of(chain(16))
    assert reply_of(chain(17)) is None


def soa(minimum_s: int) -> bytes:
    return record(6, b"\2ns\xc0\x0c\xc0\x10" + bytes(16) + minimum_s.to_bytes(4))


ODD_REPLIES = {
    "a TTL beyond all bounds": message(record(1, bytes(4), ttl_s=1 << 31)),
    "a mere pointer as an alias": message(record(5, b"\xc0\x10")),
    "an alias twice": message(record(5, b"\xc0\x10"), record(5, b"\xc0\x10", ttl_s=1)),
    "a service of any kind": message(record(64, b"\0\1\1a\xc0\x10")),
    "two that say how long nothing is there": message(soa(20), soa(10), authority=1),
    "an address that is no answer": message(record(1, bytes(4)), authority=1),
    "an alias that is no answer": message(record(5, b"\1a\xc0\x10"), authority=1),
    "the root": message(record(1, bytes(4)), question=b"\0\0\1\0\1"),
}


@pytest.mark.parametrize("octets", ODD_REPLIES.values(), ids=ODD_REPLIES)
def test_what_is_odd_and_well_formed_reads_the_same(octets: bytes) -> None:
    assert wire.walked_reply(octets) == reply_of(octets)


@pytest.mark.parametrize(
    "octets",
    [
        message(question=b"\1a" * 127 + b"\0\0\1\0\1"),
        message(question=b"\0\0\2\0\1"),
        message(OPT[:6] + b"\1" + OPT[7:], additional=1),
    ],
    ids=["the longest name", "the root", "another version of EDNS"],
)
def test_an_odd_query_reads_the_same(octets: bytes) -> None:
    assert parts_of(wire.walked_query(octets)) == parts_of(query_of(octets))


LABEL = st.text("abZ09-_", min_size=1, max_size=6).map(str.encode)
ODD_LABEL = st.binary(min_size=1, max_size=63)
TTL_S = st.sampled_from((60, 60, 0, 90_000, 1 << 31))
# Names stand behind as many octets of the contents, and have as many behind them.
NAMED = (
    (5, 0, 0),
    (5, 0, 0),
    (2, 0, 0),
    (39, 0, 0),
    (15, 2, 0),
    (64, 2, 3),
    (65, 2, 0),
    (65, 2, 9),
)
NAMELESS = ((1, 4),) * 8 + (
    (28, 16),
    (16, 3),
    (65280, 2),
    (1, 5),
    (28, 4),
    (41, 0),
    (5, 0),
    (65, 2),
)
FLAGS = st.sampled_from((0x8180,) * 6 + (0x8183, 0x8183, 0x81A0, 0x0110, 0x8186, 0x8182))
# The last one's response code is an extended one.
LAST = st.sampled_from((b"", OPT, OPT, OPT, OPT[:7] + b"\x80\0\0\0", OPT[:5] + b"\1" + OPT[6:]))


@st.composite
def names(draw: st.DrawFn, places: list[int], at: int) -> bytes:
    """A name to stand at *at*, which mostly ends in a pointer to one of *places*, and adds its."""
    octets = b""
    for _ in range(draw(st.integers(0, 3))):
        label = draw(LABEL if draw(st.integers(0, 15)) else ODD_LABEL)
        places.append(at + len(octets))
        octets += bytes([len(label)]) + label
    kind = draw(st.integers(0, 19))
    if kind < 2 or not places:
        return octets + b"\0"
    to = draw(st.integers(0, 300)) if kind == 2 else draw(st.sampled_from(places))
    if not octets:
        places.append(at)
    return octets + (0xC000 | to).to_bytes(2)


@st.composite
def records(draw: st.DrawFn, places: list[int], at: int) -> bytes:
    if draw(st.integers(0, 15)):
        owner = (0xC000 | draw(st.just(12) | st.sampled_from(places or [12]))).to_bytes(2)
    else:
        owner = draw(names(places, at))
    contents_at = at + len(owner) + 10
    match draw(st.integers(0, 4)):
        case 0 | 1:
            type_, length = draw(st.sampled_from(NAMELESS))
            contents = draw(st.binary(min_size=length, max_size=length))
        case 2:
            type_, contents = 6, draw(names(places, contents_at))
            contents += draw(names(places, contents_at + len(contents))) + b"\0\0\1\0" * 5
        case _:
            type_, before, behind = draw(st.sampled_from(NAMED))
            contents = bytes(before) + draw(names(places, contents_at + before)) + bytes(behind)
    return owner + record(type_, contents, ttl_s=draw(TTL_S))[2:]


@st.composite
def messages(draw: st.DrawFn, most_records: int) -> bytes:
    places = [12, 16, 22]
    name = QUESTION[:-4]
    if not draw(st.integers(0, 2)):
        places = []
        name = draw(names(places, 12))
    octets = name + draw(st.sampled_from((1, 5, 6, 28, 65, 255))).to_bytes(2) + b"\0\1"
    count = draw(st.integers(0, most_records))
    for _ in range(count):
        octets += draw(records(places, 12 + len(octets)))
    answers, last = draw(st.integers(0, count)), draw(LAST)
    header = struct.pack(">6H", 7, draw(FLAGS), 1, answers, count - answers, bool(last))
    octets = header + octets + last
    if draw(st.integers(0, 4)):
        return octets
    at = draw(st.integers(0, len(octets)))
    return octets[:at] + draw(st.binary(max_size=2)) + octets[at + draw(st.integers(0, 2)) :]


@settings(max_examples=300)
@given(messages(most_records=1))
def test_a_query_that_is_usual_is_read_as_by_the_general_walk(octets: bytes) -> None:
    read = query_of(octets)
    assert read is None or parts_of(wire.walked_query(octets)) == parts_of(read)


@settings(max_examples=300)
@given(messages(most_records=6))
def test_a_reply_that_is_usual_is_read_as_by_the_general_walk(octets: bytes) -> None:
    read = reply_of(octets)
    assert read is None or wire.walked_reply(octets) == read
