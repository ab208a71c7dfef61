"""What clients are told: records, codes, reasons, and for how long it holds."""

from collections.abc import Callable
from datetime import datetime, timedelta

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import msgspec
import pytest
from dns_asked import (
    EVERY_TYPE,
    FINDER,
    asked_for,
    changed,
    decided,
    extended_error,
    held_for,
    read_back,
    searching,
)
from dns_world import BREAK, LESSON, PUPIL, STAFF, STRANGER, TEN_BEFORE_BREAK, source
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns import errors
from schoolgate_dns.messages import ExtendedError, ExtendedErrorCode
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.replies.held import Held
from schoolgate_dns.stages import result
from schoolgate_dns.stages.asked import Asked
from schoolgate_dns.stages.safe_search import safe_lookup
from schoolgate_dns.stages.steer import Inspection
from schoolgate_dns.tunnels.passage import Stopped
from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.names import DomainName

INSPECTION = Inspection(bytes([192, 0, 2, 9]), bytes(15) + b"\1")
SOA = "a.example 900 IN SOA ns.example. root.example. 1 2 3 4 30"
RULE_TEXT = "pupils-social-media: Social Media Policy, September 2022, §7"


def ttls_of(outcome: Outcome) -> list[int]:
    message = read_back(outcome)
    return [each.ttl for part in (message.answer, message.authority) for each in part]


def given_again(outcome: Outcome, after_s: int) -> Outcome:
    """The answer as whoever kept it gives it again."""
    octets = bytearray(outcome.octets)
    for ttl in outcome.ttls:
        octets[ttl.at : ttl.at + 4] = (ttl.seconds - after_s).to_bytes(4)
    return Outcome(bytes(octets), ttls=outcome.ttls)


def shape(outcome: Outcome) -> tuple[int, bool, tuple[int, str] | None, bool, int]:
    """What of an answer must not depend on the type of record that was asked for."""
    message = read_back(outcome)
    flags = bool(message.flags & dns.flags.AD)
    return message.rcode(), flags, extended_error(outcome), outcome.is_blocked, outcome.lasts_s


# --- blocked ---------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", EVERY_TYPE)
def test_a_blocked_name_does_not_exist_for_any_type(type_: str) -> None:
    asked = asked_for("www.tiktok.example", type_)

    outcome = result.blocked(asked, decided(asked))

    message = read_back(outcome)
    assert (dns.rcode.NXDOMAIN, []) == (message.rcode(), message.answer)
    assert (15, RULE_TEXT) == extended_error(outcome)
    assert "www.tiktok.example." == message.question[0].name.to_text()
    assert (True, (), ()) == (outcome.is_blocked, outcome.ttls, outcome.addresses)
    assert (asked, decided(asked)) == (outcome.asked, outcome.decision)


def test_a_short_ttl_of_ours_stays_what_it_is_for_as_long_as_it_fits() -> None:
    asked = asked_for("tiktok.example", client=STAFF, moment=TEN_BEFORE_BREAK)

    outcome = result.blocked(asked, decided(asked))

    (soa,) = read_back(outcome).authority
    assert (5, 5, 5) == (soa.ttl, soa[0].minimum, outcome.lasts_s)
    assert TEN_BEFORE_BREAK + timedelta(seconds=5 + outcome.lasts_s) <= BREAK


def test_the_reason_of_a_block_is_looked_at_anew_every_minute() -> None:
    asked = asked_for("tiktok.example")

    assert decided(asked).valid_until > LESSON + timedelta(days=1)
    assert 60 == result.blocked(asked, decided(asked)).lasts_s


@given(st.floats(0, 30))
def test_no_answer_of_ours_outlives_the_bell(before_s: float) -> None:
    moment = BREAK - timedelta(seconds=before_s)
    asked = asked_for("tiktok.example", client=STAFF, moment=moment)
    decision = msgspec.structs.replace(decided(asked), valid_until=BREAK)

    for outcome in (
        result.blocked(asked, decision),
        result.steered(asked, decision, INSPECTION),
        result.every_type(asked, decision),
    ):
        (ttl_s,) = ttls_of(outcome)
        assert moment + timedelta(seconds=outcome.lasts_s + ttl_s) <= BREAK
        assert outcome.lasts_s >= 0


