"""Ways of which nobody knows a name are closed at a bell; those just told of are not."""

import asyncio
from collections.abc import Callable

import pytest
from dns_world import source
from firewall_world import OTHER_SITE, PUPIL, PUPIL_LINK, SITE, World, link_to
from ipc_world import eventually

from schoolgate_firewall.positions import Position
from schoolgate_policyd.netfilter.ways import Way

KNOWN, UNKNOWN = link_to(PUPIL_LINK, SITE), link_to(PUPIL_LINK, OTHER_SITE)


def with_unknown(
    world: World, claim: Callable[[], bool], then: Callable[[], None] = lambda: None
) -> None:
    """Ring, have unknown ways closed until *claim* holds, and do *then* in between."""

    async def run() -> None:
        closing = asyncio.create_task(
            world.keeper.close_unknown_for_ever(between_s=0, grace_s=0.2)
        )
        world.keeper.ring()
        # By then the kernel's ways have been read.
        asyncio.get_running_loop().call_later(0.05, then)
        try:
            await eventually(claim)
        finally:
            closing.cancel()
            await asyncio.gather(closing, return_exceptions=True)

    asyncio.run(run())


def left_open_by_an_earlier_process(world: World, way: Way) -> None:
    world.sets.held.setdefault(way.set.open_name, {})[way.key] = 300


def test_a_way_of_which_no_name_is_known_is_closed_and_cut() -> None:
    world = World()
    world.answer(PUPIL, "lessons.example", KNOWN)
    left_open_by_an_earlier_process(world, UNKNOWN)
    with_unknown(world, lambda: bool(world.connections.ended))

    assert {KNOWN.key} == world.sets.keys("open_link4")
    assert world.is_cut(UNKNOWN)
    assert [(PUPIL, OTHER_SITE)] == world.connections.ended


def test_what_goes_by_an_unknown_way_is_judged_by_its_name_meanwhile() -> None:
    world = World()
    left_open_by_an_earlier_process(world, UNKNOWN)
    with_unknown(world, lambda: bool(world.connections.ended))

    assert {UNKNOWN.key} == world.sets.keys("judged_link4")


def test_a_way_that_is_told_of_a_moment_later_stays_open() -> None:
    world = World()
    left_open_by_an_earlier_process(world, UNKNOWN)
    left_open_by_an_earlier_process(world, KNOWN)
    with_unknown(
        world,
        lambda: not world.is_open(UNKNOWN),
        lambda: world.answer(PUPIL, "lessons.example", KNOWN),
    )

    assert world.is_open(KNOWN)


def test_a_kernel_that_does_not_answer_is_asked_again() -> None:
    world = World()
    left_open_by_an_earlier_process(world, UNKNOWN)
    world.sets.refusing = frozenset({"open_link4"})

    def later() -> None:
        asyncio.get_running_loop().call_later(
            0.05, lambda: setattr(world.sets, "refusing", frozenset())
        )

    async def look_on() -> None:
        looking = asyncio.create_task(world.keeper.look_for_ever(0.01))
        closing = asyncio.create_task(world.keeper.close_unknown_for_ever(0, 0.01))
        world.keeper.ring()
        later()
        try:
            await eventually(lambda: not world.is_open(UNKNOWN))
        finally:
            for task in (looking, closing):
                task.cancel()
            await asyncio.gather(looking, closing, return_exceptions=True)

    asyncio.run(look_on())


@pytest.mark.parametrize("is_told_again", [True, False])
def test_a_way_that_was_closed_as_unknown_is_like_any_other(*, is_told_again: bool) -> None:
    world = World()
    left_open_by_an_earlier_process(world, UNKNOWN)
    with_unknown(world, lambda: not world.is_open(UNKNOWN))
    if is_told_again:
        world.answer(PUPIL, "lessons.example", UNKNOWN)
        asyncio.run(world.put(source(2)))

    assert is_told_again is world.is_open(UNKNOWN)
    stands = Position.OPEN if is_told_again else Position.JUDGED
    assert stands is world.positions.of(UNKNOWN)
    assert (UNKNOWN.key in world.sets.keys("judged_link4")) is not is_told_again


def test_what_is_over_is_forgotten_bit_by_bit() -> None:
    world = World()
    world.answer(PUPIL, "tiktok.example", KNOWN)
    asyncio.run(world.keeper.look())
    assert Position.CLOSED is world.positions.of(KNOWN)
    asyncio.run(world.later(seconds=1000))
    asyncio.run(world.keeper.look())

    assert not world.memory.knows(KNOWN)
    assert Position.OPEN is world.positions.of(KNOWN)
