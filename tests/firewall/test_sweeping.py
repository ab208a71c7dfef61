"""At a bell the ways that are no longer allowed are closed, and no others."""

import asyncio
import time

import msgspec
import pytest
from dns_world import TEN_BEFORE_LESSON, source
from firewall_world import (
    OTHER_SITE,
    PUPIL,
    PUPIL_LINK,
    SITE,
    STAFF,
    STAFF_LINK,
    World,
    link_to,
    octets,
    told,
    without_trust,
)

from schoolgate_firewall.ways_memory import MOST_LEADS_OF_WAY
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.netfilter.ways import address_way, link_way

WAY = link_to(STAFF_LINK)


def at_break(school: Source | None = None) -> World:
    world = World(school)
    world.moment = TEN_BEFORE_LESSON
    return world


def blocking_nothing(number: int) -> Source:
    school = source(number)
    return msgspec.structs.replace(school, policy=msgspec.structs.replace(school.policy, rules=()))


def test_at_the_bell_a_way_that_is_no_longer_allowed_is_closed_cut_and_ended() -> None:
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    asyncio.run(world.later(seconds=9.9))
    assert world.is_open(WAY)

    asyncio.run(world.later(seconds=0.1))

    assert not world.is_open(WAY)
    assert {WAY.key: 3} == world.sets.held["cut_link4"]
    assert [(STAFF, SITE)] == world.connections.ended


def test_the_way_is_gone_before_its_connections_are_cut() -> None:
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    asyncio.run(world.later(seconds=10))

    steps = [(what, name) for what, name, _ in world.sets.steps]
    assert steps.index(("remove", "open_link4")) < steps.index(("add", "cut_link4"))


def test_allowed_ways_are_not_touched_at_the_bell() -> None:
    world = at_break()
    other = link_to(STAFF_LINK, OTHER_SITE)
    world.answer(STAFF, "tiktok.example", WAY)
    world.answer(STAFF, "lessons.example", other)
    world.answer(PUPIL, "lessons.example", link_to(PUPIL_LINK))
    asyncio.run(world.later(seconds=10))

    assert {(WAY.key,)} == {keys for _, _, keys in world.sets.steps}
    assert [(STAFF, SITE)] == world.connections.ended


def test_where_nothing_changes_nothing_is_asked_of_the_kernel() -> None:
    world = World()
    world.answer(PUPIL, "lessons.example", link_to(PUPIL_LINK))
    asyncio.run(world.put(source(2)))

    assert [] == world.sets.steps
    assert 0 == world.connections.looks


def test_a_change_of_the_policy_closes_at_once() -> None:
    world = World(blocking_nothing(1))
    way = link_to(PUPIL_LINK)
    world.answer(PUPIL, "tiktok.example", way)
    assert world.is_open(way)

    asyncio.run(world.put(source(2)))

    assert not world.is_open(way)
    assert [(PUPIL, SITE)] == world.connections.ended


def test_an_answer_that_the_bell_overtook_is_closed_when_it_is_told() -> None:
    world = World()
    way = link_to(PUPIL_LINK)
    world.answer(PUPIL, "tiktok.example", way)
    asyncio.run(world.keeper.look())

    assert not world.is_open(way)
    assert world.is_cut(way)


@pytest.mark.parametrize("name", ["tiktok.example", ("innocent.example", "x.tiktok.example")])
def test_a_blocked_alias_closes_like_a_blocked_name(name: str | tuple[str, ...]) -> None:
    world = World()
    way = link_to(PUPIL_LINK)
    world.answer(PUPIL, name, way)
    asyncio.run(world.keeper.look())

    assert not world.is_open(way)


@pytest.mark.parametrize(
    ("school", "has_inspection", "is_open"),
    [
        # A part of the wiki is blocked only where somebody can look.
        (source(), True, False),
        (source(), False, True),
        (without_trust(source()), True, True),
    ],
)
def test_what_must_be_looked_into_has_no_way_of_its_own(
    school: Source, *, has_inspection: bool, is_open: bool
) -> None:
    world = World(school, has_inspection=has_inspection)
    way = link_to(PUPIL_LINK)
    world.answer(PUPIL, "wiki.example", way)
    asyncio.run(world.keeper.look())

    assert is_open is world.is_open(way)


def test_a_way_that_an_allowed_name_shares_is_judged_by_the_proxy() -> None:
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    world.answer(STAFF, "lessons.example", WAY)
    asyncio.run(world.later(seconds=10))

    assert not world.is_open(WAY)
    assert world.is_judged(WAY)
    assert world.is_cut(WAY)
    assert 272 <= (world.sets.held["judged_link4"][WAY.key] or 0) <= 290


def test_a_shared_way_is_in_the_judged_set_before_it_leaves_the_open_one() -> None:
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    world.answer(STAFF, "lessons.example", WAY)
    asyncio.run(world.later(seconds=10))

    steps = [(what, name) for what, name, _ in world.sets.steps]
    assert steps.index(("add", "judged_link4")) < steps.index(("remove", "open_link4"))


