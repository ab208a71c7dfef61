"""Events on disk: what a killed process leaves, what is torn, what does not fit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ipc_world import Point, Stored, event, eventually, running, running_policyd
from msgspec.structs import replace

from schoolgate_policyd.ipc.messages import EventBatch, NumberedEvent
from schoolgate_policyd.ipc.spool import BATCH_EVENTS, MAX_EVENT_OCTETS, Spool, SpoolError

WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from msgspec.structs import replace
from ipc_world import event
from schoolgate_policyd.ipc.spool import Spool

spool = Spool(Path(sys.argv[1]), "dns")
count = 0
while True:
    count += 1
    spool.offer(event(count))
    if count % 10 == 0:
        spool.flush()
        print(count, flush=True)
"""


def _drain(spool: Spool) -> list[EventBatch]:
    batches = []
    while (batch := spool.next_batch()) is not None:
        batches.append(batch)
        spool.stored(batch.boot, batch.events[-1].sequence)
    return batches


def _counts(batches: list[EventBatch]) -> list[int]:
    return [each.event.count for batch in batches for each in batch.events]


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "dns").glob("*.events"))


def test_a_boot_numbers_its_events_from_one_in_order(folder: Path) -> None:
    spool = Spool(folder, "dns")
    for count in (10, 20, 30):
        spool.offer(event(count))
    spool.flush()

    expected = EventBatch(
        "dns",
        spool.boot,
        tuple(NumberedEvent(at + 1, event(count)) for at, count in enumerate((10, 20, 30))),
    )
    assert expected == spool.next_batch()
    spool.close()


def test_the_same_events_are_handed_out_until_they_are_stored(folder: Path) -> None:
    spool = Spool(folder, "dns")
    for count in range(1, 4):
        spool.offer(event(count))
    spool.flush()
    first = spool.next_batch()

    assert first == spool.next_batch()
    spool.stored("of-another-boot", 3)
    assert first == spool.next_batch()
    spool.stored(spool.boot, 2)
    assert [3] == _counts(_drain(spool))
    assert [] == _files(folder)
    spool.close()


def test_earlier_boots_come_first_under_their_own_names(folder: Path) -> None:
    boots = []
    for count in (1, 2, 3):
        spool = Spool(folder, "dns")
        spool.offer(event(count))
        spool.close()
        boots.append(spool.boot)
    spool = Spool(folder, "dns")
    spool.offer(event(4))
    spool.flush()
    batches = _drain(spool)

    assert [1, 2, 3, 4] == _counts(batches)
    assert {*boots, spool.boot} == {batch.boot for batch in batches}
    assert 4 == len({*boots, spool.boot})
    spool.close()


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_torn_last_record_is_ignored_and_all_before_it_kept(folder: Path, cut: int) -> None:
    spool = Spool(folder, "dns")
    for count in (1, 2, 3):
        spool.offer(event(count))
    spool.close()
    (path,) = _files(folder)
    os.truncate(path, path.stat().st_size - cut)
    again = Spool(folder, "dns")

    assert [1, 2] == _counts(_drain(again))
    assert [] == _files(folder)
    again.close()


def test_a_damaged_record_ends_its_segment_and_touches_no_other(folder: Path) -> None:
    for counts in ((1, 2), (3, 4)):
        spool = Spool(folder, "dns")
        for count in counts:
            spool.offer(event(count))
        spool.close()
    damaged, _ = _files(folder)
    content = bytearray(damaged.read_bytes())
    content[-3] ^= 0xFF
    damaged.write_bytes(content)
    again = Spool(folder, "dns")

    assert [1, 3, 4] == _counts(_drain(again))
    again.close()


@pytest.mark.parametrize("garbage", [b"", b"\0" * 100, b"\xff" * 100, os.urandom(1000)])
def test_a_segment_of_garbage_is_passed_over(folder: Path, garbage: bytes) -> None:
    spool = Spool(folder, "dns")
    (folder / "dns" / "00000000000000-00000000.000000000001.events").write_bytes(garbage)
    spool.close()
    again = Spool(folder, "dns")
    again.offer(event(7))
    again.flush()

    assert [7] == _counts(_drain(again))
    again.close()


def test_no_file_but_a_segment_is_touched(folder: Path) -> None:
    (folder / "dns").mkdir()
    other = folder / "dns" / "notes.txt"
    other.write_text("keep me")
    spool = Spool(folder, "dns")

    assert [] == _drain(spool)
    spool.close()
    assert "keep me" == other.read_text()


