"""Where ways stand, and which connections go by them."""

from firewall_world import (
    PUPIL,
    PUPIL_LINK,
    STAFF,
    STAFF_LINK,
    World,
    link_to,
    octets,
)

from schoolgate_firewall.positions import CUT_S, MOST_ADDRESSES, UNKNOWN_JUDGED_S, Position
from schoolgate_policyd.netfilter.ways import Way

SITE6 = "2001:db8::80"


def closed(world: World, way: Way, client: str) -> tuple[int | None, int]:
    """Close *way*; return for how long it is cut, and how many pairs must end."""
    world.positions.move(way, Position.CLOSED, 2000, frozenset({octets(client)}))
    world.positions.make(1000)
    return world.sets.held[way.set.cut_name][way.key], len(world.positions.take_to_end())


def test_a_device_that_makes_up_addresses_costs_no_more_than_others() -> None:
    """What it has beyond an honest number is cut for as long as it was told to go there."""
    world = World()
    mine = [f"2001:db8::{number:x}" for number in range(1, 1000)]
    world.neighbours.put(PUPIL_LINK, PUPIL, *mine)
    world.neighbours.put(STAFF_LINK, STAFF, *mine[:3])

    cut_s, pairs = closed(world, link_to(PUPIL_LINK, SITE6), mine[-1])
    assert MOST_ADDRESSES <= pairs <= MOST_ADDRESSES + 1
    assert cut_s is not None
    assert cut_s > 900
    assert (CUT_S, 3) == closed(world, link_to(STAFF_LINK, SITE6), STAFF)


def test_an_unknown_way_is_forgotten_when_it_is_over_though_others_follow() -> None:
    world = World()
    first, second = link_to(PUPIL_LINK), link_to(STAFF_LINK)
    for way, now_s in ((first, 1000), (second, 1500)):
        world.positions.close_unknown(way, now_s)
        world.positions.make(now_s)
    assert Position.JUDGED is world.positions.of(first)

    world.positions.make(1000 + UNKNOWN_JUDGED_S)
    assert Position.OPEN is world.positions.of(first)
    assert Position.JUDGED is world.positions.of(second)