def test_a_shared_way_that_dns_opens_again_goes_back_to_the_proxy() -> None:
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    world.answer(STAFF, "lessons.example", WAY)
    asyncio.run(world.later(seconds=10))
    world.answer(STAFF, "lessons.example", WAY)
    asyncio.run(world.keeper.look())

    assert not world.is_open(WAY)
    assert world.is_judged(WAY)


def test_a_shared_way_is_open_again_once_the_blocked_name_is_over() -> None:
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    world.answer(STAFF, "lessons.example", WAY)
    asyncio.run(world.later(seconds=10))
    asyncio.run(world.later(seconds=300))
    world.answer(STAFF, "lessons.example", WAY)
    asyncio.run(world.keeper.look())

    assert world.is_open(WAY)
    assert not world.is_judged(WAY)


def test_a_judged_way_is_closed_when_its_last_name_is() -> None:
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    world.answer(STAFF, "forum.example", WAY)
    asyncio.run(world.later(seconds=10))
    assert world.is_judged(WAY)

    school = source(2)
    rules = tuple(
        msgspec.structs.replace(each, applies_to=source().policy.rules[1].applies_to)
        for each in school.policy.rules
    )
    asyncio.run(
        world.put(
            msgspec.structs.replace(
                school, policy=msgspec.structs.replace(school.policy, rules=rules)
            )
        )
    )

    assert not world.is_open(WAY)
    assert not world.is_judged(WAY)


def test_what_is_allowed_again_has_its_way_back_for_as_long_as_it_was_told() -> None:
    # DNS told it minutes ago and does not tell it again while that lasts.
    world = World()
    way = link_to(PUPIL_LINK)
    world.answer(PUPIL, "tiktok.example", way)
    asyncio.run(world.keeper.look())
    assert not world.is_open(way)

    asyncio.run(world.put(blocking_nothing(2)))

    assert world.is_open(way)
    assert not world.is_cut(way)
    assert 0 < (world.sets.held["open_link4"][way.key] or 0) <= 300


def test_a_way_that_is_over_is_not_opened_again() -> None:
    world = World()
    way = link_to(PUPIL_LINK)
    world.answer(PUPIL, "tiktok.example", way)
    asyncio.run(world.keeper.look())
    asyncio.run(world.later(seconds=301))
    asyncio.run(world.put(blocking_nothing(2)))

    assert not world.is_open(way)


def test_connections_of_all_the_devices_addresses_end() -> None:
    world = at_break()
    world.neighbours.put(STAFF_LINK, STAFF, "127.0.2.77", "2001:db8::5")
    six = link_way(STAFF_LINK.index, STAFF_LINK.mac, octets("2001:db8::80"))
    world.answer(STAFF, "tiktok.example", WAY, six)
    asyncio.run(world.later(seconds=10))

    assert {
        (STAFF, SITE),
        ("127.0.2.77", SITE),
        ("2001:db8::5", "2001:db8::80"),
    } == set(world.connections.ended)
    assert 1 == world.connections.looks


def test_a_device_that_asks_over_ipv6_is_judged_as_it_is_known_over_ipv4() -> None:
    world = at_break()
    world.neighbours.put(STAFF_LINK, STAFF, "2001:db8::5")
    world.answer("2001:db8::5", "tiktok.example", WAY)
    asyncio.run(world.keeper.look())
    assert world.is_open(WAY)

    asyncio.run(world.later(seconds=10))
    assert not world.is_open(WAY)


def test_whoever_turns_out_to_be_somebody_else_is_judged_anew() -> None:
    """A device asks from a new address before the kernel has found out whose that is."""
    staff = ("127.0.2.0/24", "2001:db8::/64")
    school = source()
    networks = tuple(
        msgspec.structs.replace(school.register.networks[1], id=f"staff-{cidr}", cidr=cidr)
        for cidr in staff
    )
    register = msgspec.structs.replace(
        school.register, networks=(school.register.networks[0], *networks)
    )
    world = World(msgspec.structs.replace(school, register=register))
    world.moment = TEN_BEFORE_LESSON
    way = address_way(octets("2001:db8::9"), octets("2001:db8:1::80"))
    world.answer("2001:db8::9", "tiktok.example", way)
    asyncio.run(world.later(seconds=1))
    assert world.is_open(way)

    world.neighbours.put(PUPIL_LINK, PUPIL, "2001:db8::9")
    asyncio.run(world.later(seconds=1))
    assert not world.is_open(way)


def test_behind_another_router_ways_are_known_by_address() -> None:
    world = at_break()
    way = address_way(octets(STAFF), octets(SITE))
    world.answer(STAFF, "tiktok.example", way)
    asyncio.run(world.later(seconds=10))

    assert set() == world.sets.keys("open_address4")
    assert [(STAFF, SITE)] == world.connections.ended


