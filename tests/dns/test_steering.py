"""The whole way of a query whose answer leads to the proxy, or to the name that filters."""

from collections.abc import Iterable

import dns.edns
import dns.message
import dns.rcode
import pytest
from dns_asked import EVERY_TYPE, FINDER, searching
from dns_world import PUPIL, STAFF, STRANGER, World

from schoolgate_dns.stages.reach import HELD
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.ipc.messages import AllowedCount, Blocked

HERE = ("192.0.2.9", "2001:db8::9")
SITES = {
    (name, type_): (f"{name} 300 IN {type_} {address}",)
    for name in ("a.example", "wiki.example", "forum.example", "www.tiktok.example")
    for type_, address in (("A", "198.51.100.1"), ("AAAA", "2001:db8::1"))
}
HIDDEN = {
    ("innocent.example", type_): ("innocent.example 300 IN CNAME x.tiktok.example.",)
    for type_ in EVERY_TYPE
}


def addresses(message: dns.message.Message) -> list[str]:
    return [record.to_text() for each in message.answer for record in each]


def codes(message: dns.message.Message) -> list[int]:
    return [int(each.code) for each in message.options if isinstance(each, dns.edns.EDEOption)]


def shapes(world: World, client: str, name: str, types: Iterable[str]) -> set[tuple[object, ...]]:
    found = (world.ask(client, name, type_) for type_ in types)
    return {(each.rcode(), tuple(codes(each)), bool(each.authority)) for each in found}


@pytest.mark.parametrize(
    ("name", "code"),
    [("www.tiktok.example", 15), ("vpn.example", 16), ("forum.example", 4), ("wiki.example", 4)],
)
def test_what_needs_looking_into_leads_to_the_proxy_and_asks_nobody(name: str, code: int) -> None:
    world = World(SITES, inspection=HERE)

    assert ["192.0.2.9"] == addresses(world.ask(PUPIL, name))
    assert ["2001:db8::9"] == addresses(world.ask(PUPIL, name, "AAAA"))
    others = [type_ for type_ in EVERY_TYPE if type_ not in {"A", "AAAA"}]
    assert {(dns.rcode.NOERROR, (code,), True)} == shapes(world, PUPIL, name, others)
    assert [] == world.resolver.asked


@pytest.mark.parametrize("name", ["www.tiktok.example", "vpn.example", "forum.example"])
def test_whoever_can_be_shown_nothing_is_told_that_there_is_nothing(name: str) -> None:
    world = World(SITES, inspection=HERE)

    (shape,) = shapes(world, STRANGER, name, EVERY_TYPE)
    assert (dns.rcode.NXDOMAIN, True) == (shape[0], shape[2])


def test_what_is_allowed_leads_to_the_site_itself() -> None:
    world = World(SITES, inspection=HERE)

    assert ["198.51.100.1"] == addresses(world.ask(PUPIL, "a.example"))
    # Part of it is blocked for pupils, none for staff.
    assert ["198.51.100.1"] == addresses(world.ask(STAFF, "forum.example"))


@pytest.mark.parametrize("inspection", [(), HERE], ids=["nothing looks", "the proxy looks"])
def test_a_block_behind_an_alias_is_one_story_for_every_type(inspection: tuple[str, ...]) -> None:
    world = World(HIDDEN, inspection=inspection)
    types = [each for each in EVERY_TYPE if each != "ANY" and (each not in {"A", "AAAA"})]

    (shape,) = shapes(world, PUPIL, "innocent.example", types)

    assert (dns.rcode.NOERROR if inspection else dns.rcode.NXDOMAIN, (15,), True) == shape
    assert list(inspection[:1]) == addresses(world.ask(PUPIL, "innocent.example"))


