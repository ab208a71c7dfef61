"""The sums of a day are those of its events, however these came and whatever came twice."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from many_events import NOON, happenings

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import (
    AllowedCount,
    Blocked,
    EventBatch,
    NumberedEvent,
    PointKind,
)
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.event_figures import CategorySum, DaySums
from schoolgate_policyd.store.event_sum_rows import EVERY_CATEGORY, NO_CATEGORY
from schoolgate_policyd.store.events import EventStore

type Happened = list[Blocked | AllowedCount]
DAYS = [NOON.date() - timedelta(days=day) for day in range(5)]


def put(store: EventStore, happened: Happened, first: int = 1) -> int:
    numbered = tuple(NumberedEvent(place, each) for place, each in enumerate(happened, first))
    return store.append(EventBatch("dns", "b1", numbered), at=NOON)


def everything(categories: tuple[str, ...], services: tuple[str, ...]) -> bool:
    del categories, services
    return True


def sums_of(store: EventStore, groups: dict[str, str] | None = None) -> tuple[DaySums, ...]:
    found, missing = store.sums(DAYS, groups or {}, everything)
    assert () == missing
    return found


@settings(max_examples=15, deadline=None)
@given(happened=happenings, cut=st.integers(0, 25))
def test_sums_are_those_of_the_events(happened: Happened, cut: int) -> None:
    with TemporaryDirectory() as folder, closing(EventStore(Path(folder))) as store:
        put(store, happened[:cut])
        # The first part comes once more, with what is new.
        assert len(happened) - len(happened[:cut]) == put(store, happened)
        found = sums_of(store)

    blocks = [each for each in happened if isinstance(each, Blocked)]
    allowed = [each for each in happened if isinstance(each, AllowedCount)]
    hours = Counter[tuple[object, ...]]()
    for each in blocks:
        hours[each.at.date(), each.at.hour, each.audience, each.attempt or ""] += each.count
    assert hours == {
        (day.day, one.hour, one.audience, one.attempt): one.count
        for day in found
        for one in day.blocked
    }
    assert sum(each.count for each in allowed) == sum(sum(d.allowed.values()) for d in found)
    assert _minutes(allowed) == {
        (day.day, one.client, one.person, minute)
        for day in found
        for one in day.use
        for minute in range(24 * 60)
        if one.minutes >> minute & 1
    }


def _minutes(allowed: list[AllowedCount]) -> set[tuple[object, ...]]:
    return {
        (at.date(), each.client, each.person or "", at.hour * 60 + at.minute)
        for each in allowed
        if each.categories
        for at in (each.minute,)
    }


@settings(max_examples=8, deadline=None)
@given(happened=happenings)
def test_made_anew_they_are_the_same(happened: Happened) -> None:
    with TemporaryDirectory() as folder, closing(EventStore(Path(folder))) as store:
        put(store, happened)
        before = [_sorted(each) for each in sums_of(store)]
        for path in Path(folder).glob("*.db"):
            with closing(sqlite3.connect(path)) as file:
                file.execute("DELETE FROM sums_state")
                file.execute("DELETE FROM use_minutes")
                file.execute("UPDATE blocked_hours SET count = count + 7")
                file.commit()
        while store.add_up_one():
            pass

        assert before == [_sorted(each) for each in sums_of(store)]


def _sorted(day: DaySums) -> tuple[object, ...]:
    return (
        day.day,
        sorted(day.blocked, key=repr),
        day.allowed,
        sorted(day.categories, key=repr),
        sorted(day.use, key=repr),
    )


def blocked(person: str | None, categories: tuple[str, ...], count: int) -> Blocked:
    at = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    return Blocked(
        at=at,
        school_at=at,
        last_at=at,
        point=PointKind.DNS,
        client="10.1.0.1",
        audience=Audience.PUPIL,
        device=DeviceKind.SCHOOL_COMPUTER,
        network="pupils",
        host="a.example",
        rules=("r",),
        citations=(),
        person=person,
        categories=categories,
        count=count,
    )


def test_categories_are_summed_by_group_and_each_event_once_in_all(tmp_path: Path) -> None:
    with closing(EventStore(tmp_path)) as store:
        put(
            store,
            [
                blocked("acorn", ("adult", "wiki"), 3),
                blocked("conker", ("adult",), 4),
                blocked(None, (), 5),
            ],
        )
        (day,) = sums_of(store, {"acorn": "Year 4", "conker": "Year 4"})

    assert {
        ("Year 4", EVERY_CATEGORY, 7),
        ("Year 4", "adult", 7),
        ("Year 4", "wiki", 3),
        ("", EVERY_CATEGORY, 5),
        ("", NO_CATEGORY, 5),
    } == {(each.group, each.category, each.count) for each in day.categories}
    assert all(isinstance(each, CategorySum) for each in day.categories)


def test_only_the_use_that_is_wanted_is_read(tmp_path: Path) -> None:
    def count(service: str, category: str) -> AllowedCount:
        words = ((service,), (category,))
        return AllowedCount(
            NOON, PointKind.DNS, "10.2.0.1", "h", 1, Audience.STAFF, "heron", *words
        )

    with closing(EventStore(tmp_path)) as store:
        put(store, [count("clips", "video-sharing"), count("pedia", "wiki")])
        found, _ = store.sums(DAYS, {}, lambda categories, _: "wiki" in categories)

    assert [("pedia",)] == [each.services for each in found[0].use]
    assert [1 << 12 * 60] == [each.minutes for each in found[0].use]


def test_a_day_that_is_not_added_up_is_said_to_be_missing(tmp_path: Path) -> None:
    with closing(EventStore(tmp_path)) as store:
        put(store, [blocked(None, (), 5)])
        _forget(tmp_path)

        assert ((), (NOON.date(),)) == store.sums(DAYS, {}, everything)
        assert NOON.date() == store.add_up_one()
        assert store.add_up_one() is None
        assert 5 == sums_of(store)[0].blocked[0].count


def test_what_is_stored_in_such_a_day_adds_it_up(tmp_path: Path) -> None:
    with closing(EventStore(tmp_path)) as store:
        put(store, [blocked(None, (), 5)])
        _forget(tmp_path)
        put(store, [blocked(None, (), 2)], first=2)

        assert 7 == sums_of(store)[0].blocked[0].count


def _forget(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "events-2026-11-20.db")) as file:
        file.execute("DELETE FROM sums_state")
        file.commit()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "events-2026-11-20.db").write_bytes(b"no database" * 500)

    with closing(EventStore(tmp_path)) as store, pytest.raises(StoreError, match="2026-11-20"):
        store.sums(DAYS, {}, everything)