def test_batches_are_bounded(folder: Path) -> None:
    spool = Spool(folder, "dns")
    for count in range(BATCH_EVENTS * 2 + 1):
        spool.offer(event(count + 1))
    spool.flush()
    batches = _drain(spool)

    assert [BATCH_EVENTS, BATCH_EVENTS, 1] == [len(batch.events) for batch in batches]
    spool.close()


def test_past_its_bound_the_disk_takes_no_more_and_the_rest_is_told_as_one(
    folder: Path,
) -> None:
    spool = Spool(folder, "dns", max_octets=2000)
    # Many clients, none of them beyond its share.
    happened = [replace(event(1), client=f"127.0.{n // 250}.{n % 250}") for n in range(100)]
    kept = 0
    for each in happened:
        spool.offer(each)
        kept += spool.flush()

    assert (100 - kept, 0) == (spool.folded, spool.lost)
    assert 0 < kept < 100
    size = sum(path.stat().st_size for path in _files(folder))
    assert 2000 <= size < 2200
    assert kept == sum(_counts(_drain(spool)))
    # There is room again: what had none is told as one event for each client.
    assert 100 - kept == spool.flush()
    assert 100 - kept == sum(_counts(_drain(spool)))
    spool.close()


def test_offers_beyond_the_memory_set_aside_become_one_and_never_wait(folder: Path) -> None:
    spool = Spool(folder, "dns", max_pending=10)
    for count in range(1, 16):
        spool.offer(event(count))
    spool.flush()
    spool.flush()

    assert 10 == spool.folded
    assert [1, 2, 3, 4, 5, sum(range(6, 16))] == _counts(_drain(spool))
    spool.close()


def test_an_event_that_no_frame_should_carry_is_lost_alone(folder: Path) -> None:
    spool = Spool(folder, "dns")
    spool.offer(event(1))
    spool.offer(replace(event(2), host="x" * MAX_EVENT_OCTETS))
    spool.offer(event(3))
    spool.flush()

    assert [1, 3] == _counts(_drain(spool))
    assert 1 == spool.lost
    spool.close()


def test_two_processes_cannot_share_a_spool(folder: Path) -> None:
    spool = Spool(folder, "dns")
    with pytest.raises(SpoolError, match="`dns` already runs; stop it first"):
        Spool(folder, "dns")
    spool.close()
    Spool(folder, "dns").close()


def test_a_disk_that_refuses_loses_nothing_that_memory_can_hold(folder: Path) -> None:
    spool = Spool(folder, "dns")
    spool_folder = folder / "dns"
    aside = folder / "aside"
    spool_folder.rename(aside)
    spool.offer(event(1))
    assert 0 == spool.flush()
    aside.rename(spool_folder)
    spool.offer(event(2))
    assert 2 == spool.flush()

    assert [1, 2] == _counts(_drain(spool))
    assert 0 == spool.lost
    spool.close()


def _killed_writer(folder: Path, least: int) -> int:
    """Return how many events a process said to have spooled before SIGKILL met it."""
    support = next(path for path in sys.path if path.endswith("tests/support"))
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), support], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = 0
    for line in process.stdout:
        said = int(line)
        if said >= least:
            break
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().splitlines()
    process.stdout.close()
    process.wait()
    complete = [int(line) for line in rest if line.isdigit() and int(line) % 10 == 0]
    return max([said, *complete])


def test_a_killed_process_loses_nothing_that_it_had_spooled(folder: Path) -> None:
    said = _killed_writer(folder, 3000)
    spool = Spool(folder, "dns")
    counts = _counts(_drain(spool))
    spool.close()

    assert said <= len(counts)
    assert list(range(1, len(counts) + 1)) == counts


def test_what_a_killed_process_left_is_stored_once_although_half_was_stored_before(
    folder: Path,
) -> None:
    import asyncio  # noqa: PLC0415 - the rest of this file needs no loop

    said = _killed_writer(folder / "spool", 2000)
    stored = Stored()

    async def scenario() -> None:
        # The first to deliver is cut off after one answer: its second batch went unanswered.
        spool = Spool(folder / "spool", "dns")
        first = spool.next_batch()
        assert first is not None
        await stored.append(first)
        spool.stored(first.boot, first.events[-1].sequence)
        second = spool.next_batch()
        assert second is not None
        await stored.append(second)
        spool.close()
        point = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            policyd.stored.counts = stored.counts
            await eventually(lambda: _files(folder / "spool") == [])

    asyncio.run(scenario())
    assert said <= len(stored.counts)
    assert list(range(1, len(stored.counts) + 1)) == stored.in_order
