"""What may be read at all: a table of what is refused, and of what is not."""

import struct

import dns.message
import pytest
from dns_world import query, reply_to
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Rcode, answers, preparse, wire

ROOT = b"\0"
IN_A = b"\0\1\0\1"
EXAMPLE = b"\7example\0"


def message(
    body: bytes, *, questions: int = 1, answers: int = 0, authority: int = 0, additional: int = 0
) -> bytes:
    return struct.pack(">6H", 1, 0x0100, questions, answers, authority, additional) + body


def record(owner: bytes, type_: int, contents: bytes, *, octets: int | None = None) -> bytes:
    length = len(contents) if octets is None else octets
    return owner + struct.pack(">HHIH", type_, 1, 60, length) + contents


def pointer(to: int) -> bytes:
    return (0xC000 | to).to_bytes(2)


ASKED = EXAMPLE + IN_A  # 13 octets: the answers start at 25
OPT = record(ROOT, 41, b"")
REFUSED = {
    "nothing at all": b"",
    "half a header": b"\0" * 11,
    "no question": message(b"", questions=0),
    "two questions": message(ASKED * 2, questions=2),
    "a question that is not there": message(b""),
    "a name without an end": message(b"\7example"),
    "a label that is cut short": message(b"\x3fexample\0" + IN_A),
    "a question without its type": message(EXAMPLE + b"\0\1"),
    "a label of 64 octets": message(b"\x40" + b"a" * 64 + ROOT + IN_A),
    "a label of the kind 0x80": message(b"\x81a\0" + IN_A),
    "a name of 256 octets": message((b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62 + ROOT + IN_A),
    "a compressed question": message(b"\1a" + pointer(12) + IN_A),
    "a pointer into the header": message(pointer(0) + IN_A),
    "octets after the end": message(ASKED + b"\0"),
    "an answer that is not there": message(ASKED, answers=1),
    "a record that is cut short": message(ASKED + record(ROOT, 16, b"")[:-1], additional=1),
    "a record longer than the message": message(
        ASKED + record(ROOT, 16, b"ab", octets=3), answers=1
    ),
    "a pointer to itself": message(ASKED + record(pointer(25), 16, b""), answers=1),
    "a pointer forward": message(ASKED + record(pointer(30), 16, b""), answers=1),
    "a pointer to its own run of labels": message(
        ASKED + record(b"\1a" + pointer(25), 16, b""), answers=1
    ),
    "a pointer past the end": message(ASKED + record(pointer(0x3FFF), 16, b""), answers=1),
    "half a pointer": message(ASKED + b"\xc0", answers=1),
    "two OPT records": message(ASKED + OPT * 2, additional=2),
    "an OPT record among the answers": message(ASKED + OPT, answers=1),
    "an OPT record of a name": message(ASKED + record(EXAMPLE, 41, b""), additional=1),
    "an option that is cut short": message(ASKED + record(ROOT, 41, b"\0\x0f\0"), additional=1),
    "an option longer than its record": message(
        ASKED + record(ROOT, 41, b"\0\x0f\0\2a"), additional=1
    ),
    "an address of five octets": message(ASKED + record(ROOT, 1, b"12345"), answers=1),
    "an IPv6 address of four octets": message(ASKED + record(ROOT, 28, b"1234"), answers=1),
    "an alias without a name": message(ASKED + record(ROOT, 5, b""), answers=1),
    "an alias longer than its record": message(
        ASKED + record(ROOT, 5, EXAMPLE, octets=4) + b"\0" * 5, answers=1
    ),
    "something after an alias": message(ASKED + record(ROOT, 5, EXAMPLE + b"x"), answers=1),
    "an SOA without its times": message(ASKED + record(ROOT, 6, ROOT * 2), answers=1),
    "a service record without a target": message(ASKED + record(ROOT, 65, b"\0\1"), answers=1),
}


@pytest.mark.parametrize("octets", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("outline", [preparse.outline_of_query, preparse.outline_of_reply])
def test_what_breaks_a_bound_is_refused(outline: object, octets: bytes) -> None:
    assert callable(outline)
    with pytest.raises(WireError):
        outline(octets)


ACCEPTED = {
    "a question": message(ASKED),
    "the root": message(ROOT + IN_A),
    "a name of 255 octets": message((b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61 + ROOT + IN_A),
    "an owner that points to the question": message(
        ASKED + record(pointer(12), 16, b""), answers=1
    ),
    "an owner that points into the question": message(
        b"\1a" + ASKED + record(pointer(14), 16, b""), answers=1
    ),
    "an unknown type of any contents": message(ASKED + record(ROOT, 65280, b"\xff"), answers=1),
    "a query with an option": message(ASKED + record(ROOT, 41, b"\0\x0a\0\1a"), additional=1),
}


@pytest.mark.parametrize("octets", ACCEPTED.values(), ids=ACCEPTED)
def test_what_keeps_every_bound_is_accepted(octets: bytes) -> None:
    assert preparse.outline_of_query(octets).header.questions == 1


def nested(count: int, labels: bytes) -> bytes:
    """A message whose last owner is *count* pointers from its end, each behind *labels*."""
    body, at, target = ASKED, 25, 12
    for _ in range(count):
        one = record(labels + pointer(target), 16, b"")
        body, at, target = body + one, at + len(one), at
    return message(body, answers=count)


@pytest.mark.parametrize("labels", [b"\1a", b""])
def test_a_name_may_have_sixteen_pointers_and_no_more(labels: bytes) -> None:
    assert 16 == len(preparse.outline_of_reply(nested(16, labels)).records)
    with pytest.raises(WireError, match="pointers"):
        preparse.outline_of_reply(nested(17, labels))


def test_pointers_do_not_make_a_name_longer_than_255_octets() -> None:
    half = (b"\x3f" + b"a" * 63) * 2 + ROOT
    first = record(half, 16, b"")
    joined = record((b"\x3f" + b"b" * 63) * 2 + pointer(25), 16, b"")

    with pytest.raises(WireError, match="255"):
        preparse.outline_of_reply(message(ASKED + first + joined, answers=2))


def test_a_query_has_few_records_and_a_bounded_length() -> None:
    few, many = (message(ASKED + record(ROOT, 16, b"") * n, additional=n) for n in (8, 9))

    assert 8 == len(preparse.outline_of_query(few).records)
    for octets in (many, message(ASKED + record(ROOT, 16, b"a" * 4096), answers=1)):
        assert 9 >= len(preparse.outline_of_reply(octets).records)
        with pytest.raises(WireError):
            preparse.outline_of_query(octets)


def test_a_chain_of_a_thousand_pointers_costs_next_to_nothing() -> None:
    """1,100 chained pointers exhaust dnslib's stack; the walk stops at the first few."""
    start = 25 + 11  # the chain is the first record's data
    chain = pointer(12) + b"".join(pointer(start + 2 * n) for n in range(1099))
    last = record(pointer(start + 2 * 1099), 16, b"")
    octets = message(ASKED + record(ROOT, 65280, chain) + last, answers=2)

    with pytest.raises(WireError, match="leads to no name"):
        preparse.outline_of_reply(octets)


def test_no_name_reads_a_ttl_as_its_label() -> None:
    """An answer's TTLs change, so a name made of one would not be the name that was judged."""
    ttl = b"\1a\0\0"
    first = ROOT + struct.pack(">HH4sH", 16, 1, ttl, 0)
    octets = message(ASKED + first + record(ROOT, 5, pointer(25 + 5)), answers=2)

    with pytest.raises(WireError, match="leads to no name"):
        preparse.outline_of_reply(octets)


@given(st.binary(max_size=300))
def test_octets_of_any_kind_are_refused_or_outlined(octets: bytes) -> None:
    try:
        outline = preparse.outline_of_reply(octets)
    except WireError:
        return
    assert len(octets) == max([outline.question_end, *(r.rdata_end for r in outline.records)])


LABELS = st.lists(st.binary(min_size=1, max_size=20), max_size=8)


@given(LABELS)
def test_names_are_read_in_one_spelling_and_stay_under_their_parents(labels: list[bytes]) -> None:
    name = b"".join(bytes([len(label)]) + label for label in labels)
    octets = message(name + b"\6tiktok" + EXAMPLE + IN_A)
    text = wire.read_query(octets).name.text

    assert ("." + text).endswith(".tiktok.example")
    assert len(labels) + 2 == len(text.split("."))
    assert text == text.lower()
    assert text.isprintable()


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (b"\xff\xfe", r"\255\254"),
        (b"\0", r"\000"),
        (b"\xc3\xa9", r"\195\169"),
        (b"a B", r"a\032b"),
        (b"\x80" * 63, r"\128" * 63),
    ],
)
def test_a_label_of_any_octets_is_read_and_answered(label: bytes, text: str) -> None:
    name = bytes([len(label)]) + label + EXAMPLE
    asked = wire.read_query(message(name + IN_A))

    assert f"{text}.example" == asked.name.text
    assert name == answers.negative_answer(asked, Rcode.NXDOMAIN, 5)[12 : 12 + len(name)]


def test_a_reply_of_more_records_or_labels_than_any_name_has_is_refused() -> None:
    records = record(ROOT, 1, bytes(4)) * preparse.MAX_REPLY_RECORDS
    assert preparse.outline_of_reply(message(ASKED + records, answers=256))

    with pytest.raises(WireError, match="more than 256 records"):
        preparse.outline_of_reply(message(ASKED + records + record(ROOT, 1, b"1234"), answers=257))
    many_labels = record(b"\1a" * 100 + ROOT, 1, bytes(4)) * 41
    with pytest.raises(WireError, match="more than 4096 labels"):
        preparse.outline_of_reply(message(ASKED + many_labels, answers=41))


def test_a_dot_inside_a_label_is_no_border_of_one() -> None:
    octets = message(b"\x0ftiktok.example.\4evil\0" + IN_A)

    assert r"tiktok\046example\046.evil" == wire.read_query(octets).name.text


def test_the_lookup_is_in_lower_case_and_the_question_as_asked() -> None:
    read = wire.read_query(query("WWW.Example", "HTTPS").to_wire())

    assert b"\3www\7example\0" == read.lookup.name
    assert b"\3WWW\7Example\0\0\x41\0\1" == read.question


def test_what_another_library_writes_is_accepted() -> None:
    asked = query("www.example", "SOA").to_wire()
    reply = reply_to(
        asked,
        "www.example 60 IN CNAME a.example.",
        authority=("example 60 IN SOA ns.example. root.example. 1 2 3 4 5",),
        additional=("ns.example 60 IN A 192.0.2.1", "ns.example 60 IN SRV 1 2 3 a.example."),
    )

    assert 5 == len(preparse.outline_of_reply(reply.to_wire()).records)
    assert isinstance(reply, dns.message.Message)