def test_aliases_that_were_judged_are_told() -> None:
    asked = asked_for("innocent.example")
    decision = decided(asked, "x.tiktok.example")
    chain = (DomainName("x.tiktok.example"),)

    outcome = result.blocked(asked, decision, chain=chain)

    assert chain == outcome.chain
    assert chain == result.steered(asked, decision, INSPECTION, chain=chain).chain


# --- steered ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tiktok.example", "forum.example"])
@pytest.mark.parametrize("type_", EVERY_TYPE)
def test_a_steered_name_has_the_inspection_address_and_nothing_else(name: str, type_: str) -> None:
    asked = asked_for(name, type_)

    outcome = result.steered(asked, decided(asked), INSPECTION)

    message = read_back(outcome)
    records = {
        "A": f"{name}. 5 IN A 192.0.2.9",
        "AAAA": f"{name}. 5 IN AAAA ::1",
    }
    text = records.get(type_)
    assert dns.rcode.NOERROR == message.rcode()
    assert ([] if text is None else [text]) == [each.to_text() for each in message.answer]
    # It is the gateway's own, to which no way through the firewall leads.
    assert () == outcome.addresses
    # Where there is no record, for how long that holds is said too.
    assert (0 if text else 1) == len(message.authority)


@pytest.mark.parametrize(
    ("name", "error", "is_blocked"),
    [
        ("tiktok.example", (15, RULE_TEXT), True),
        ("vpn.example", (16, "no-vpn: Another Document, §1"), True),
        (
            "forum.example",
            (4, "pupils-forums: Social Media Policy, September 2022, §7"),
            False,
        ),
    ],
)
def test_what_depends_is_no_block_until_the_proxy_has_seen_the_page(
    name: str, error: tuple[int, str], *, is_blocked: bool
) -> None:
    asked = asked_for(name)

    outcome = result.steered(asked, decided(asked), INSPECTION)

    assert error == extended_error(outcome)
    assert is_blocked is outcome.is_blocked


@pytest.mark.parametrize("type_", ["A", "AAAA"])
def test_a_family_without_an_inspection_address_has_no_record(type_: str) -> None:
    asked = asked_for("tiktok.example", type_)
    ipv4_alone = Inspection(bytes([192, 0, 2, 9]))

    outcome = result.steered(asked, decided(asked), ipv4_alone)

    message = read_back(outcome)
    assert (type_ == "A", dns.rcode.NOERROR) == (bool(message.answer), message.rcode())


def test_capitals_in_a_question_come_back_in_the_answer() -> None:
    asked = asked_for("WwW.TikTok.example")

    (record,) = read_back(result.steered(asked, decided(asked), INSPECTION)).answer

    assert "WwW.TikTok.example." == record.name.to_text()


# --- the same for every type ------------------------------------------------------------------

