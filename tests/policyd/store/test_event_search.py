"""A search finds exactly what fits, in pages, whatever the order things came in."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from many_events import NOON, filters, fits, happenings, place_of

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import (
    AllowedCount,
    Blocked,
    EventBatch,
    NumberedEvent,
    PointKind,
)
from schoolgate_policyd.store.event_places import place_before
from schoolgate_policyd.store.event_search import MAX_HOSTS, STEP_ROWS
from schoolgate_policyd.store.events import EventFilter, EventPlace, EventStore, Stored

type Happened = list[Blocked | AllowedCount]


def open_store(folder: Path, steps: int = STEP_ROWS) -> EventStore:
    return EventStore(folder, step_rows=steps)


def put(store: EventStore, happened: Happened) -> None:
    numbered = tuple(NumberedEvent(place, each) for place, each in enumerate(happened, 1))
    store.append(EventBatch("dns", "b1", numbered), at=NOON)


def expected(happened: Happened, wanted: EventFilter) -> list[EventPlace]:
    places = [place_of(each, n) for n, each in enumerate(happened, 1) if fits(each, wanted)]
    return sorted(places, reverse=True)


def pages(
    store: EventStore, wanted: EventFilter, limit: int, budget_s: float | None
) -> Iterator[tuple[Stored, ...]]:
    before: EventPlace | None = None
    while True:
        found = store.search(wanted, limit=limit, before=before, budget_s=budget_s)
        yield found.events
        if found.searched_to is None:
            return
        assert before is None or found.searched_to < before
        before = found.searched_to


@settings(max_examples=25, deadline=None)
@given(
    happened=happenings,
    wanted=st.lists(filters, min_size=1, max_size=6),
    limit=st.integers(1, 4),
    budget_s=st.sampled_from((None, 0.0)),
    steps=st.sampled_from((1, 3, 4_000)),
)
def test_a_search_finds_exactly_what_fits_newest_first_and_once(
    happened: Happened,
    wanted: list[EventFilter],
    limit: int,
    budget_s: float | None,
    steps: int,
) -> None:
    with TemporaryDirectory() as folder, closing(open_store(Path(folder), steps)) as store:
        put(store, happened)
        for each in wanted:
            found = [one for page in pages(store, each, limit, budget_s) for one in page]
            assert expected(happened, each) == [one.place for one in found], each
            assert all(one.event in happened for one in found)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    with closing(open_store(tmp_path / "events", 10)) as opened:
        yield opened


def block(seconds_ago: int, host: str, rule: str = "adult", category: str = "adult") -> Blocked:
    at = NOON - timedelta(seconds=seconds_ago)
    return Blocked(
        at=at,
        school_at=at,
        last_at=at,
        point=PointKind.DNS,
        client="10.1.0.1",
        audience=Audience.PUPIL,
        device=DeviceKind.SCHOOL_COMPUTER,
        network="pupils",
        host=host,
        rules=(rule,),
        citations=(),
        categories=(category,),
    )


def test_many_names_that_fit_are_all_found(store: EventStore) -> None:
    happened: Happened = [block(n, f"n{n}.clips.example") for n in range(MAX_HOSTS + 5)]
    put(store, [*happened, block(7, "other.example")])

    found = store.search(EventFilter(host_contains="clips"), limit=500, budget_s=None)

    assert MAX_HOSTS + 5 == len(found.events)


def test_when_the_time_is_over_the_answer_says_how_far_it_came(store: EventStore) -> None:
    needle = block(95, "needle.example", rule="rare")
    put(store, [*(block(n, "hay.example") for n in range(90)), needle])

    found = store.search(EventFilter(rule="rare"), budget_s=0.0)

    assert () == found.events
    assert found.searched_to is not None
    assert NOON - timedelta(seconds=9) == found.searched_to.at
    further = store.search(EventFilter(rule="rare"), before=found.searched_to, budget_s=None)
    assert [needle] == [each.event for each in further.events]
    assert further.searched_to is None


def test_after_a_day_the_time_is_asked_too(store: EventStore) -> None:
    put(store, [block(0, "a.example"), block(24 * 3600, "b.example")])

    found = store.search(EventFilter(), budget_s=0.0)

    assert ["a.example"] == [each.event.host for each in found.events]
    assert place_before(datetime.combine(NOON.date(), time(), UTC)) == found.searched_to


def test_days_without_what_is_wanted_are_passed_over(store: EventStore) -> None:
    """Else a rare rule would be looked for in every row of a term."""
    put(store, [*(block(n * 3600, "hay.example") for n in range(24 * 9)), NEEDLE])

    for wanted in (
        EventFilter(rule="rare"),
        EventFilter(category="rarer"),
        EventFilter(host_contains="edl"),
        EventFilter(audience=Audience.PUPIL, rule="rare"),
    ):
        clock = Ticking()
        found = store.search(wanted, budget_s=5, clock=clock)
        assert [NEEDLE] == [each.event for each in found.events], wanted
        # Once for each day, and no steps within those that have nothing.
        assert clock.asked < 15


NEEDLE = block(24 * 3600 * 9, "needle.example", rule="rare", category="rarer")


class Ticking:
    """A clock that counts how often it is asked and stands still."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> float:
        self.asked += 1
        return 0.0
