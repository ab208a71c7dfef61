"""Cycles are found between bursts, however long they were in use; in one none is looked for."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from schoolgate_dns.process.garbage import (
    MANY_UNANSWERED,
    MOST_YOUNG,
    collect_at_leisure,
    collect_seldom,
)

ENOUGH = 3_000


class Cycle:
    """Something that only the collector can end."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    """As a worker's collector is at its beginning; afterwards as it was."""
    before = gc.get_threshold()
    # Whoever ran tests for long has so much to look at that each look takes a second.
    gc.freeze()
    gc.collect()
    collect_seldom()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def lost_cycle() -> weakref.ref[Cycle]:
    return weakref.ref(Cycle())


def some() -> list[list[int]]:
    return [[] for _ in range(ENOUGH)]


def test_a_burst_is_not_interrupted() -> None:
    begun: list[str] = []

    def note(phase: str, _about: dict[str, int]) -> None:
        begun.append(phase)

    gc.callbacks.append(note)
    try:
        waiting = [[number] for number in range(MOST_YOUNG // 2)]
    finally:
        gc.callbacks.remove(note)

    assert ([], MOST_YOUNG // 2) == (begun, len(waiting))


def test_a_cycle_is_gone_after_the_burst() -> None:
    lost = lost_cycle()
    kept = some()

    assert lost() is not None
    assert collect_at_leisure(lambda: 0)
    assert lost() is None
    assert ENOUGH == len(kept)


def test_nothing_is_looked_at_while_a_burst_is_unanswered() -> None:
    lost = lost_cycle()
    kept = some()

    assert not collect_at_leisure(lambda: MANY_UNANSWERED)
    assert lost() is not None
    assert collect_at_leisure(lambda: MANY_UNANSWERED - 1)
    assert ENOUGH == len(kept)


def test_so_few_are_not_looked_at() -> None:
    lost = lost_cycle()

    assert not collect_at_leisure(lambda: 0)
    assert lost() is not None


@pytest.mark.parametrize("generation", [1, 2])
def test_a_cycle_that_was_in_use_for_long_is_found_as_well(generation: int) -> None:
    used = Cycle()
    lost = weakref.ref(used)
    for each in range(generation):
        gc.collect(each)
    del used
    # As often as the generations before it are looked at without it.
    for _ in range(50 * (generation - 1)):
        gc.collect(1)
    for _ in range(20):
        gc.collect(0)
    kept = some()

    assert lost() is not None
    assert collect_at_leisure(lambda: 0)
    assert lost() is None
    assert ENOUGH == len(kept)