ANSWERS: dict[str, Callable[[Asked, Decision], Outcome]] = {
    "blocked": result.blocked,
    "steered": lambda asked, decision: result.steered(asked, decision, INSPECTION),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("name", ["tiktok.example", "vpn.example", "forum.example"])
@pytest.mark.parametrize("client", [PUPIL, STAFF, STRANGER])
def test_no_type_of_record_tells_another_story(
    answer: Callable[[Asked, Decision], Outcome], name: str, client: str
) -> None:
    shapes = set()
    for type_ in EVERY_TYPE:
        asked = asked_for(name, type_, client=client)
        shapes.add(shape(answer(asked, decided(asked))))

    assert 1 == len(shapes)


def test_without_edns_only_the_reason_is_left_out() -> None:
    asked = asked_for("tiktok.example", edns=None)

    for outcome in (
        result.blocked(asked, decided(asked)),
        result.steered(asked, decided(asked), INSPECTION),
    ):
        assert (-1, None) == (read_back(outcome).edns, extended_error(outcome))


# --- allowed ---------------------------------------------------------------------------------


def test_what_is_held_is_given_with_the_time_that_is_left() -> None:
    asked = asked_for("a.example")
    held = held_for(
        asked,
        "a.example 300 IN CNAME b.example.",
        "b.example 200 IN A 192.0.2.1",
        "b.example 200 IN A 192.0.2.2",
        age_s=50,
    )

    outcome = result.allowed(asked, decided(asked), held)

    assert [250, 150] == ttls_of(outcome)
    assert [250, 150, 150] == [each.seconds for each in outcome.ttls]
    assert (150, False) == (outcome.lasts_s, outcome.is_blocked)
    assert (bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])) == outcome.addresses
    assert (DomainName("b.example"),) == outcome.chain
    assert [150, 50] == ttls_of(given_again(outcome, 100))


@pytest.mark.parametrize(
    ("before_s", "ttl_s", "lasts_s"), [(600, 300, 300), (10, 10, 10), (1.9, 1, 1), (0.4, 0, 0)]
)
def test_nothing_allowed_outlives_the_bell_or_its_own_time(
    before_s: float, ttl_s: int, lasts_s: int
) -> None:
    bell = BREAK + timedelta(minutes=15)
    asked = asked_for("tiktok.example", client=STAFF, moment=bell - timedelta(seconds=before_s))
    held = held_for(asked, "tiktok.example 300 IN A 192.0.2.1")

    outcome = result.allowed(asked, decided(asked), held)

    assert ([ttl_s], lasts_s) == (ttls_of(outcome), outcome.lasts_s)


def test_addresses_of_the_answer_alone_are_told_of() -> None:
    asked = asked_for("a.example", "AAAA")
    held = held_for(
        asked,
        "a.example 60 IN AAAA 2001:db8::1",
        authority=("a.example 60 IN NS ns.example.",),
        additional=("ns.example 60 IN A 192.0.2.1",),
    )

    outcome = result.allowed(asked, decided(asked), held)

    assert 1 == len(outcome.addresses)
    assert bytes.fromhex("20010db8000000000000000000000001") == outcome.addresses[0]


@pytest.mark.parametrize(
    ("until_s", "ttl_s", "lasts_s"), [(3600, 60, 300), (100, 60, 40), (20, 20, 0)]
)
def test_what_is_withheld_has_no_record_for_a_minute_and_never_past_the_bell(
    until_s: int, ttl_s: int, lasts_s: int
) -> None:
    asked = asked_for("a.example", "AAAA")
    held = held_for(asked, "a.example 300 IN AAAA 2001:db8::1")
    end = asked.moment + timedelta(seconds=until_s)
    decision = msgspec.structs.replace(decided(asked), valid_until=end)

    outcome = result.withheld(asked, decision, held)

    assert (dns.rcode.NOERROR, []) == (read_back(outcome).rcode(), read_back(outcome).answer)
    assert ([ttl_s], lasts_s) == (ttls_of(outcome), outcome.lasts_s)
    assert (4, "no way leads there from where this was asked") == extended_error(outcome)
    assert () == outcome.addresses


def test_a_reply_from_which_something_was_left_out_is_given_instead() -> None:
    asked = asked_for("a.example")
    held = held_for(asked, "a.example 60 IN A 192.0.2.1")
    other = held_for(asked, "a.example 60 IN A 192.0.2.7").reply

    outcome = result.allowed(asked, decided(asked), held, reply=other)

    assert "192.0.2.7" == read_back(outcome).answer[0][0].to_text()
    assert (bytes([192, 0, 2, 7]),) == outcome.addresses


@pytest.mark.parametrize(("rcode", "code"), [(0, 3), (3, 19)])
def test_an_answer_that_is_older_than_its_time_says_so(rcode: int, code: int) -> None:
    asked = asked_for("a.example")
    held = held_for(asked, authority=(SOA,), rcode=rcode, is_stale=True)

    outcome = result.allowed(asked, decided(asked), held)

    assert (code, "") == extended_error(outcome)
    assert rcode == read_back(outcome).rcode()


