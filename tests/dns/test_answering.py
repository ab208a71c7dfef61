"""The whole way of a query, with a small school, scripted upstreams and real decisions."""

import asyncio
from datetime import timedelta

import dns.edns
import dns.message
import dns.rcode
import msgspec
import pytest
from dns_world import (
    BREAK,
    PUPIL,
    STAFF,
    STRANGER,
    TEN_BEFORE_BREAK,
    TEN_BEFORE_LESSON,
    NoZones,
    World,
    query,
    source,
)

from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ipc.messages import AllowedCount, Blocked, PointKind

TIKTOK = {("www.tiktok.example", "A"): ("www.tiktok.example 300 IN A 192.0.2.1",)}


def extra_text(answer: dns.message.Message) -> str | None:
    (option,) = [each for each in answer.options if each.otype == dns.edns.OptionType.EDE]
    assert isinstance(option, dns.edns.EDEOption)
    return option.text


def codes(answer: dns.message.Message) -> list[int]:
    return [int(each.code) for each in answer.options if isinstance(each, dns.edns.EDEOption)]


def test_a_blocked_name_does_not_exist_and_the_answer_names_rule_and_clause() -> None:
    world = World(TIKTOK)

    answer = world.ask(PUPIL, "www.tiktok.example")

    assert dns.rcode.NXDOMAIN == answer.rcode()
    assert [15] == codes(answer)
    assert "pupils-social-media: Social Media Policy, September 2022, §7" == extra_text(answer)
    assert [] == world.resolver.asked


def test_another_documents_clause_is_named_without_the_schools_version() -> None:
    assert "no-vpn: Another Document, §1" == extra_text(World().ask(STAFF, "x.vpn.example"))


def test_the_reason_is_left_out_for_a_client_without_edns() -> None:
    answer = World().ask(PUPIL, "www.tiktok.example", edns=None)

    assert dns.rcode.NXDOMAIN == answer.rcode()
    assert (-1, ()) == (answer.edns, answer.options)


def test_a_block_may_be_remembered_for_a_few_seconds_never_past_the_bell() -> None:
    world = World()
    world.moment = TEN_BEFORE_BREAK
    (far,) = world.ask(STAFF, "www.tiktok.example").authority
    world.moment = TEN_BEFORE_BREAK + timedelta(seconds=7.5)
    (near,) = world.ask(STAFF, "www.tiktok.example").authority

    assert (5, 5) == (far.ttl, far[0].minimum)
    assert (2, 2) == (near.ttl, near[0].minimum)
    assert "www.tiktok.example." == near.name.to_text()


def test_the_bell_opens_and_shuts_the_name_for_staff() -> None:
    world = World(TIKTOK)
    rcodes = []
    for moment in (BREAK - timedelta(seconds=1), BREAK, BREAK + timedelta(minutes=15)):
        world.moment = moment
        rcodes.append(world.ask(STAFF, "www.tiktok.example").rcode())

    assert [dns.rcode.NXDOMAIN, dns.rcode.NOERROR, dns.rcode.NXDOMAIN] == rcodes


@pytest.mark.parametrize(("before_end_s", "ttl_s"), [(600, 300), (10, 10), (1.9, 1), (0.4, 0)])
def test_no_ttl_reaches_past_the_next_bell(before_end_s: float, ttl_s: int) -> None:
    world = World(TIKTOK)
    world.moment = TEN_BEFORE_LESSON + timedelta(seconds=10 - before_end_s)

    (address,) = world.ask(STAFF, "www.tiktok.example").answer

    assert ttl_s == address.ttl


def test_a_kept_reply_counts_down_and_is_asked_again_when_its_time_is_over() -> None:
    world = World({("a.example", "A"): ("a.example 300 IN A 192.0.2.1",)})
    ttls = []
    for passed_s in (0, 100, 200, 300):
        world.monotonic_s = 1000.0 + passed_s
        ttls.append(world.ask(PUPIL, "a.example").answer[0].ttl)

    assert [300, 200, 100, 300] == ttls
    assert 2 == len(world.resolver.asked)


def test_what_staff_warmed_the_cache_with_stays_blocked_for_a_pupil() -> None:
    world = World(
        TIKTOK
        | {
            ("innocent.example", "A"): (
                "innocent.example 300 IN CNAME www.tiktok.example.",
                "www.tiktok.example 300 IN A 192.0.2.1",
            )
        }
    )
    world.moment = BREAK
    names = ("www.tiktok.example", "innocent.example")

    assert [0, 0] == [world.ask(STAFF, name).rcode() for name in names]
    assert [3, 3] == [world.ask(PUPIL, name).rcode() for name in names]
    assert [0, 0] == [world.ask(STAFF, name).rcode() for name in names]
    assert 2 == len(world.resolver.asked)


