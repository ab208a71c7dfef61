"""The whole of a replay over real stores: what was in force then, and by which clock."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from office import HEAD, LEAD, QuickHasher, fill
from replay_school import BREAK, CHAT, STANDING, WITHOUT_BREAK, snapshot_of

from schoolgate_policyd.clock import ClockState
from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.ipc.messages import AllowedCount, EventBatch, NumberedEvent, PointKind
from schoolgate_policyd.replay import Replay
from schoolgate_policyd.replay.outcome import Total
from schoolgate_policyd.replay.policies import replay_recorded
from schoolgate_policyd.store.day_files import path_of
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.events import EventStore
from schoolgate_policyd.store.models.permissions import StandingRecordKind

MACHINE = datetime(2027, 3, 2, 18, 30, tzinfo=UTC)
SHIFT = BREAK - MACHINE
HOUR = timedelta(hours=1)


@pytest.fixture
def sample(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var", is_sample=True)


@pytest.fixture
def store(sample: Settings) -> Iterator[DecisionStore]:
    with closing(DecisionStore(sample.decisions_path, hasher=QuickHasher())) as opened:
        fill(opened)
        yield opened


def set_clock(settings: Settings) -> None:
    settings.clock_path.parent.mkdir(parents=True)
    settings.clock_path.write_bytes(msgspec.json.encode(ClockState(SHIFT.total_seconds())))


def record_both(store: DecisionStore, at: datetime) -> None:
    for kind, by in zip(StandingRecordKind, (HEAD, LEAD), strict=True):
        store.standing.record(
            STANDING, kind, by=by.id, reasons="agreed", review_on=at.date(), at=at
        )


def put(settings: Settings, *minutes: datetime) -> None:
    events = tuple(
        NumberedEvent(number, AllowedCount(minute, PointKind.DNS, "10.2.0.1", CHAT, 3))
        for number, minute in enumerate(minutes, start=1)
    )
    with closing(EventStore(settings.events_dir)) as opened:
        opened.append(EventBatch("dns", "b1", events), at=max(minutes))


def replayed(
    settings: Settings, around: datetime, before: Snapshot | None = None, **extra: object
) -> Replay:
    return replay_recorded(
        settings,
        snapshot_of() if before is None else before,
        snapshot_of(WITHOUT_BREAK),
        since=around - HOUR,
        until=around + HOUR,
        **extra,  # type: ignore[arg-type]  # the progress, if any
    )


def test_the_sample_schools_events_are_decided_by_its_own_clock(
    sample: Settings, store: DecisionStore
) -> None:
    """It is evening by the machine's clock and break by the school's, which alone counts."""
    set_clock(sample)
    record_both(store, MACHINE - HOUR)
    put(sample, MACHINE)

    assert Total(1, 3) == replayed(sample, MACHINE).lost


def test_a_real_schools_clock_is_the_machines(sample: Settings, store: DecisionStore) -> None:
    settings = dataclasses.replace(sample, is_sample=False)
    set_clock(settings)
    record_both(store, BREAK - HOUR)
    put(settings, BREAK, BREAK + timedelta(minutes=20))

    found = replayed(settings, BREAK)

    assert Total(1, 3) == found.lost
    assert Total(1, 3) == found.still_blocked
    assert (BREAK - HOUR, BREAK + HOUR) == (found.since, found.until)


def test_permissions_count_as_they_stood_then_and_not_as_they_stand_now(
    sample: Settings, store: DecisionStore
) -> None:
    settings = dataclasses.replace(sample, is_sample=False)
    put(settings, BREAK)
    assert "before" in replayed(settings, BREAK).before

    # Nothing was recorded then, whatever stands in the snapshot of today.
    assert Total() == replayed(settings, BREAK).lost
    record_both(store, BREAK - timedelta(minutes=1))
    assert Total(1, 3) == replayed(settings, BREAK, snapshot_of(live=Live())).lost


def test_without_a_store_of_decisions_what_is_live_now_is_taken(sample: Settings) -> None:
    settings = dataclasses.replace(sample, is_sample=False)
    put(settings, BREAK)

    assert Total(1, 3) == replayed(settings, BREAK).lost
    assert not settings.decisions_path.exists()


def test_a_store_that_cannot_be_read_is_named(sample: Settings) -> None:
    sample.decisions_path.parent.mkdir(parents=True)
    sample.decisions_path.write_bytes(b"garbage" * 1000)

    with pytest.raises(StoreError, match=r"decisions\.db: cannot be read"):
        replayed(sample, BREAK)


def test_progress_knows_how_many_there_are_and_faults_are_in_the_result(
    sample: Settings,
) -> None:
    put(sample, *(BREAK + timedelta(seconds=n) for n in range(2_500)), BREAK - timedelta(days=1))
    damaged = path_of(sample.events_dir, BREAK.date() - timedelta(days=1))
    damaged.write_bytes(b"garbage" * 1000)
    told: list[tuple[int, int]] = []

    found = replayed(
        sample,
        BREAK - 12 * HOUR,
        on_progress=lambda done, count: told.append((done, count)),
    )
    assert [(0, 0)] == told
    assert 1 == len(found.faults)
    assert str(damaged) in found.faults[0]

    told.clear()
    replayed(sample, BREAK, on_progress=lambda done, count: told.append((done, count)))
    assert [(2_000, 2_500), (2_500, 2_500)] == told