def test_what_the_kernel_refused_is_tried_again_until_it_is_closed() -> None:
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    world.sets.refusing = frozenset({"open_link4"})
    asyncio.run(world.later(seconds=10))
    assert world.is_open(WAY)

    world.sets.refusing = frozenset()
    asyncio.run(world.later(seconds=0.1))
    assert not world.is_open(WAY)


def test_a_full_set_of_cut_ways_keeps_nothing_open() -> None:
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    world.sets.refusing = frozenset({"cut_link4"})
    asyncio.run(world.later(seconds=10))

    assert not world.is_open(WAY)
    assert [(STAFF, SITE)] == world.connections.ended


def test_connections_that_cannot_be_read_keep_no_way_open() -> None:
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    world.connections.is_failing = True
    asyncio.run(world.later(seconds=10))

    assert not world.is_open(WAY)
    assert world.is_cut(WAY)


def test_a_name_that_is_none_is_passed_over() -> None:
    world = World()
    world.answer(PUPIL, "no name", link_to(PUPIL_LINK))

    assert [] == world.memory.leads()


def test_dns_is_heard_while_many_ways_are_judged() -> None:
    world = at_break()
    for number in range(4000):
        address = f"198.51.{number // 250}.{number % 250}"
        world.sweeper.take(told(STAFF, f"{number}.tiktok.example", link_to(STAFF_LINK, address)))
    heard: list[int] = []

    async def sweep_and_hear() -> None:
        sweeping = asyncio.create_task(world.later(seconds=10))
        while not sweeping.done():
            heard.append(1)
            await asyncio.sleep(0)
        await sweeping

    asyncio.run(sweep_and_hear())

    assert len(heard) > 4
    assert 4000 == len(world.sets.held["cut_link4"])


def test_connections_that_could_not_be_ended_are_ended_as_soon_as_they_can_be() -> None:
    """One that is quiet for longer than ways are cut would otherwise go on after the bell."""
    world = at_break()
    world.answer(STAFF, "tiktok.example", WAY)
    world.connections.is_failing = True
    asyncio.run(world.later(seconds=10))
    assert [] == world.connections.ended

    world.connections.is_failing = False
    asyncio.run(world.later(seconds=1))
    assert [(STAFF, SITE)] == world.connections.ended


def test_a_name_that_finds_no_room_does_not_open_what_was_closed() -> None:
    """Its way is known, by another name: at the bell nobody would take it for an unknown one."""
    world = at_break(blocking_nothing(1))
    world.answer(STAFF, "tiktok.example", WAY)
    asyncio.run(world.put(source(2)))
    world.moment = TEN_BEFORE_LESSON
    for number in range(MOST_LEADS_OF_WAY):
        world.sweeper.take(told(STAFF, f"{number}.example", WAY))
    world.answer(STAFF, "one-more.tiktok.example", WAY)
    asyncio.run(world.later(seconds=0))
    assert not world.is_open(WAY)
    assert world.is_judged(WAY)

    asyncio.run(world.later(seconds=10))
    assert not world.is_open(WAY)


def test_names_without_number_for_one_address_do_not_delay_the_bell() -> None:
    world = at_break()
    for number in range(8_000):
        world.sweeper.take(told(STAFF, f"{number}.tiktok.example", WAY))
    other = link_to(PUPIL_LINK)
    world.answer(PUPIL, "tiktok.example", other)
    began_s = time.perf_counter()
    asyncio.run(world.later(seconds=10))

    assert 2.0 > time.perf_counter() - began_s
    assert not world.is_open(other)


def test_the_ways_of_a_device_are_not_judged_by_whoever_has_its_address_next() -> None:
    """A pupil's device must not go where a teacher may, who was given its old address."""
    world = at_break()
    own, others = link_to(PUPIL_LINK), link_to(STAFF_LINK)
    world.answer(PUPIL, "lessons.example", own)
    world.neighbours.put(PUPIL_LINK, "127.0.1.99")
    asyncio.run(world.later(seconds=1))
    assert world.is_open(own)

    world.neighbours.put(STAFF_LINK, PUPIL)
    asyncio.run(world.later(seconds=1))
    assert not world.is_open(own)

    # Told of the same name itself, the other goes there and the first does not.
    world.answer(PUPIL, "lessons.example", others)
    asyncio.run(world.later(seconds=1))
    assert (False, True) == (world.is_open(own), world.is_open(others))


def test_a_device_that_tells_of_itself_first_is_known_by_that() -> None:
    """DNS may know of a neighbour before we do."""
    world = at_break()
    own, others = link_to(PUPIL_LINK), link_to(STAFF_LINK)
    world.answer(PUPIL, "lessons.example", own)
    world.answer(PUPIL, "lessons.example", others)
    asyncio.run(world.keeper.look())

    assert (False, True) == (world.is_open(own), world.is_open(others))
