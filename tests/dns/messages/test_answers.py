"""The octets of answers, read by a library that shares no code with ours."""

from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest
from dns_world import query, reply_to
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import (
    ExtendedError,
    ExtendedErrorCode,
    Lookup,
    Query,
    Rcode,
    answers,
    wire,
)
from schoolgate_dns.messages.layout import AUTHENTIC_DATA
from schoolgate_dns.outcome import Outcome

SOA = "example 900 IN SOA ns.example. root.example. 1 2 3 4 30"


def read(name: str = "a.example", type_: str = "A", **more: Any) -> Query:  # noqa: ANN401 - passed on
    return wire.read_query(query(name, type_, **more).to_wire())


def upstream_octets(lookup: Lookup, *records: str, **more: Any) -> bytes:  # noqa: ANN401 - passed on
    return reply_to(wire.query_for(lookup, 7), *records, **more).to_wire(max_size=65_535)


def long_texts(count: int) -> list[str]:
    return [f'a.example 60 IN TXT "{number:0250}"' for number in range(count)]


def test_the_upstream_is_asked_in_lower_case_for_nothing_of_the_clients_own() -> None:
    asked = dns.message.from_wire(wire.query_for(read("A.Example", want_dnssec=True).lookup, 99))

    assert (99, "a.example.") == (asked.id, asked.question[0].name.to_text())
    assert dns.flags.RD | dns.flags.AD == asked.flags
    assert (0, 1232, dns.flags.DO, ()) == (
        asked.edns,
        asked.payload,
        asked.ednsflags,
        asked.options,
    )


@given(st.integers(0, 2**32 - 1), st.integers(0, 400), st.integers(0, 2**31 - 1))
def test_every_ttl_is_counted_down_and_clamped(ttl: int, age_s: int, cap_s: int) -> None:
    asked = read()
    octets = bytearray(
        upstream_octets(asked.lookup, "a.example 77 IN A 192.0.2.1", authority=(SOA,))
    )
    octets = octets.replace((77).to_bytes(4), ttl.to_bytes(4))
    counted = 0 if ttl >= 2**31 else ttl

    answer = dns.message.from_wire(
        answers.answer_from(asked, wire.read_reply(bytes(octets)), age_s=age_s, ttl_cap_s=cap_s)
    )

    assert max(0, min(counted - age_s, cap_s)) == answer.answer[0].ttl
    assert max(0, min(900 - age_s, cap_s)) == answer.authority[0].ttl
    assert dns.flags.QR | dns.flags.RD | dns.flags.RA == answer.flags


@pytest.mark.parametrize(
    ("records", "more", "lifetime_s"),
    [
        (("a.example 300 IN A 192.0.2.1", "a.example 100 IN TXT x"), {}, 100),
        (("a.example 300 IN A 192.0.2.1",), {"authority": (SOA,)}, 300),
        ((), {"authority": (SOA,)}, 30),
        ((), {"authority": (SOA,), "rcode": dns.rcode.NXDOMAIN}, 30),
        (("a.example 300 IN CNAME b.example.",), {"rcode": dns.rcode.NXDOMAIN}, 0),
        ((), {}, 0),
        (("a.example 1000000 IN A 192.0.2.1",), {}, 86_400),
        (("a.example 0 IN A 192.0.2.1",), {}, 0),
    ],
)
def test_a_reply_is_kept_as_long_as_all_of_it_lasts(
    records: tuple[str, ...], more: dict[str, Any], lifetime_s: int
) -> None:
    octets = upstream_octets(read().lookup, *records, **more)

    assert lifetime_s == wire.read_reply(octets).lifetime_s


@pytest.mark.parametrize("rcode", ["FORMERR", "SERVFAIL", "NOTIMP", "REFUSED", "BADVERS"])
def test_a_reply_that_answers_nothing_is_of_no_use(rcode: str) -> None:
    octets = upstream_octets(read().lookup, rcode=dns.rcode.from_text(rcode))

    with pytest.raises(WireError, match="response code"):
        wire.read_reply(octets)


def test_too_many_aliases_are_refused() -> None:
    records = [f"a.example 60 IN HTTPS {n} t{n}.example." for n in range(1, 66)]
    lookup = read(type_="HTTPS").lookup

    assert 64 == len(wire.read_reply(upstream_octets(lookup, *records[:64])).aliases)
    with pytest.raises(WireError, match="aliases"):
        wire.read_reply(upstream_octets(lookup, *records))