CHAINS = {
    "last": (
        "cdn.example 60 IN CNAME edge.example.",
        "edge.example 60 IN CNAME x.tiktok.example.",
    ),
    "middle": (
        "cdn.example 60 IN CNAME x.tiktok.example.",
        "x.tiktok.example 60 IN CNAME edge.example.",
    ),
    "capitals": ("cdn.example 60 IN CNAME X.TikTok.EXAMPLE.",),
    "out of order": (
        "edge.example 60 IN CNAME x.tiktok.example.",
        "cdn.example 60 IN CNAME edge.example.",
    ),
    "dname": ("cdn.example 60 IN DNAME tiktok.example.",),
}


@pytest.mark.parametrize("records", CHAINS.values(), ids=CHAINS)
def test_a_blocked_name_anywhere_in_the_chain_blocks(records: tuple[str, ...]) -> None:
    world = World({("cdn.example", "A"): (*records, "edge.example 60 IN A 192.0.2.1")})

    answer = world.ask(PUPIL, "cdn.example")

    assert dns.rcode.NXDOMAIN == answer.rcode()
    assert "pupils-social-media: Social Media Policy, September 2022, §7" == extra_text(answer)
    assert ["cdn.example"] == [event.host for event in world.events]


@pytest.mark.parametrize("record", ["0 x.tiktok.example.", "1 x.tiktok.example. alpn=h2"])
@pytest.mark.parametrize("type_", ["HTTPS", "SVCB"])
def test_the_target_of_a_service_record_is_judged_too(type_: str, record: str) -> None:
    world = World({("cdn.example", type_): (f"cdn.example 60 IN {type_} {record}",)})

    assert dns.rcode.NXDOMAIN == world.ask(PUPIL, "cdn.example", type_).rcode()


def test_a_service_record_of_its_own_owner_has_no_alias() -> None:
    world = World({("a.example", "HTTPS"): ("a.example 60 IN HTTPS 1 . alpn=h2",)})

    assert dns.rcode.NOERROR == world.ask(PUPIL, "a.example", "HTTPS").rcode()


RECORDS = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "HTTPS": '1 . alpn="h2" ipv4hint="192.0.2.1"',
    "TXT": '"v=spf1 -all" "more"',
    "MX": "10 mail.example.",
    "TYPE65280": r"\# 4 deadbeef",
}


@pytest.mark.parametrize(("type_", "contents"), RECORDS.items())
@pytest.mark.parametrize("over_udp", [True, False])
def test_records_pass_exactly_as_they_came(type_: str, contents: str, *, over_udp: bool) -> None:
    text = f"WwW.a.example 120 IN {type_} {contents}"
    world = World({("www.a.example", type_): (text,)})

    # Of staff: from others' HTTPS records a part is left out (`hints`).
    answer = world.ask(STAFF, "wWw.A.example", type_, over_udp=over_udp)

    assert [f"wWw.A.example. 120 IN {type_} {contents}"] == [
        each.to_text() for each in answer.answer
    ]
    assert "wWw.A.example." == answer.question[0].name.to_text()


@pytest.mark.parametrize(
    ("client", "name", "rcode"),
    [
        (PUPIL, "forum.example", dns.rcode.NXDOMAIN),
        (STAFF, "forum.example", dns.rcode.NOERROR),
        (PUPIL, "wiki.example", dns.rcode.NOERROR),
    ],
)
def test_what_depends_is_open_only_where_the_rule_says_so(
    client: str, name: str, rcode: int
) -> None:
    scripts = {
        (each, "A"): (f"{each} 60 IN A 192.0.2.1",) for each in ("forum.example", "wiki.example")
    }

    assert rcode == World(scripts).ask(client, name).rcode()


def test_an_unlisted_client_gets_no_more_than_a_pupil() -> None:
    world = World(TIKTOK)
    world.moment = BREAK

    assert dns.rcode.NXDOMAIN == world.ask(STRANGER, "www.tiktok.example").rcode()


def test_a_bell_that_rings_while_the_upstream_is_asked_is_heeded() -> None:
    world = World(TIKTOK)
    world.moment = TEN_BEFORE_LESSON

    def ring() -> None:
        world.moment = TEN_BEFORE_LESSON + timedelta(seconds=11)

    world.resolver.before_answering = ring

    assert dns.rcode.NXDOMAIN == world.ask(STAFF, "www.tiktok.example").rcode()


def test_a_new_snapshot_decides_the_next_query() -> None:
    world = World(TIKTOK)
    assert dns.rcode.NXDOMAIN == world.ask(PUPIL, "www.tiktok.example").rcode()

    policy = msgspec.structs.replace(source().policy, id="open", rules=())
    asyncio.run(world.decider.put_source(msgspec.structs.replace(source(2), policy=policy)))

    assert dns.rcode.NOERROR == world.ask(PUPIL, "www.tiktok.example").rcode()


def test_firefox_is_told_to_leave_dns_to_the_network_and_nothing_is_recorded() -> None:
    world = World()

    assert dns.rcode.NXDOMAIN == world.ask(STAFF, "Use-Application-DNS.net").rcode()
    assert ([], [], []) == (world.events, world.lines, world.resolver.asked)


def test_every_type_is_answered_with_one_record_unless_the_name_is_blocked() -> None:
    world = World()
    (hinfo,) = world.ask(PUPIL, "a.example", "ANY").answer

    assert 'a.example. 3600 IN HINFO "RFC8482" ""' == hinfo.to_text()
    assert dns.rcode.NXDOMAIN == world.ask(PUPIL, "tiktok.example", "ANY").rcode()


