"""What happened, a file a day: nothing counts twice, nothing is kept too long."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import (
    AllowedCount,
    Blocked,
    Event,
    EventBatch,
    NumberedEvent,
    PointKind,
)
from schoolgate_policyd.store.day_files import MAX_OPEN
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.events import (
    EventCounts,
    EventFilter,
    EventPlace,
    EventStore,
    StoredEvent,
    parse_place,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def events(tmp_path: Path) -> Iterator[EventStore]:
    with closing(EventStore(tmp_path / "events", retention_days=30)) as store:
        yield store


def blocked(at: datetime = NOON, **changes: object) -> Blocked:
    fields: dict[str, object] = {
        "at": at,
        "school_at": at + timedelta(hours=3),
        "last_at": at + timedelta(seconds=2),
        "point": PointKind.DNS,
        "client": "127.0.1.10",
        "audience": Audience.PUPIL,
        "device": DeviceKind.SCHOOL_COMPUTER,
        "network": "pupils",
        "host": "www.clips.example",
        "rules": ("pupils-social", "adult"),
        "citations": ("Social Media Policy, §7",),
        "person": "acorn",
        "device_id": "pupil-computer",
        "page": None,
        "services": ("clips",),
        "categories": ("video-sharing",),
        "attempt": None,
        "count": 3,
    }
    return Blocked(**fields | changes)  # type: ignore[arg-type]  # each field has its own type


def batch(*happened: Event, first: int = 1, sender: str = "dns", boot: str = "b1") -> EventBatch:
    numbered = tuple(NumberedEvent(first + offset, event) for offset, event in enumerate(happened))
    return EventBatch(sender, boot, numbered)


def hosts(found: tuple[StoredEvent, ...]) -> list[str]:
    return [each.event.host for each in found]


def test_an_event_comes_back_as_it_was_sent(events: EventStore) -> None:
    sent = blocked(page="https://www.clips.example/x", attempt="circumvention")
    assert 1 == events.append(batch(sent), at=NOON)

    found = events.recent()
    assert (StoredEvent(EventPlace(NOON, "dns", "b1", 1), sent),) == found


def test_redelivery_counts_nothing_twice(events: EventStore) -> None:
    allowed = AllowedCount(NOON, PointKind.DNS, "127.0.1.10", "ok.example", 9)
    first = batch(blocked(), allowed)

    assert 2 == events.append(first, at=NOON)
    assert 0 == events.append(first, at=NOON)
    # A day later it is still the same event of the same day.
    assert 1 == events.append(batch(blocked(), allowed, blocked()), at=NOON + DAY)
    # Another sender or another boot begins its own sequence.
    assert 1 == events.append(batch(blocked(), sender="proxy"), at=NOON)
    assert 1 == events.append(batch(blocked(), boot="b2"), at=NOON)

    assert EventCounts(blocked=12, attempts=0, allowed=9) == events.counts(since=NOON)


def test_a_sequence_that_is_both_blocked_and_allowed_keeps_both_kinds_apart(
    events: EventStore,
) -> None:
    allowed = AllowedCount(NOON, PointKind.PROXY, "127.0.1.10", "ok.example", 1)
    assert 3 == events.append(batch(blocked(), allowed, blocked()), at=NOON)
    assert 2 == len(events.recent())


def test_the_newest_comes_first_across_days(events: EventStore) -> None:
    for day in (0, 2, 1):
        happened = (blocked(NOON - day * DAY, host=f"day-{day}.example"),)
        events.append(batch(*happened, first=10 + day), at=NOON)

    assert ["day-0.example", "day-1.example", "day-2.example"] == hosts(events.recent())


def test_pages_of_events_neither_repeat_nor_miss_one(events: EventStore) -> None:
    # Many events of one moment, on both sides of midnight.
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    for number, at in enumerate([midnight - timedelta(microseconds=1), midnight, NOON] * 4):
        events.append(batch(blocked(at), first=number + 1, sender=f"s{number % 2}"), at=NOON)
    everything = events.recent(limit=100)
    assert 12 == len(everything)

    paged: list[StoredEvent] = []
    while page := events.recent(limit=5, before=paged[-1].place if paged else None):
        paged.extend(page)
    assert list(everything) == paged
    assert sorted((each.place for each in paged), reverse=True) == [each.place for each in paged]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (EventFilter(), ["one.example", "two.example", "under_score.example"]),
        (EventFilter(audience=Audience.STAFF), ["two.example"]),
        (EventFilter(client="127.0.2.10"), ["two.example"]),
        (EventFilter(person="heron"), ["two.example"]),
        (EventFilter(host_contains="ONE"), ["one.example"]),
        (EventFilter(host_contains="_"), ["under_score.example"]),
        (EventFilter(host_contains="%"), []),
        (EventFilter(rule="staff-social"), ["two.example"]),
        (EventFilter(rule="staff"), []),
        (EventFilter(rule="x'] OR 1=1 --"), []),
        (EventFilter(only_attempts=True), ["one.example"]),
        (EventFilter(since=NOON + timedelta(minutes=1)), ["one.example"]),
        (EventFilter(only_attempts=True, audience=Audience.STAFF), []),
    ],
)
def test_filters_give_what_was_asked_for(
    events: EventStore, wanted: EventFilter, expected: list[str]
) -> None:
    later = NOON + timedelta(minutes=1)
    happened = (
        blocked(later, host="one.example", attempt="circumvention"),
        blocked(
            host="two.example",
            audience=Audience.STAFF,
            client="127.0.2.10",
            person="heron",
            rules=("staff-social",),
        ),
        blocked(host="under_score.example", person=None),
    )
    events.append(batch(*happened), at=NOON)

    assert expected == sorted(hosts(events.recent(wanted)))


def test_attempts_are_counted_among_the_blocked(events: EventStore) -> None:
    happened = (blocked(attempt="circumvention"), blocked(), blocked(NOON - DAY, count=50))
    events.append(batch(*happened), at=NOON)

    assert EventCounts(6, 3, 0) == events.counts(since=NOON - timedelta(hours=1))
    assert EventCounts(56, 3, 0) == events.counts(since=NOON - 2 * DAY)


def test_days_are_deleted_whole_when_their_time_is_over(
    events: EventStore, tmp_path: Path
) -> None:
    events.append(batch(blocked(NOON, host="kept.example")), at=NOON)
    events.append(batch(blocked(NOON + DAY, host="newer.example"), first=2), at=NOON + DAY)
    later = NOON + 31 * DAY

    assert (NOON.date(),) == events.delete_expired(at=later)
    assert () == events.delete_expired(at=later)

    assert ["newer.example"] == hosts(events.recent())
    left = {path.name.partition(".")[0] for path in (tmp_path / "events").iterdir()}
    assert {"events-2026-11-21"} == left


def test_what_comes_after_its_time_is_over_is_not_stored(events: EventStore) -> None:
    assert 0 == events.append(batch(blocked(NOON - 31 * DAY)), at=NOON)
    assert 1 == events.append(batch(blocked(NOON - 30 * DAY)), at=NOON)
    assert 1 == len(events.recent())


def test_another_process_sees_events_and_their_deletion(
    events: EventStore, tmp_path: Path
) -> None:
    with closing(EventStore(tmp_path / "events", retention_days=30)) as reader:
        events.append(batch(blocked()), at=NOON)
        assert 1 == len(reader.recent())
        events.delete_expired(at=NOON + 40 * DAY)
        assert () == reader.recent()
        assert EventCounts() == reader.counts(since=NOON)
        # Deleted between the look at the folder and the reading: the open file is not read.
        with reader._files.reading(NOON.date()) as session:
            assert session is None


def test_few_files_are_open_however_many_days_are_read(events: EventStore, tmp_path: Path) -> None:
    for day in range(20):
        events.append(batch(blocked(NOON - day * DAY), first=day + 1), at=NOON)
    assert 20 == len(events.recent(limit=100))

    folder = str(tmp_path / "events")
    open_files = {
        link.readlink().name
        for link in Path("/proc/self/fd").iterdir()
        if link.is_symlink() and str(link.readlink()).startswith(folder)
    }
    databases = {name.removesuffix("-wal").removesuffix("-shm") for name in open_files}
    assert len(databases) <= MAX_OPEN


def test_several_threads_may_append_and_read_at_once(events: EventStore) -> None:
    # More days than are open at a time, so that files are closed while others use them.
    def work(sender: str) -> None:
        for number in range(10):
            days = blocked(NOON - number * DAY)
            events.append(batch(days, first=number + 1, sender=sender), at=NOON)
            events.recent(limit=5)

    threads = [threading.Thread(target=work, args=(f"s{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 40 == len(events.recent(limit=100))


def test_events_are_written_through_to_the_disk(events: EventStore) -> None:
    events.append(batch(blocked()), at=NOON)
    database = events._files._open[NOON.date()].database
    with database.engine.connect() as connection:
        assert 2 == connection.exec_driver_sql("PRAGMA synchronous").scalar_one()


def test_strange_files_beside_the_days_are_left_alone(events: EventStore, tmp_path: Path) -> None:
    for name in ("events-2026-99-99.db", "notes.txt", "events-2026-11-20.db.bak"):
        (tmp_path / "events" / name).write_text("not ours")

    assert () == events.recent()
    assert () == events.delete_expired(at=NOON)


def test_a_day_of_another_version_or_no_database_is_named(
    events: EventStore, tmp_path: Path
) -> None:
    (tmp_path / "events" / "events-2026-11-20.db").write_bytes(b"no database at all" * 300)

    with pytest.raises(StoreError, match=r"events-2026-11-20\.db"):
        events.recent()


def test_a_place_survives_a_pages_address() -> None:
    place = EventPlace(NOON + timedelta(microseconds=7), "dns-1", "b:2", 12)

    assert place == parse_place(str(place))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        "x~a~b~1",
        "1~a~b",
        f"{10**19}~a~b~1",
        "1~a~b~-1",
        "1~a~b~1~",
        "\u0661~a~b~1",
    ],
)
def test_any_other_text_is_no_place(text: str) -> None:
    assert parse_place(text) is None


def test_days_are_those_of_utc(events: EventStore, tmp_path: Path) -> None:
    events.append(batch(blocked(datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC))), at=NOON)

    assert [date(2026, 11, 20)] == events._files.days()
    assert (tmp_path / "events" / "events-2026-11-20.db").exists()


def test_a_batch_that_cannot_be_stored_names_nobody_in_the_error(
    events: EventStore, tmp_path: Path
) -> None:
    """Whoever cannot store something logs why, and logs are read by more people than events."""
    events.append(batch(blocked()), at=NOON)
    with closing(sqlite3.connect(tmp_path / "events" / "events-2026-11-20.db")) as file:
        file.execute(
            "CREATE TRIGGER full BEFORE INSERT ON blocked "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        file.commit()

    with pytest.raises(StoreError, match="disk is full") as raised:
        events.append(batch(blocked(), first=2), at=NOON)

    for private in ("www.clips.example", "acorn", "127.0.1.10"):
        assert private not in str(raised.value)
        assert private not in str(raised.value.__cause__)
