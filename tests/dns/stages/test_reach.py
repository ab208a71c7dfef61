"""Nobody is told of addresses that no way can be opened to."""

import pytest
from dns_world import BREAK, PUPIL, World

from schoolgate_dns.finished.egress import LIFETIME_S
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.served import Served
from schoolgate_dns.stages.reach import EVERYWHERE, HELD, HELD_TO_IPV4, HELD_TO_IPV6, Reach
from schoolgate_policyd.netfilter.neighbours import Link

A, AAAA = RecordType.A, RecordType.AAAA
SITES = {
    ("books.example", "A"): (
        "books.example 300 IN A 192.0.2.1",
        "books.example 300 IN A 192.0.2.2",
    ),
    ("books.example", "AAAA"): (
        "books.example 300 IN CNAME cdn.example.",
        "cdn.example 300 IN AAAA 2001:db8::1",
    ),
    ("books.example", "HTTPS"): (
        'books.example 300 IN HTTPS 1 . alpn="h2" ipv4hint="192.0.2.1" ipv6hint="2001:db8::1"',
    ),
    ("long.example", "A"): ("long.example 86400 IN A 192.0.2.3",),
    ("old.example", "AAAA"): (),
}
EVERY_RECORD = [A, AAAA, RecordType.HTTPS, RecordType.CNAME, RecordType.ANY]


@pytest.mark.parametrize(
    ("reach", "withheld"),
    [(EVERYWHERE, []), (HELD, []), (HELD_TO_IPV4, [AAAA]), (HELD_TO_IPV6, [A])],
)
def test_only_records_of_the_other_family_are_withheld(
    reach: Reach, withheld: list[RecordType]
) -> None:
    assert withheld == [each for each in EVERY_RECORD if reach.withholds(each)]


@pytest.mark.parametrize(
    ("reach", "ttl_s", "told_s"), [(EVERYWHERE, 86_400, 86_400), (HELD, 86_400, 900), (HELD, 5, 5)]
)
def test_whoever_is_held_keeps_no_answer_for_longer_than_its_way(
    reach: Reach, ttl_s: int, told_s: int
) -> None:
    assert told_s == reach.ttl_within(ttl_s)
    assert LIFETIME_S > HELD.ttl_within(86_400)


def world_with(reach: Reach) -> World:
    world = World(SITES)
    world.firewall.links.reach = reach
    return world


def test_what_leads_where_no_way_can_be_opened_has_no_records() -> None:
    world = world_with(HELD_TO_IPV4)
    answer = world.ask(PUPIL, "books.example", "AAAA")

    assert (0, []) == (answer.rcode(), list(answer.answer))
    assert 60 == answer.authority[0].ttl
    assert [] == world.firewall.opened
    assert 2 == len(world.ask(PUPIL, "books.example", "A").answer[0])


def test_nor_does_what_is_not_there_anyway_become_anything_else() -> None:
    answer = world_with(HELD_TO_IPV4).ask(PUPIL, "old.example", "AAAA")

    assert (0, []) == (answer.rcode(), list(answer.answer))
    assert [] == list(answer.options)


def test_an_alias_to_a_blocked_name_is_blocked_in_either_family() -> None:
    world = World({("a.example", "AAAA"): ("a.example 60 IN CNAME x.tiktok.example.",)})
    world.firewall.links.reach = HELD_TO_IPV4

    assert 3 == world.ask(PUPIL, "a.example", "AAAA").rcode()


def test_what_is_steered_is_told_in_the_family_that_is_known_alone() -> None:
    world = World(inspection=("192.0.2.9", "2001:db8::9"))
    world.firewall.links.reach = HELD_TO_IPV4

    assert [] == list(world.ask(PUPIL, "forum.example", "AAAA").answer)
    assert ["192.0.2.9"] == [
        each.to_text() for each in world.ask(PUPIL, "forum.example", "A").answer[0]
    ]


@pytest.mark.parametrize(("reach", "has_hints"), [(EVERYWHERE, True), (HELD, False)])
def test_no_address_comes_by_a_hint_to_whoever_is_held(reach: Reach, *, has_hints: bool) -> None:
    text = world_with(reach).ask(PUPIL, "books.example", "HTTPS").answer[0].to_text()

    assert [has_hints] * 2 == ["ipv4hint" in text, "ipv6hint" in text]
    assert 'alpn="h2"' in text


def test_an_answer_opens_its_ways_with_its_names_before_it_leaves() -> None:
    world = world_with(HELD)
    world.ask(PUPIL, "books.example")
    world.ask("10.0.0.1", "books.example")

    packed = bytes([127, 0, 1, 10])
    assert [packed + bytes([192, 0, 2, 1]), packed + bytes([192, 0, 2, 2])] == world.firewall.ways
    assert 1 == len(world.firewall.opened)
    assert [("books.example",)] == world.firewall.names


def test_over_a_connection_ways_are_opened_alike() -> None:
    world = world_with(HELD)
    world.ask(PUPIL, "books.example", over_udp=False)

    assert 2 == len(world.firewall.ways)


def test_its_aliases_are_told_of_as_well() -> None:
    world = world_with(HELD)
    world.firewall.links.devices[PUPIL] = Link(3, bytes(6))
    world.ask(PUPIL, "books.example", "AAAA")

    assert [("books.example", "cdn.example")] == world.firewall.names


def test_a_long_life_is_cut_to_that_of_its_way() -> None:
    assert 900 == world_with(HELD).ask(PUPIL, "long.example").answer[0].ttl


def test_where_no_way_can_be_opened_we_fail() -> None:
    world = world_with(HELD)
    world.firewall.fail()

    assert 2 == world.ask(PUPIL, "books.example").rcode()
    assert [] == world.firewall.names


def test_without_a_firewall_nothing_is_opened_and_everything_told() -> None:
    world = world_with(EVERYWHERE)
    answers = [world.ask(PUPIL, "books.example", each).answer for each in ("A", "AAAA")]

    assert [2, 1] == [len(each[-1]) for each in answers]
    assert [] == world.firewall.opened


def test_a_device_is_who_it_is_over_either_family() -> None:
    """The register knows the IPv4 address, and the device asks over IPv6."""
    world = World()
    over_ipv6 = "::1"
    world.answering._served = Served((f"{over_ipv6}/128",))
    world.firewall.links.known[over_ipv6] = "127.0.2.10"
    world.moment = BREAK
    world.resolver._scripts = {("www.tiktok.example", "A"): ()}

    assert 0 == world.ask(over_ipv6, "www.tiktok.example").rcode()
    world.recording.stop()
    assert {"127.0.2.10"} == {each.client for each in world.events}
