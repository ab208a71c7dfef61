"""A flood is its first, its last and its exact count, and costs nobody else an event."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schoolgate_policyd.core.decision import Decision, Verdict
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.ipc.messages import (
    AllowedCount,
    Blocked,
    Event,
    Noticed,
    PointKind,
)
from schoolgate_policyd.ipc.recorder import MANY, Recorder, Seen
from schoolgate_policyd.ipc.shares import FOLDED_FOR, Folded
from schoolgate_policyd.ipc.spool import Spool

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FLOOD, QUIET = "127.0.1.66", "127.0.1.10"
PER_S, HOUR_S = 2_000, 3_600
_RULE = Rule("no-vpn", frozenset({"vpn"}), (Condition(),), Citation("Policy", "§1"))
_BLOCK = Decision(Verdict.BLOCK, Verdict.BLOCK, NOON + timedelta(days=9), (_RULE,))


def seen(client: str, host: str, at_s: float, *, count: int = 1, last_s: float = 0) -> Seen:
    at = NOON + timedelta(seconds=at_s)
    last_at = NOON + timedelta(seconds=last_s) if last_s else None
    subject = Subject(network="pupils")
    return Seen(at, at, client, subject, host, _BLOCK, True, count=count, last_at=last_at)


def by_client(events: list[Event]) -> dict[str, tuple[datetime, datetime, int]]:
    """Return the first and last moment and the count of each client's blocks."""
    told: dict[str, tuple[datetime, datetime, int]] = {}
    for each in events:
        assert isinstance(each, Blocked)
        first, last, count = told.get(each.client, (each.at, each.last_at, 0))
        told[each.client] = (
            min(first, each.at),
            max(last, each.last_at),
            count + each.count,
        )
    return told


def test_an_hours_flood_counted_by_the_point_keeps_first_last_and_count() -> None:
    """7,200,000 blocks of one device, minute by minute, and one of another in each minute."""
    recorder = Recorder(PointKind.DNS)
    events: list[Event] = []
    for minute in range(60):
        start_s = minute * 60
        events += recorder.record(seen(FLOOD, "vpn.example", start_s))
        rest = PER_S * 60 - 1
        last_s = start_s + 59.5
        events += recorder.record(
            seen(FLOOD, "vpn.example", start_s + 0.0005, count=rest, last_s=last_s)
        )
        events += recorder.record(seen(QUIET, f"site-{minute}.example", start_s + 30))
    events += recorder.stop()

    told = by_client(events)
    assert (NOON, NOON + timedelta(seconds=59 * 60 + 59.5), PER_S * HOUR_S) == told[FLOOD]
    assert 60 == told[QUIET][2]
    assert 60 == len({each.host for each in events if each.client == QUIET})  # type: ignore[union-attr]  # all are blocks
    assert len(events) <= 60 * 3


def test_a_flood_of_ever_new_names_noted_one_by_one_hides_nobody() -> None:
    """Three minutes of 2,000 a second, each name another one."""
    recorder = Recorder(PointKind.DNS)
    events: list[Event] = []
    total = PER_S * 60 * 3
    for number in range(total):
        at_s = number / PER_S
        events += recorder.record(seen(FLOOD, f"{number}.vpn.example", at_s))
        if number % PER_S == 0:
            events += recorder.record(seen(QUIET, f"site-{number}.example", at_s))
    events += recorder.stop()

    told = by_client(events)
    assert (NOON, NOON + timedelta(seconds=(total - 1) / PER_S), total) == told[FLOOD]
    assert 180 == told[QUIET][2]
    assert 180 == sum(each.client == QUIET for each in events if isinstance(each, Blocked))
    # A thousand names a minute are told apart, the rest is one first and one last.
    assert sum(each.client == FLOOD for each in events if isinstance(each, Blocked)) <= 3 * 1_002


def block(client: str, number: int, count: int = 1, *, host: str = "") -> Blocked:
    at = NOON + timedelta(seconds=number)
    (event,) = Recorder(PointKind.DNS).record(
        seen(client, host or f"{number}.vpn.example", number, count=count)
    )
    assert isinstance(event, Blocked)
    assert at == event.at
    return event