def test_a_stale_answer_is_kept_for_half_a_minute_at_most() -> None:
    asked = asked_for("a.example")
    held = held_for(asked, "a.example 3600 IN A 192.0.2.1", is_stale=True)

    assert [30] == ttls_of(result.allowed(asked, decided(asked), held))
    assert [30] == ttls_of(result.allowed(asked, decided(asked), held, reply=held.reply))


def test_an_answer_that_lost_addresses_of_the_inside_says_so() -> None:
    asked = asked_for("a.example")
    held = held_for(asked, "a.example 60 IN A 192.0.2.1")
    lost = msgspec.structs.replace(held.reply, removed_addresses=1)

    outcome = result.allowed(asked, decided(asked), Held(lost, held.age_s, lasts_s=held.lasts_s))

    assert (15, "rebinding: addresses of the inside were removed") == extended_error(outcome)


def test_a_query_for_every_type_gets_one_record() -> None:
    asked = asked_for("a.example", "ANY")

    outcome = result.every_type(asked, decided(asked))

    (hinfo,) = read_back(outcome).answer
    assert 'a.example. 3600 IN HINFO "RFC8482" ""' == hinfo.to_text()
    assert outcome.lasts_s > 0


# --- safe search -----------------------------------------------------------------------------

TARGET = FINDER.strict
SAFE = {
    "A": "safe.finder.example 60 IN A 192.0.2.5",
    "AAAA": "safe.finder.example 60 IN AAAA 2001:db8::5",
    "HTTPS": 'safe.finder.example 60 IN HTTPS 1 . alpn="h2"',
    "MX": "safe.finder.example 60 IN MX 10 mail.safe.finder.example.",
    "TXT": 'safe.finder.example 60 IN TXT "safe"',
    "CNAME": "safe.finder.example 60 IN CNAME edge.finder.example.",
}


def safe(type_: str, *records: str, moment: datetime = LESSON, **more: object) -> Outcome:
    asked = asked_for("Www.Finder.example", type_, school=searching(), moment=moment)
    lookup = safe_lookup(asked.query, TARGET)
    held = held_for(asked, *records, lookup=lookup, **more)
    return result.safe(asked, decided(asked), held, TARGET)


@pytest.mark.parametrize(("type_", "record"), SAFE.items())
def test_a_search_is_answered_with_an_alias_and_its_records(type_: str, record: str) -> None:
    outcome = safe(type_, record)

    message = read_back(outcome)
    alias, behind = message.answer
    assert "Www.Finder.example. 60 IN CNAME safe.finder.example." == alias.to_text()
    assert record.split(" ")[2:] == behind.to_text().split(" ")[2:]
    assert "safe.finder.example." == behind.name.to_text()
    assert (4, "safe search: safe.finder.example") == extended_error(outcome)


def test_every_type_of_a_search_name_has_the_same_alias() -> None:
    aliases = {
        read_back(safe(type_, authority=(SOA.replace("a.example", "finder.example"),)))
        .answer[0]
        .to_text()
        for type_ in EVERY_TYPE
        if type_ != "ANY"  # it is answered before anybody looks up anything
    }

    assert {"Www.Finder.example. 30 IN CNAME safe.finder.example."} == aliases


