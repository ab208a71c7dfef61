"""What upstreams are asked in, and what of their replies is read before anything else."""

import struct

import dns.edns
import dns.message
import dns.name
import dns.rcode
import pytest
from dns_local import query, reply_to
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.errors import UnusableReply
from schoolgate_dns.messages import ExtendedError, ExtendedErrorCode, Lookup, Rcode, answers, wire

LOOKUP = wire.read_query(query("a-b.x9.example").to_wire()).lookup


@pytest.mark.parametrize(
    ("chance", "name"),
    [
        (b"\0" * 16, b"\3a-b\2x9\7example\0"),
        (b"\xff" * 16, b"\3A-B\2X9\7EXAMPLE\0"),
        (b"\xdf" * 16, b"\3a-b\2x9\7example\0"),
        (b"\0\x20" * 8, b"\3A-B\2X9\7eXaMpLe\0"),
    ],
)
def test_letters_alone_become_capitals_and_only_by_chance(chance: bytes, name: bytes) -> None:
    assert name == wire.mixed_case(LOOKUP.name, chance[: len(LOOKUP.name)])


def test_no_octet_but_a_letter_ever_changes() -> None:
    name = bytes(octet for octet in range(256) if not chr(octet).isupper() or octet > 0x7F)

    changed = {
        before for before, after in zip(name, wire.mixed_case(name, b"\xff" * 256), strict=False)
        if before != after
    }  # fmt: skip
    assert set(b"abcdefghijklmnopqrstuvwxyz") == changed


def test_without_edns_there_is_no_opt_record() -> None:
    lookup = Lookup(LOOKUP.name, 1, dnssec_ok=True)

    assert 0 == dns.message.from_wire(wire.query_for(lookup, 7)).edns
    assert -1 == dns.message.from_wire(wire.query_for(lookup, 7, with_edns=False)).edns


def refused(*options: tuple[int, bytes], rcode: int = 2) -> UnusableReply:
    message = reply_to(wire.query_for(LOOKUP, 7), rcode=rcode)
    message.use_edns(0, options=[dns.edns.GenericOption(number, text) for number, text in options])
    message.set_rcode(dns.rcode.Rcode(rcode))
    with pytest.raises(UnusableReply) as raised:
        wire.read_reply(message.to_wire())
    return raised.value


def extended(code: int, text: bytes = b"") -> tuple[int, bytes]:
    return 15, struct.pack(">H", code) + text


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), None),
        ((extended(6, b"no good"),), ExtendedError(ExtendedErrorCode.BOGUS, "no good")),
        (((10, b"x" * 8), extended(22)), ExtendedError(ExtendedErrorCode.NO_REACHABLE_AUTHORITY)),
        ((extended(6), extended(7)), ExtendedError(ExtendedErrorCode.BOGUS)),
        ((extended(0, b"\xff\0"),), ExtendedError(ExtendedErrorCode.OTHER, "�")),
        ((extended(4711),), None),
        (((15, b"\0"),), None),
    ],
)
def test_a_failure_says_why_if_its_server_did(
    options: tuple[tuple[int, bytes], ...], why: ExtendedError | None
) -> None:
    failure = refused(*options)

    assert (2, why) == (failure.rcode, failure.why)


def test_a_response_code_has_twelve_bits() -> None:
    assert 23 == refused(rcode=23).rcode


def test_a_reply_forgets_the_capitals_that_it_was_asked_in_and_keeps_its_type() -> None:
    """HTTPS is type 65, the octet of a capital A."""
    message = reply_to(query("wWw.ExAmPlE", "HTTPS").to_wire(), "www.example 60 IN HTTPS 1 .")
    question = dns.message.from_wire(wire.read_reply(message.to_wire()).octets).question[0]

    assert ("www.example.", 65) == (question.name.to_text(), question.rdtype)


def _as_text(label: bytes) -> str:
    plain = b"abcdefghijklmnopqrstuvwxyz0123456789-_"
    return "".join(chr(o) if o in plain else f"\\{o:03d}" for o in label.lower())


ANY_LABELS = st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=8)


@given(ANY_LABELS)
def test_a_name_is_read_as_the_library_reads_it(labels: list[bytes]) -> None:
    in_wire_form = b"".join(bytes([len(each)]) + each for each in labels) + b"\0"
    octets = bytes.fromhex("0000 0100 0001 0000 0000 0000") + in_wire_form + b"\0\1\0\1"
    by_library = dns.name.from_wire(octets, 12)[0].labels[:-1]

    assert [_as_text(each) for each in by_library] == wire.read_query(octets).name.text.split(".")


@given(ANY_LABELS, st.sampled_from([0, 2, 3, 5, 16]), st.integers(0, 2**31 - 1) | st.none())
def test_an_answer_without_records_is_the_librarys_octet_by_octet(
    labels: list[bytes], rcode: int, ttl_s: int | None
) -> None:
    in_wire_form = b"".join(bytes([len(each)]) + each for each in labels) + b"\0"
    octets = bytes.fromhex("0000 0110 0001 0000 0000 0000") + in_wire_form + b"\0\x1c\0\1"
    asked = wire.read_query(octets)
    flags = 0x8190 | rcode & 0xF

    assert wire.synthetic(asked, flags, soa_ttl_s=ttl_s) == answers.negative_answer(
        asked, Rcode(rcode), soa_ttl_s=ttl_s
    )