def drained(spool: Spool) -> list[Event]:
    events: list[Event] = []
    while (batch := spool.next_batch()) is not None:
        events += [each.event for each in batch.events]
        spool.stored(batch.boot, batch.events[-1].sequence)
    return events


def test_a_flood_into_a_spool_that_nobody_empties_keeps_everybodys_events(
    tmp_path: Path,
) -> None:
    most = 400_000
    spool = Spool(tmp_path, "dns", max_octets=most)
    quiet = [f"127.0.2.{n}" for n in range(1, 21)]
    for number in range(6_000):
        spool.offer(block(FLOOD, number))
        if number % 300 == 0:
            spool.offer(block(quiet[number // 300], number, host="seen.example"))
        if number % 50 == 0:
            spool.flush()
    spool.close()
    size = sum(path.stat().st_size for path in (tmp_path / "dns").glob("*.events"))
    assert size <= most + 64 * 1024
    again = Spool(tmp_path, "dns")
    events = drained(again)
    again.close()

    told = by_client(events)
    assert (NOON, NOON + timedelta(seconds=5_999), 6_000) == told[FLOOD]
    mine = {each.client: each.host for each in events if isinstance(each, Blocked)}
    assert dict.fromkeys(quiet, "seen.example") == {each: mine[each] for each in quiet}


def test_a_burst_that_memory_cannot_hold_keeps_everybodys_events(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "dns", max_pending=1_000)
    for number in range(5_000):
        spool.offer(block(FLOOD, number))
    for number in range(20):
        spool.offer(block(f"127.0.2.{number}", number, host="seen.example"))
    spool.flush()
    spool.flush()
    events = drained(spool)
    spool.close()

    told = by_client(events)
    assert (NOON, NOON + timedelta(seconds=4_999), 5_000) == told[FLOOD]
    assert 20 == sum(each.host == "seen.example" for each in events if isinstance(each, Blocked))


def test_what_was_folded_for_long_is_written_although_room_is_short() -> None:
    folded = Folded()
    folded.fold(block(FLOOD, 0))
    assert [] == folded.take(only_long=True)
    folded.fold(block(FLOOD, int(FOLDED_FOR.total_seconds())))

    (event,) = folded.take(only_long=True)

    assert isinstance(event, Blocked)
    assert (2, MANY, ("no-vpn",)) == (event.count, event.host, event.rules)
    assert not folded


def test_attempts_are_folded_apart_from_ordinary_blocks() -> None:
    folded = Folded()
    for number in range(4):
        attempt = "dns-tunnel" if number % 2 else None
        folded.fold(replace(block(FLOOD, number), attempt=attempt))

    events = folded.take(only_long=False)
    counts = {each.attempt: each.count for each in events if isinstance(each, Blocked)}
    assert {None: 2, "dns-tunnel": 2} == counts


EVENTS = st.lists(
    st.one_of(
        st.builds(
            block,
            st.sampled_from([f"127.0.3.{n}" for n in range(9)]),
            st.integers(0, 5_000),
            st.integers(1, 50),
        ),
        st.builds(
            lambda client, count: AllowedCount(NOON, PointKind.DNS, client, "a.example", count),
            st.sampled_from([f"127.0.3.{n}" for n in range(9)]),
            st.integers(1, 50),
        ),
        st.just(Noticed(NOON, PointKind.DNS, "127.0.3.1", "pupils", "many-devices", "seen")),
    ),
    max_size=80,
)


@given(EVENTS, st.integers(1, 6))
def test_folding_keeps_every_count_and_is_bounded(events: list[Event], most: int) -> None:
    folded = Folded(most)
    for each in events:
        folded.fold(each)
    told = folded.take(only_long=False)

    # Beside those that are told apart: one of anybody's for each kind.
    assert len(told) <= most + 3
    for kind in (Blocked, AllowedCount):
        assert _counted(events, kind) == _counted(told, kind)
    blocks = [each for each in events if isinstance(each, Blocked)]
    told_blocks = [each for each in told if isinstance(each, Blocked)]
    assert min((each.at for each in blocks), default=None) == min(
        (each.at for each in told_blocks), default=None
    )


def _counted(events: list[Event], kind: type[Blocked | AllowedCount]) -> int:
    return sum(each.count for each in events if isinstance(each, kind))
