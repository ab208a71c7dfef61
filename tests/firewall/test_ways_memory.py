"""What clients were told is remembered by name and by way, and within bounds."""

import pytest
from firewall_world import OTHER_SITE, PUPIL, PUPIL_LINK, SITE, STAFF, STAFF_LINK, link_to, told

from schoolgate_firewall.ways_memory import MOST_LEADS_OF_WAY, REMEMBERED_AFTER_S, WaysMemory
from schoolgate_policyd.core.errors import NameSyntaxError

WAY, OTHER = link_to(PUPIL_LINK, SITE), link_to(PUPIL_LINK, OTHER_SITE)


def forget_all(memory: WaysMemory, now_s: int) -> list[object]:
    """Go round all leads once: the first call begins a round."""
    return [*memory.forget(now_s, 1000), *memory.forget(now_s, 1000)]


def test_a_way_is_found_by_every_name_that_leads_there() -> None:
    memory = WaysMemory()
    first, _ = memory.take(told(PUPIL, "a.example", WAY), 0)
    second, _ = memory.take(told(PUPIL, "b.example", WAY, OTHER), 0)

    assert (first, second) == memory.leads_to(WAY)
    assert (second,) == memory.leads_to(OTHER)
    assert 3 == len(memory)


def test_a_name_told_again_is_the_same_lead_and_lasts_as_long_as_it_was_told_to() -> None:
    memory = WaysMemory()
    lead, _ = memory.take(told(PUPIL, "a.example", WAY, lifetime_s=300), 0)
    again, _ = memory.take(told(PUPIL, "a.example", WAY, lifetime_s=60), 100)

    assert lead is again
    assert {WAY: 300} == lead.ways
    assert 1 == len(memory)


def test_the_name_asked_for_comes_first_and_its_aliases_follow() -> None:
    lead, _ = WaysMemory().take(told(PUPIL, ("A.Example", "edge.example"), WAY), 0)

    assert "a.example" == lead.resource.host.text
    assert ["edge.example"] == [each.text for each in lead.resource.chain]


def test_what_is_no_name_is_refused_and_leaves_nothing() -> None:
    memory = WaysMemory()
    with pytest.raises(NameSyntaxError):
        memory.take(told(PUPIL, "a b.example", WAY), 0)

    assert not memory.knows(WAY)
    assert [] == memory.leads()


def test_a_way_that_is_long_over_is_forgotten() -> None:
    memory = WaysMemory()
    memory.take(told(PUPIL, "a.example", WAY, lifetime_s=300), 0)
    memory.take(told(PUPIL, "b.example", WAY, OTHER, lifetime_s=600), 0)

    assert [] == forget_all(memory, 300 + REMEMBERED_AFTER_S)
    assert 2 == len(memory)
    assert {WAY, OTHER} == set(forget_all(memory, 600 + REMEMBERED_AFTER_S))
    assert 0 == len(memory)
    assert [] == memory.leads()


def test_one_device_does_not_get_the_room_of_all_others() -> None:
    memory = WaysMemory(most_of_client=2)
    for name in ("a.example", "b.example", "c.example"):
        memory.take(told(PUPIL, name, WAY), 0)
    memory.take(told(STAFF, "a.example", link_to(STAFF_LINK)), 0)

    assert 3 == len(memory)
    assert 1 == memory.not_remembered
    assert memory.knows(link_to(STAFF_LINK))


def test_a_memory_that_is_full_takes_nothing_but_what_it_knows() -> None:
    memory = WaysMemory(most_ways=1)
    memory.take(told(PUPIL, "a.example", WAY, lifetime_s=60), 0)
    _, known = memory.take(told(PUPIL, "a.example", WAY, OTHER, lifetime_s=90), 0)

    assert [WAY] == known
    assert not memory.knows(OTHER)


def test_there_is_room_again_where_something_was_forgotten() -> None:
    memory = WaysMemory(most_ways=1, most_of_client=1)
    memory.take(told(PUPIL, "a.example", WAY, lifetime_s=0), 0)
    forget_all(memory, REMEMBERED_AFTER_S)
    memory.take(told(PUPIL, "b.example", OTHER), REMEMBERED_AFTER_S)

    assert memory.knows(OTHER)


def test_a_way_with_more_names_than_any_site_has_takes_no_more() -> None:
    """Each name that shares an address is looked at whenever one of them changes."""
    memory = WaysMemory()
    for number in range(MOST_LEADS_OF_WAY + 1):
        assert (number >= MOST_LEADS_OF_WAY) is memory.is_crowded(WAY)
        memory.take(told(PUPIL, f"{number}.example", WAY), 0)

    assert MOST_LEADS_OF_WAY == len(memory.leads_to(WAY))
    assert 1 == memory.not_remembered
