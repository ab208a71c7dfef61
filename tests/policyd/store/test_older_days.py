"""A day's file that the version before wrote is read on, and gains what it lacks."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import (
    Blocked,
    EventBatch,
    Noticed,
    NumberedEvent,
    PointKind,
)
from schoolgate_policyd.store.event_stream import EventStream
from schoolgate_policyd.store.events import EventFilter, EventStore

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
# As version 1 made them.
VERSION_1 = """
CREATE TABLE allowed (
  sender VARCHAR(80) NOT NULL, boot VARCHAR(80) NOT NULL, sequence INTEGER NOT NULL,
  minute DATETIME NOT NULL, point VARCHAR(40) NOT NULL, client VARCHAR(45) NOT NULL,
  host VARCHAR(253) NOT NULL, count INTEGER NOT NULL,
  CONSTRAINT pk_allowed PRIMARY KEY (sender, boot, sequence)
) WITHOUT ROWID;
CREATE INDEX ix_allowed_minute ON allowed (minute);
CREATE TABLE blocked (
  sender VARCHAR(80) NOT NULL, boot VARCHAR(80) NOT NULL, sequence INTEGER NOT NULL,
  at DATETIME NOT NULL, school_at DATETIME NOT NULL, last_at DATETIME NOT NULL,
  point VARCHAR(40) NOT NULL, client VARCHAR(45) NOT NULL, audience VARCHAR(40) NOT NULL,
  device VARCHAR(40) NOT NULL, network VARCHAR(80) NOT NULL, host VARCHAR(253) NOT NULL,
  rules TEXT NOT NULL, citations TEXT NOT NULL, person VARCHAR(40), device_id VARCHAR(40),
  page TEXT, services TEXT NOT NULL, categories TEXT NOT NULL, attempt VARCHAR(80),
  count INTEGER NOT NULL,
  CONSTRAINT pk_blocked PRIMARY KEY (sender, boot, sequence)
) WITHOUT ROWID;
CREATE INDEX ix_blocked_person_at ON blocked (person, at);
CREATE INDEX ix_blocked_at ON blocked (at);
INSERT INTO blocked VALUES (
  'dns', 'b0', 1, '2026-11-20 12:00:00.000000', '2026-11-20 12:00:00.000000',
  '2026-11-20 12:00:00.000000', 'dns', '127.0.1.10', 'pupil', 'school-computer', 'pupils',
  'vpn.example', '["no-vpn"]', '["Policy, §1"]', 'acorn', NULL, NULL, '[]', '[]',
  'circumvention', 3
);
PRAGMA user_version=1;
"""


def blocked(host: str, evidence: str | None) -> Blocked:
    return Blocked(
        at=NOON,
        school_at=NOON,
        last_at=NOON,
        point=PointKind.DNS,
        client="127.0.1.10",
        audience=Audience.PUPIL,
        device=DeviceKind.SCHOOL_COMPUTER,
        network="pupils",
        host=host,
        rules=(),
        citations=(),
        attempt="dns-tunnel",
        evidence=evidence,
    )


def an_older_day(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "events-2026-11-20.db"
    with closing(sqlite3.connect(path)) as file:
        file.executescript(VERSION_1)
    return path


def put(store: EventStore, *events: Blocked | Noticed) -> None:
    numbered = tuple(NumberedEvent(number, each) for number, each in enumerate(events, 1))
    store.append(EventBatch("dns", "b1", numbered), at=NOON)


def test_it_is_read_and_written_on_as_any_other_day(tmp_path: Path) -> None:
    path = an_older_day(tmp_path / "events")
    crowd = Noticed(NOON, PointKind.DNS, "127.0.1.66", "pupils", "many-devices", "seen")
    with closing(EventStore(path.parent)) as store:
        (old,) = store.recent()
        assert ("vpn.example", 3, None) == (old.event.host, old.event.count, old.event.evidence)
        assert () == store.noticed(since=NOON)
        put(store, blocked("evil.example", "26 new names"), crowd)

        assert {"26 new names", None} == {each.event.evidence for each in store.recent()}
        assert (crowd,) == store.noticed(since=NOON)


def test_two_that_open_it_at_once_change_it_once(tmp_path: Path) -> None:
    path = an_older_day(tmp_path / "events")
    with closing(EventStore(path.parent)) as one, closing(EventStore(path.parent)) as other:
        assert 1 == len(one.recent())
        assert 1 == len(other.recent())


def test_replay_reads_it_without_changing_it(tmp_path: Path) -> None:
    path = an_older_day(tmp_path / "events")
    day = timedelta(days=1)
    stream = EventStream(path.parent, NOON - day, NOON + day)

    assert ["vpn.example"] == [each.host for each in stream.events()]
    assert [] == stream.faults
    with closing(sqlite3.connect(path)) as file:
        assert (1,) == file.execute("PRAGMA user_version").fetchone()


def test_what_was_noticed_is_told_once_for_each_source_newest_first(tmp_path: Path) -> None:
    def crowd(minutes_ago: int, client: str, evidence: str) -> Noticed:
        at = NOON - timedelta(minutes=minutes_ago)
        return Noticed(at, PointKind.DNS, client, "pupils", "many-devices", evidence)

    with closing(EventStore(tmp_path / "events")) as store:
        put(
            store,
            crowd(2000, "127.0.1.66", "yesterday"),
            crowd(5, "127.0.1.67", "other"),
            crowd(1, "127.0.1.66", "now"),
            crowd(9000, "127.0.1.68", "too old"),
        )
        found = store.noticed(since=NOON - timedelta(days=2))

        assert ["now", "other"] == [each.evidence for each in found]
        latest = store.noticed(since=NOON - timedelta(days=2), limit=1)
        assert ["now"] == [each.evidence for each in latest]


def test_its_sums_are_made_when_policyd_has_time(tmp_path: Path) -> None:
    path = an_older_day(tmp_path / "events")
    with closing(EventStore(path.parent)) as store:
        assert 1 == len(store.recent(EventFilter(person="acorn", host_contains="vpn")))
        assert ((), (NOON.date(),)) == store.sums([NOON.date()], {}, lambda *_: True)
        assert NOON.date() == store.add_up_one()
        ((day,), missing) = store.sums([NOON.date()], {}, lambda *_: True)

    assert () == missing
    assert [("circumvention", 3)] == [(each.attempt, each.count) for each in day.blocked]
    with closing(sqlite3.connect(path)) as file:
        names = {name for (name,) in file.execute("SELECT name FROM sqlite_master")}
    assert {"ix_blocked_client_at", "ix_blocked_host_at", "ix_allowed_person_minute"} <= names