def test_the_upstreams_own_opt_record_stays_behind() -> None:
    asked = read(edns=None)
    message = reply_to(
        wire.query_for(asked.lookup, 7),
        "a.example 60 IN A 192.0.2.1",
        additional=("b.example 60 IN A 192.0.2.2",),
    )
    message.use_edns(
        0, payload=4096, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"cookie!!")]
    )
    reply = wire.read_reply(message.to_wire())

    plain = dns.message.from_wire(answers.answer_from(asked, reply, age_s=0, ttl_cap_s=60))
    with_edns = dns.message.from_wire(answers.answer_from(read(), reply, age_s=0, ttl_cap_s=60))

    assert (-1, 1) == (plain.edns, len(plain.additional))
    assert (0, 1232, ()) == (with_edns.edns, with_edns.payload, with_edns.options)


def test_authentic_is_said_only_to_those_who_asked() -> None:
    octets = bytearray(upstream_octets(read().lookup, "a.example 60 IN A 192.0.2.1"))
    octets[3] |= AUTHENTIC_DATA
    reply = wire.read_reply(bytes(octets))
    claims = {
        case: bool(
            dns.message.from_wire(answers.answer_from(asked, reply, age_s=0, ttl_cap_s=60)).flags
            & dns.flags.AD
        )
        for case, asked in {
            "plain": read(),
            "DO": read(want_dnssec=True),
            "AD": read(flags=dns.flags.RD | dns.flags.AD),
        }.items()
    }

    assert {"plain": False, "DO": True, "AD": True} == claims


@given(st.text(max_size=300))
def test_the_extra_text_is_at_most_200_octets_of_utf_8(text: str) -> None:
    text = text.encode(errors="ignore").decode()
    why = ExtendedError(ExtendedErrorCode.BLOCKED, text)
    octets = answers.negative_answer(read(), Rcode.NXDOMAIN, 5, why)

    (option,) = dns.message.from_wire(octets).options
    assert isinstance(option, dns.edns.EDEOption)
    # The library drops one trailing NUL, which RFC 8914 allows a sender to add.
    shown = (option.text or "").rstrip("\0")
    assert text.startswith(shown)
    assert len(shown.encode()) <= 200
    assert len(text.encode()) <= 200 or len(shown.encode()) >= 190


def test_what_is_too_long_for_udp_sends_the_client_to_tcp() -> None:
    lookup = read(type_="TXT").lookup
    reply = wire.read_reply(upstream_octets(lookup, *long_texts(3)))
    truncated = {}
    for edns in (None, 100, 512, 800, 1232, 4096):
        asked = read(type_="TXT", edns=edns)
        full = answers.answer_from(asked, reply, age_s=0, ttl_cap_s=60)
        fitted = answers.fitted_to_udp(asked, full)
        message = dns.message.from_wire(fitted)
        truncated[edns] = bool(message.flags & dns.flags.TC)
        assert len(fitted) <= max(512, min(edns or 0, 1232))
        assert (0 if truncated[edns] else 3) == sum(map(len, message.answer))

    assert {None: True, 100: True, 512: True, 800: True, 1232: False, 4096: False} == truncated


def test_no_udp_answer_is_longer_than_1232_octets() -> None:
    lookup = read(type_="TXT").lookup
    reply = wire.read_reply(upstream_octets(lookup, *long_texts(6)))
    asked = read(type_="TXT", edns=4096)

    full = answers.answer_from(asked, reply, age_s=0, ttl_cap_s=60)
    assert len(full) > 1232
    assert dns.message.from_wire(answers.fitted_to_udp(asked, full)).flags & dns.flags.TC


def test_what_is_sent_to_tcp_has_no_ttl_that_counts_down() -> None:
    asked = read(type_="TXT", edns=4096)
    reply = wire.read_reply(upstream_octets(asked.lookup, *long_texts(6)))
    octets = answers.answer_from(asked, reply, age_s=0, ttl_cap_s=60)
    whole = Outcome(octets, ttls=answers.counted_ttls(reply, 0, 60), lasts_s=60)
    short = Outcome(answers.negative_answer(asked, Rcode.NXDOMAIN), ttls=whole.ttls, lasts_s=60)

    sent_on = answers.fitted(asked, whole)

    assert dns.message.from_wire(sent_on.octets).flags & dns.flags.TC
    assert ((), 60) == (sent_on.ttls, sent_on.lasts_s)
    assert short is answers.fitted(asked, short)