def test_a_silent_upstream_is_a_servfail_that_says_so() -> None:
    answer = World().ask(PUPIL, "a.example")

    assert (dns.rcode.SERVFAIL, [22]) == (answer.rcode(), codes(answer))


def test_a_help_line_opens_and_leaves_neither_event_nor_line() -> None:
    world = World(
        {
            ("www.help.example", "A"): (
                "www.help.example 60 IN CNAME edge.tiktok.example.",
                "edge.tiktok.example 60 IN A 192.0.2.1",
            )
        }
    )

    assert dns.rcode.NOERROR == world.ask(PUPIL, "www.help.example").rcode()
    world.recording.stop()
    assert ([], []) == (world.events, world.lines)


def test_a_flood_of_blocks_is_its_first_and_last_and_exact_count() -> None:
    world = World()
    start = world.machine
    for second in range(50):
        world.machine = start + timedelta(seconds=second)
        world.ask(PUPIL, "www.tiktok.example")
    world.recording.stop()

    first, rest = world.events
    assert isinstance(first, Blocked)
    assert isinstance(rest, Blocked)
    assert (start, 1) == (first.at, first.count)
    assert (start + timedelta(seconds=49), 49) == (rest.last_at, rest.count)
    assert ("www.tiktok.example", ("pupils-social-media",)) == (rest.host, rest.rules)


def test_a_way_round_the_filter_is_recorded_as_such() -> None:
    world = World()
    world.ask(STAFF, "eu.vpn.example")

    (event,) = world.events
    assert isinstance(event, Blocked)
    assert "circumvention" == event.attempt


def test_allowed_names_are_counted_by_the_minute() -> None:
    world = World({("a.example", type_): () for type_ in ("A", "AAAA")})
    minute = world.machine
    for _ in range(3):
        world.ask(PUPIL, "A.example")
    world.ask(PUPIL, "a.example", "AAAA")
    assert [] == world.events
    world.machine += timedelta(minutes=1)
    world.recording.tick()

    assert [
        AllowedCount(minute, PointKind.DNS, PUPIL, "a.example", 4, Audience.PUPIL)
    ] == world.events


def test_each_decision_is_one_line_by_the_schools_clock() -> None:
    world = World({("a.example", "AAAA"): ()})
    world.ask(PUPIL, "tiktok.example")
    world.ask(STRANGER, "a.example", "AAAA")

    assert [
        "10:00:00 dns   block  127.0.1.10 pupil       tiktok.example A  pupils-social-media §7",
        "10:00:00 dns   allow  127.0.9.9  unknown     a.example AAAA",
    ] == world.lines


def test_a_mistake_of_ours_is_a_servfail_for_that_client_alone() -> None:
    world = World(TIKTOK)

    def broken(*_: object) -> Decision:
        raise RuntimeError("a mistake")

    world.decider.decide, decide = broken, world.decider.decide
    answer = world.octets(query("a.example").to_wire(), PUPIL)
    assert answer is not None
    assert dns.rcode.SERVFAIL == dns.message.from_wire(answer).rcode()

    world.decider.decide = decide
    assert dns.rcode.NXDOMAIN == world.ask(PUPIL, "www.tiktok.example").rcode()


def test_the_client_gets_its_own_id_and_flags_back() -> None:
    world = World({("a.example", "A"): ()})
    message = query("a.example", id=4660)
    answer = world.octets(message.to_wire(), PUPIL)

    assert answer is not None
    assert 4660 == dns.message.from_wire(answer).id
    assert dns.message.from_wire(answer).to_text().count("QR RD RA") == 1


def test_what_a_zones_own_server_says_is_fitted_to_udp() -> None:
    """Updates are passed on whole, but no source that may be forged is sent more than it gave."""

    class OwnZones(NoZones):
        def is_own_zone(self, _name: bytes) -> bool:
            return True

        async def relay(self, octets: bytes, _name: bytes) -> bytes:
            return octets[:2] + b"\x81\x80" + octets[4:] + bytes(4000)

    world = World(zones=OwnZones())
    message = query("x.school.example", "TKEY").to_wire()
    by_udp, by_tcp = (world.octets(message, PUPIL, over_udp=each) for each in (True, False))
    assert by_udp is not None
    assert by_tcp is not None
    assert (12, True) == (len(by_udp), bool(by_udp[2] & 0x02))
    assert len(by_tcp) > 4000


def test_no_flood_of_names_closes_a_help_line() -> None:
    """A page can make a browser ask for any names; help lines stay open whatever was asked."""
    labels = [f"{number:040x}" for number in range(400)]
    scripts = {
        (f"{label}.help.example", "A"): (f"{label}.help.example 60 IN A 192.0.2.1",)
        for label in labels
    }
    world = World(scripts)
    rcodes = {world.ask(PUPIL, f"{label}.help.example").rcode() for label in labels}
    assert {dns.rcode.NOERROR} == rcodes
