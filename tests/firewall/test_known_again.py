"""A point that begins knows again what stands open, opens nothing, and closes what is over."""

import asyncio

import pytest
from dns_world import TEN_BEFORE_LESSON
from firewall_world import (
    OTHER_SITE,
    PUPIL,
    PUPIL_LINK,
    STAFF,
    STAFF_LINK,
    World,
    link_to,
    told,
)
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_firewall.journal import Telling
from schoolgate_firewall.known_again import Standing, known_again
from schoolgate_firewall.positions import Position
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.netfilter.ways import Way

WAY, OTHER = link_to(STAFF_LINK), link_to(STAFF_LINK, OTHER_SITE)
NAMES = ("lessons.example", "tiktok.example")


def telling(name: str, *ways: Way, second: float = 900.5, client: str = STAFF) -> Telling:
    return Telling(second, told(client, name, *ways, lifetime_s=1020))


def test_a_way_that_is_open_or_judged_is_known_by_all_names_that_lead_there() -> None:
    tellings = [telling("a.example", WAY, second=800.5), telling("b.example", OTHER, WAY)]

    assert tellings == known_again(tellings, Standing({WAY: 1920.5, OTHER: 1900}, set()))
    assert tellings == known_again(tellings, Standing({WAY: 1920.5}, {OTHER}))


@pytest.mark.parametrize(
    "stands",
    [
        pytest.param(Standing({}, set()), id="closed at a bell, or of a ruleset before this one"),
        pytest.param(Standing({WAY: 1922.0}, set()), id="opened again for nobody knows whom"),
        pytest.param(Standing({WAY: float("inf")}, set()), id="open for ever, which none is"),
        pytest.param(Standing({WAY: 1920.0}, {WAY}), id="left between two sets"),
    ],
)
def test_a_way_of_which_not_all_is_known_stays_unknown(stands: Standing) -> None:
    tellings = [telling("a.example", WAY, second=800), telling("b.example", WAY)]

    assert [] == known_again(tellings, stands)


def test_a_way_that_the_point_itself_opened_again_is_known() -> None:
    """It reckons in whole seconds."""
    tellings = [telling("a.example", WAY, second=900.1)]

    assert tellings == known_again(tellings, Standing({WAY: 1921.0}, set()))


def test_of_an_answer_only_the_ways_that_stand_are_known() -> None:
    found = known_again([telling("a.example", WAY, OTHER)], Standing({OTHER: 1900}, set()))

    assert [telling("a.example", OTHER)] == found


def begun_anew(world: World, tellings: list[Telling], stands: Standing) -> None:
    """Begin a point over a kernel in which *stands* stand, after a process that was told."""
    for way in stands.open:
        world.sets.held.setdefault(way.set.open_name, {})[way.key] = 300
    for way in stands.judged:
        world.sets.held.setdefault(way.set.looked_into_name, {})[way.key] = 300
        world.positions.stands(way, Position.JUDGED)
    world.sweeper.know_again(known_again(tellings, stands))


def test_what_is_still_allowed_goes_on_and_what_a_bell_closed_meanwhile_is_closed() -> None:
    """In the lesson that began while nobody was here."""
    world = World()
    tellings = [telling("lessons.example", WAY), telling("tiktok.example", OTHER)]
    begun_anew(world, tellings, Standing({WAY: 1900, OTHER: 1900}, set()))
    asyncio.run(world.keeper.look())

    assert [(STAFF, OTHER_SITE)] == world.connections.ended
    assert world.is_open(WAY)
    assert not world.is_open(OTHER)
    assert 0 == world.sweeper.close_unknown([WAY])


def test_it_knows_each_bell_that_is_to_come() -> None:
    world = World()
    world.moment = TEN_BEFORE_LESSON
    begun_anew(world, [telling("tiktok.example", WAY)], Standing({WAY: 1900}, set()))
    asyncio.run(world.later(seconds=9.9))
    assert world.is_open(WAY)

    asyncio.run(world.later(seconds=0.1))
    assert not world.is_open(WAY)
    assert [(STAFF, "192.0.2.80")] == world.connections.ended


def test_a_way_that_an_allowed_name_shares_is_judged_by_name() -> None:
    world = World()
    tellings = [telling("lessons.example", WAY), telling("tiktok.example", WAY)]
    begun_anew(world, tellings, Standing({WAY: 1900}, set()))
    asyncio.run(world.keeper.look())

    assert world.is_judged(WAY)
    assert not world.is_open(WAY)


def test_what_the_last_device_with_an_address_had_is_closed() -> None:
    """The address went to another device, and the process ended before it could close anything."""
    world = World()
    theirs = link_to(Link(3, bytes.fromhex("020000000999")))
    tellings = [telling("lessons.example", theirs), telling("lessons.example", WAY)]
    begun_anew(world, tellings, Standing({WAY: 1900, theirs: 1900}, set()))
    asyncio.run(world.keeper.look())

    assert world.is_open(WAY)
    assert not world.is_open(theirs)


@pytest.mark.parametrize("client", ["", "nobody", "127.0.1.300", "::1%lan0", "\0", "9" * 255])
def test_a_client_that_is_no_address_does_no_harm(client: str) -> None:
    world = World()
    tellings = [telling("lessons.example", WAY, client=client), telling("lessons.example", OTHER)]
    begun_anew(world, tellings, Standing({WAY: 1900, OTHER: 1900}, set()))
    asyncio.run(world.keeper.look())

    assert world.is_open(OTHER)


def test_what_is_no_name_is_passed_over() -> None:
    world = World()
    tellings = [telling("-", WAY), telling("lessons.example", OTHER)]
    begun_anew(world, tellings, Standing({WAY: 1900, OTHER: 1900}, set()))

    assert not world.memory.knows(WAY)
    assert world.memory.knows(OTHER)


_WAYS = st.sampled_from(
    [link_to(link, to) for link in (PUPIL_LINK, STAFF_LINK) for to in ("192.0.2.80", OTHER_SITE)]
)


@given(
    tellings=st.lists(
        st.builds(
            lambda name, ways, second, client: telling(name, *ways, second=second, client=client),
            st.sampled_from((*NAMES, "-")),
            st.lists(_WAYS, max_size=3),
            st.floats(0, 1000),
            st.sampled_from((PUPIL, STAFF)) | st.text(max_size=20),
        ),
        max_size=6,
    ),
    open_=st.dictionaries(_WAYS, st.floats(1000, 2100)),
    judged=st.sets(_WAYS),
    is_break=st.booleans(),
)
def test_whatever_was_told_beginning_opens_nothing(
    tellings: list[Telling], open_: dict[Way, float], judged: set[Way], *, is_break: bool
) -> None:
    world = World()
    if is_break:
        world.moment = TEN_BEFORE_LESSON
    begun_anew(world, tellings, Standing(open_, judged))
    before = {name: set(keys) for name, keys in world.sets.held.items()}
    asyncio.run(world.keeper.look())

    for name, keys in world.sets.held.items():
        if name.startswith("open_"):
            assert set(keys) <= before.get(name, set())
    added = {name for what, name, _ in world.sets.steps if what == "add"}
    assert not any(name.startswith("open_") for name in added)