def test_a_steered_block_is_recorded_and_what_depends_is_left_to_the_proxy() -> None:
    world = World(SITES, inspection=HERE)
    world.ask(PUPIL, "www.tiktok.example")
    world.ask(PUPIL, "forum.example")
    world.recording.stop()

    blocks = [each for each in world.events if isinstance(each, Blocked)]
    assert [("www.tiktok.example", ("pupils-social-media",))] == [
        (each.host, each.rules) for each in blocks
    ]
    assert ["forum.example"] == [
        each.host for each in world.events if isinstance(each, AllowedCount)
    ]


def test_whoever_is_steered_has_no_way_opened() -> None:
    """The proxy is at the gateway itself, to which no way through the firewall leads."""
    world = World(SITES, inspection=HERE)
    world.firewall.links.reach = HELD
    answer = world.ask(PUPIL, "forum.example")

    assert ["192.0.2.9"] == [each.to_text() for each in answer.answer[0]]
    assert [] == world.firewall.opened


# --- safe search -----------------------------------------------------------------------------

SEARCH, SAFE = "www.finder.example", FINDER.strict.text
SEARCHES = {
    (SAFE, "A"): (
        f"{SAFE} 300 IN CNAME edge.finder.example.",
        "edge.finder.example 60 IN A 198.51.100.5",
    ),
    (SAFE, "AAAA"): (),
    (SAFE, "HTTPS"): (f'{SAFE} 300 IN HTTPS 1 . alpn="h2,h3"',),
    (SEARCH, "A"): (f"{SEARCH} 300 IN A 198.51.100.6",),
}


def searching_world(scripts: dict[tuple[str, str], tuple[str, ...]]) -> World:
    world = World(scripts)
    world.decider.snapshot = compile_snapshot(searching())
    return world


def test_a_pupils_search_is_an_alias_to_the_name_that_filters() -> None:
    world = searching_world(SEARCHES)

    assert [
        "www.finder.example. 60 IN CNAME safe.finder.example.",
        "safe.finder.example. 300 IN CNAME edge.finder.example.",
        "edge.finder.example. 60 IN A 198.51.100.5",
    ] == [each.to_text() for each in world.ask(PUPIL, SEARCH).answer]
    for type_ in ("AAAA", "HTTPS"):
        assert [f"{SAFE}."] == addresses(world.ask(PUPIL, SEARCH, type_))[:1]


def test_the_way_of_a_search_is_opened_by_its_own_name_and_the_one_that_filters() -> None:
    world = searching_world(SEARCHES)
    world.firewall.links.reach = HELD
    world.ask(PUPIL, SEARCH)

    assert [bytes([127, 0, 1, 10, 198, 51, 100, 5])] == world.firewall.ways
    assert [(SEARCH, SAFE, "edge.finder.example")] == world.firewall.names


def test_no_hint_at_another_protocol_leads_a_pupil_around_the_filter() -> None:
    world = searching_world(SEARCHES)

    (_, hinted) = world.ask(PUPIL, SEARCH, "HTTPS").answer

    assert '1 . alpn="h2"' == hinted[0].to_text()


def test_staff_search_as_the_school_chose() -> None:
    world = searching_world(SEARCHES)

    assert ["198.51.100.6"] == addresses(world.ask(STAFF, SEARCH))


def test_what_one_searches_with_the_other_never_gets_from_the_cache() -> None:
    world = searching_world(SEARCHES)
    staff, pupil = ["198.51.100.6"], [f"{SAFE}.", "edge.finder.example.", "198.51.100.5"]

    for _ in range(2):
        assert staff == addresses(world.ask(STAFF, SEARCH))
        assert pupil == addresses(world.ask(PUPIL, SEARCH))
        assert pupil == addresses(world.ask(STRANGER, SEARCH))
    assert 2 == len(world.resolver.asked)


def test_what_the_safe_name_leads_to_is_judged_like_any_alias() -> None:
    scripts = {(SAFE, "A"): (f"{SAFE} 300 IN CNAME x.tiktok.example.",)}

    answer = searching_world(scripts).ask(PUPIL, SEARCH)

    assert (dns.rcode.NXDOMAIN, [15]) == (answer.rcode(), codes(answer))
