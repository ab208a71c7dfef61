"""What a message deserves before anybody asks who sent it."""

import struct

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
from dns_world import query

from schoolgate_dns.messages import Query
from schoolgate_dns.messages.answers import with_id_of
from schoolgate_dns.stages.parse import read
from schoolgate_dns.stages.parsed import Finished, ForZone


def answer_to(octets: bytes) -> dns.message.Message | None:
    finished = read(octets)
    assert isinstance(finished, Finished)
    if finished.answer is None:
        return None
    return dns.message.from_wire(with_id_of(octets, finished.answer))


def with_flags(octets: bytes, flags: int) -> bytes:
    return octets[:2] + flags.to_bytes(2) + octets[4:]


PLAIN = query("a.example", id=4660).to_wire()


@pytest.mark.parametrize(
    "octets",
    [b"", b"\x12", PLAIN[:11], with_flags(PLAIN, 0x8100), b"\x12\x34\x80" + bytes(30)],
)
def test_what_is_no_query_gets_nothing(octets: bytes) -> None:
    assert answer_to(octets) is None


@pytest.mark.parametrize(
    ("octets", "rcode"),
    [
        (PLAIN[:12], dns.rcode.FORMERR),
        (PLAIN[:-1], dns.rcode.FORMERR),
        (PLAIN + b"x", dns.rcode.FORMERR),
        (PLAIN[:4] + b"\0\0" + PLAIN[6:], dns.rcode.FORMERR),
        (PLAIN[:4] + b"\0\2" + PLAIN[6:], dns.rcode.FORMERR),
        (with_flags(PLAIN, dns.opcode.to_flags(dns.opcode.UPDATE))[:14], dns.rcode.FORMERR),
        (with_flags(PLAIN, dns.opcode.to_flags(dns.opcode.NOTIFY)), dns.rcode.NOTIMP),
        (with_flags(PLAIN, 15 << 11)[:12], dns.rcode.NOTIMP),
        (query("version.bind", "TXT", rdclass="CH", id=4660).to_wire(), dns.rcode.REFUSED),
        (query("a.example", rdclass="ANY", id=4660).to_wire(), dns.rcode.REFUSED),
        (query("a.example", "AXFR", id=4660).to_wire(), dns.rcode.REFUSED),
        (query("a.example", "IXFR", id=4660).to_wire(), dns.rcode.REFUSED),
        (query("a.example", "TYPE0", id=4660).to_wire(), dns.rcode.REFUSED),
        (query("a.example", "OPT", id=4660).to_wire(), dns.rcode.REFUSED),
    ],
)
def test_what_is_not_served_is_refused_by_name(octets: bytes, rcode: int) -> None:
    answer = answer_to(octets)

    assert answer is not None
    assert (4660, rcode) == (answer.id, answer.rcode())
    assert answer.flags & dns.flags.QR
    assert [] == answer.answer


def test_the_opcode_comes_back_as_it_was_sent() -> None:
    answer = answer_to(with_flags(PLAIN, dns.opcode.to_flags(dns.opcode.STATUS)))

    assert answer is not None
    assert dns.opcode.STATUS == answer.opcode()


@pytest.mark.parametrize("version", [1, 255])
def test_an_unknown_edns_version_is_told_which_one_is_known(version: int) -> None:
    octets = dns.message.make_query("a.example", "A", use_edns=version).to_wire()
    answer = answer_to(octets)

    assert answer is not None
    assert (dns.rcode.BADVERS, 0) == (answer.rcode(), answer.edns)


@pytest.mark.parametrize("option", [10, 12, 65001])
def test_unknown_options_and_flags_do_no_harm(option: int) -> None:
    message = query(
        "a.example", options=[dns.edns.GenericOption(dns.edns.OptionType.make(option), b"x" * 8)]
    )
    message.ednsflags |= 0x4000
    octets = message.to_wire()

    assert isinstance(read(octets), Query)
    assert isinstance(read(octets[:3] + bytes([octets[3] | 0x40]) + octets[4:]), Query)


def test_a_header_is_enough_for_a_form_error() -> None:
    octets = struct.pack(">6H", 4660, 0x0100, 65535, 65535, 65535, 65535)
    answer = read(octets)

    assert isinstance(answer, Finished)
    assert struct.pack(">6H", 0, 0x8101, 0, 0, 0, 0) == answer.answer


@pytest.mark.parametrize(
    "octets",
    [
        with_flags(query("Printer.School.Example", "SOA").to_wire(), 5 << 11)
        + b"whatever follows",
        query("Printer.School.Example", "TKEY").to_wire(),
    ],
    ids=["an update", "an exchange of keys"],
)
def test_what_concerns_a_zone_is_for_whoever_holds_it_octet_by_octet(octets: bytes) -> None:
    assert ForZone(octets, b"\7printer\6school\7example\0") == read(octets)


def test_options_are_passed_over_and_said_to_be_there() -> None:
    option = dns.edns.GenericOption(65_001, b"unknown")
    with_option = read(query("a.example", options=[option]).to_wire())
    without = read(query("a.example").to_wire())
    assert isinstance(with_option, Query)
    assert isinstance(without, Query)
    assert [True, False] == [each.edns.has_options for each in (with_option, without) if each.edns]