def test_aliases_behind_the_safe_name_keep_their_place() -> None:
    outcome = safe(
        "A",
        "safe.finder.example 60 IN CNAME edge.safe.finder.example.",
        "edge.safe.finder.example 50 IN CNAME cdn.example.",
        "cdn.example 40 IN A 192.0.2.5",
        authority=("finder.example 900 IN NS ns.safe.finder.example.",),
        additional=("ns.safe.finder.example 900 IN A 192.0.2.6",),
        age_s=10,
    )

    message = read_back(outcome)
    assert [
        "Www.Finder.example. 30 IN CNAME safe.finder.example.",
        "safe.finder.example. 50 IN CNAME edge.safe.finder.example.",
        "edge.safe.finder.example. 40 IN CNAME cdn.example.",
        "cdn.example. 30 IN A 192.0.2.5",
    ] == [each.to_text() for each in message.answer]
    assert ["finder.example. 890 IN NS ns.safe.finder.example."] == [
        each.to_text() for each in message.authority
    ]
    assert ["ns.safe.finder.example. 890 IN A 192.0.2.6"] == [
        each.to_text() for each in message.additional
    ]
    assert (30, (bytes([192, 0, 2, 5]),)) == (outcome.lasts_s, outcome.addresses)
    assert [20, 40, 30, 20] == [each.ttl for each in read_back(given_again(outcome, 10)).answer]


def test_an_alias_of_ours_never_claims_to_be_authentic() -> None:
    asked = asked_for("www.finder.example", school=searching(), want_dnssec=True)
    held = held_for(asked, SAFE["A"], lookup=safe_lookup(asked.query, TARGET))
    reply = msgspec.structs.replace(held.reply, is_authentic=True)

    named = asked_for("safe.finder.example", want_dnssec=True)
    outcome = result.safe(asked, decided(asked), held, TARGET, reply=reply)

    assert read_back(result.allowed(named, decided(named), held, reply=reply)).flags & dns.flags.AD
    assert not read_back(outcome).flags & dns.flags.AD
    assert read_back(outcome).ednsflags & dns.flags.DO


def test_no_alias_outlives_the_bell() -> None:
    moment = BREAK - timedelta(seconds=20)
    asked = asked_for("www.finder.example", client=STAFF, school=searching(), moment=moment)
    held = held_for(asked, SAFE["A"], lookup=safe_lookup(asked.query, TARGET))
    decision = msgspec.structs.replace(decided(asked), valid_until=BREAK)

    outcome = result.safe(asked, decision, held, TARGET)

    assert ([20, 20], 20) == (ttls_of(outcome), outcome.lasts_s)


# --- failed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.UpstreamSilent("x"), (22, "")),
        (errors.UpstreamUnreachable("x"), (23, "")),
        (errors.UpstreamBusy("x"), None),
        (
            errors.UpstreamFailed("x", 2, ExtendedError(ExtendedErrorCode.BOGUS, "no proof")),
            (6, "no proof"),
        ),
        (errors.UpstreamFailed("x", 2, None), None),
    ],
)
def test_a_failure_says_why_and_is_kept_by_nobody(
    error: errors.UpstreamError, expected: tuple[int, str] | None
) -> None:
    outcome = result.failed(asked_for("a.example").query, error)

    assert dns.rcode.SERVFAIL == read_back(outcome).rcode()
    assert (expected, 0) == (extended_error(outcome), outcome.lasts_s)
    assert (None, None) == (outcome.asked, outcome.decision)


def test_a_tunnel_is_told_what_it_is_and_kept_for_nobody_else() -> None:
    tunnel = Stopped(DomainName("t.example"), "evidence", 99.0)

    outcome = result.stopped(asked_for("x.t.example", "TXT"), tunnel)

    assert (dns.rcode.NXDOMAIN, 0) == (read_back(outcome).rcode(), outcome.lasts_s)
    assert (15, tunnel.why.text) == extended_error(outcome)


def test_every_rule_that_blocks_is_named_as_far_as_there_is_room() -> None:
    more = tuple(
        msgspec.structs.replace(source().policy.rules[0], id=f"rule-{number}-{'x' * 40}")
        for number in range(9)
    )
    school = changed(source(), rules=(*source().policy.rules, *more))
    asked = asked_for("tiktok.example", school=school)

    error = extended_error(result.blocked(asked, decided(asked)))

    assert error is not None
    assert error[1].startswith(RULE_TEXT + "; rule-0-")
    assert 190 < len(error[1].encode()) <= 200
