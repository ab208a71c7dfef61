"""Events read back one after the other, beside who writes, from whole and damaged files."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
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
from schoolgate_policyd.replay.recorded import RecordedAllowed, RecordedBlock
from schoolgate_policyd.store.day_files import path_of
from schoolgate_policyd.store.event_stream import EventStream
from schoolgate_policyd.store.events import EventStore

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SHIFT = timedelta(hours=-3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "events"


@pytest.fixture
def store(folder: Path) -> Iterator[EventStore]:
    with closing(EventStore(folder)) as opened:
        yield opened


def blocked(at: datetime = NOON, host: str = "www.clips.example", **changes: object) -> Blocked:
    fields: dict[str, object] = {
        "at": at,
        "school_at": at + SHIFT,
        "last_at": at,
        "point": PointKind.PROXY,
        "client": "10.1.0.1",
        "audience": Audience.PUPIL,
        "device": DeviceKind.SCHOOL_COMPUTER,
        "network": "pupils",
        "host": host,
        "rules": ("pupils-social",),
        "citations": ("Policy, §7",),
        "person": "acorn",
        "device_id": "trolley-1",
        "page": f"https://{host}/x",
        "count": 3,
    }
    return Blocked(**fields | changes)  # type: ignore[arg-type]  # each field has its own type


def allowed(at: datetime = NOON, host: str = "ok.example") -> AllowedCount:
    return AllowedCount(at, PointKind.DNS, "10.1.0.1", host, 9)


def put(
    store: EventStore, *happened: Event, sender: str = "dns", boot: str = "b1", first: int = 1
) -> None:
    numbered = tuple(NumberedEvent(first + number, each) for number, each in enumerate(happened))
    store.append(EventBatch(sender, boot, numbered), at=NOON + DAY)


def stream_of(
    folder: Path,
    since: datetime = NOON - DAY,
    until: datetime = NOON + DAY,
    shift: timedelta = timedelta(),
) -> EventStream:
    return EventStream(folder, since, until, shift=shift)


def hosts(stream: EventStream) -> list[str]:
    return [each.host for each in stream.events()]


def test_an_event_comes_back_with_what_a_decision_needs(store: EventStore, folder: Path) -> None:
    put(store, blocked(), blocked(rules=(), person=None, device_id=None, page=None), allowed())

    first, second, third = stream_of(folder).events()

    assert first == RecordedBlock(
        at=NOON + SHIFT,
        point=PointKind.PROXY,
        client="10.1.0.1",
        host="www.clips.example",
        count=3,
        audience=Audience.PUPIL,
        device=DeviceKind.SCHOOL_COMPUTER,
        network="pupils",
        person="acorn",
        device_id="trolley-1",
        page="https://www.clips.example/x",
        has_rule=True,
    )
    assert isinstance(second, RecordedBlock)
    assert (None, None, None, False) == (
        second.person,
        second.device_id,
        second.page,
        second.has_rule,
    )
    assert third == RecordedAllowed(NOON + SHIFT, PointKind.DNS, "10.1.0.1", "ok.example", 9)


def test_a_count_of_what_was_allowed_has_the_clock_of_its_boot(
    store: EventStore, folder: Path
) -> None:
    put(store, blocked(), boot="b1")
    put(store, allowed(host="first.example"), boot="b1", first=2)
    put(store, blocked(school_at=NOON), boot="b2")
    put(store, allowed(host="second.example"), boot="b2", first=2)
    put(store, allowed(host="silent.example"), boot="b3")
    # A day later the boot has recorded no block, but it is the same boot.
    put(store, allowed(NOON + DAY / 2, "later.example"), boot="b1", first=3)

    stream = stream_of(folder, shift=timedelta(minutes=7))
    found = {each.host: each.at for each in stream.events() if isinstance(each, RecordedAllowed)}

    assert {
        "first.example": NOON + SHIFT,
        "second.example": NOON,
        "silent.example": NOON + timedelta(minutes=7),
        "later.example": NOON + DAY / 2 + SHIFT,
    } == found


def test_only_the_time_asked_for_is_read_and_counted(store: EventStore, folder: Path) -> None:
    for offset in (-2, -1, 0, 1, 2):
        at = NOON + offset * DAY
        put(
            store,
            blocked(at, f"b{offset}.example"),
            allowed(at, f"a{offset}.example"),
            first=10 * offset + 100,
        )

    whole = stream_of(folder, NOON - DAY, NOON + DAY)
    assert ["b-1.example", "a-1.example", "b0.example", "a0.example"] == hosts(whole)
    assert 4 == whole.count()
    after = stream_of(folder, NOON - DAY + timedelta(microseconds=1), NOON + timedelta(seconds=1))
    assert ["b0.example", "a0.example"] == hosts(after)
    assert 2 == after.count()
    assert [] == hosts(stream_of(folder, NOON + 9 * DAY, NOON + 10 * DAY))


def test_a_folder_that_is_not_there_holds_no_events_and_is_not_made(folder: Path) -> None:
    stream = stream_of(folder)

    assert 0 == stream.count()
    assert [] == hosts(stream)
    assert [] == stream.faults
    assert not folder.exists()


def test_reading_changes_no_file_and_makes_no_table(store: EventStore, folder: Path) -> None:
    put(store, blocked())
    store.close()
    path = path_of(folder, NOON.date())
    before = path.read_bytes()

    assert 1 == len(hosts(stream_of(folder)))

    assert before == path.read_bytes()
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        assert (1,) == connection.execute("SELECT count(*) FROM blocked").fetchone()


def test_it_reads_while_policyd_writes_and_lets_it_write(store: EventStore, folder: Path) -> None:
    put(store, *(blocked(host=f"n{number}.example") for number in range(5_000)))
    events = stream_of(folder).events()
    assert "n0.example" == next(events).host

    # The reader is in the middle of the table; the writer waits for nobody.
    put(store, blocked(host="late.example"), boot="b2")
    assert 1 == len(store.delete_expired(at=NOON + 400 * DAY))

    rest = [each.host for each in events]
    assert 4_999 == len(rest)
    assert "late.example" not in rest


def test_a_reader_that_is_killed_leaves_nothing_locked(store: EventStore, folder: Path) -> None:
    put(store, *(blocked(host=f"n{number}.example") for number in range(5_000)))
    program = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from schoolgate_policyd.store.event_stream import EventStream\n"
        "events = EventStream(Path(sys.argv[1]), datetime(2026, 1, 1, tzinfo=UTC),\n"
        "                     datetime(2027, 1, 1, tzinfo=UTC)).events()\n"
        "print(next(events).host, flush=True)\n"
        "sys.stdin.read()\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with reader:
        assert reader.stdout is not None
        assert b"n0.example\n" == reader.stdout.readline()
        os.kill(reader.pid, signal.SIGKILL)
        reader.wait(10)

    put(store, blocked(host="after.example"), boot="b2")
    assert "after.example" in hosts(stream_of(folder))
    with closing(sqlite3.connect(path_of(folder, NOON.date()))) as connection:
        assert ("ok",) == connection.execute("PRAGMA integrity_check").fetchone()


def test_a_damaged_day_is_left_out_with_a_sentence_and_the_others_are_read(
    store: EventStore, folder: Path
) -> None:
    put(store, blocked(NOON - DAY, "before.example"))
    put(store, blocked(NOON, "damaged.example"), first=2)
    put(store, blocked(NOON + DAY / 2 + DAY / 4, "after.example"), first=3)
    store.close()
    path_of(folder, NOON.date()).write_bytes(b"not a database at all" * 1000)

    stream = stream_of(folder)

    assert 2 == stream.count()
    assert ["before.example", "after.example"] == hosts(stream)
    assert 1 == len(stream.faults)
    assert stream.faults[0].startswith(f"{path_of(folder, NOON.date())}: is damaged (")


def test_a_file_damaged_in_its_middle_gives_what_comes_before(
    store: EventStore, folder: Path
) -> None:
    put(store, *(blocked(host=f"n{number:05}.example") for number in range(20_000)))
    store.close()
    path = path_of(folder, NOON.date())
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400_000] = b"\xa5" * 400_000
    path.write_bytes(content)

    stream = stream_of(folder)
    found = hosts(stream)

    assert 0 < len(found) < 20_000
    assert found == [f"n{number:05}.example" for number in range(len(found))]
    assert 1 == len(stream.faults)
    assert "is damaged" in stream.faults[0]


@pytest.mark.parametrize("version", [0, 99])
def test_a_day_of_another_version_is_left_out_with_a_sentence(
    store: EventStore, folder: Path, version: int
) -> None:
    put(store, blocked())
    store.close()
    with closing(sqlite3.connect(path_of(folder, NOON.date()))) as connection:
        connection.execute(f"PRAGMA user_version={version}")
        connection.commit()

    stream = stream_of(folder)

    assert [] == hosts(stream)
    assert 1 == len(stream.faults)
    assert "holds no events" in stream.faults[0] or "another version" in stream.faults[0]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("point", "satellite"),
        ("audience", "robot"),
        ("device", "fridge"),
        ("at", "yesterday"),
        ("school_at", "2026-13-45 00:00:00"),
        ("count", "many"),
        ("count", -1),
        ("count", 2**62),
        ("host", b"\xff\xfe"),
        ("client", b"\xff"),
        ("page", b"\xff"),
        ("network", b"7"),
    ],
)
def test_a_row_that_makes_no_sense_is_left_out_and_counted(
    store: EventStore, folder: Path, column: str, value: object
) -> None:
    put(store, blocked(host="odd.example"), blocked(host="good.example"), allowed())
    store.close()
    with closing(sqlite3.connect(path_of(folder, NOON.date()))) as connection:
        connection.execute(
            f"UPDATE blocked SET {column} = ? WHERE host = 'odd.example'",  # noqa: S608 - ours
            (value,),
        )
        connection.commit()

    stream = stream_of(folder)

    assert ["good.example", "ok.example"] == hosts(stream)
    path = path_of(folder, NOON.date())
    assert [f"{path}: 1 event makes no sense and is left out"] == stream.faults


@pytest.mark.parametrize(
    "host", ["[red]x[/red]", "\x1b[2Jx", "a'; DROP TABLE blocked; --", "…", ""]
)
def test_hostile_names_come_back_as_they_were(store: EventStore, folder: Path, host: str) -> None:
    put(store, msgspec.structs.replace(blocked(), host=host))

    assert [host] == hosts(stream_of(folder))
