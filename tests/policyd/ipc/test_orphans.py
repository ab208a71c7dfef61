"""Events of workers that are no more: carried by the first one, once."""

from pathlib import Path

import pytest
from ipc_world import event

from schoolgate_policyd.ipc.messages import AllowedCount
from schoolgate_policyd.ipc.orphans import adopt_orphans
from schoolgate_policyd.ipc.spool import Spool


def leave(directory: Path, sender: str, *counts: int) -> None:
    spool = Spool(directory, sender)
    for count in counts:
        spool.offer(event(count))
    spool.close()


def waiting(directory: Path, sender: str) -> list[int]:
    """The counts of the events that *sender* would deliver, all of them."""
    spool = Spool(directory, sender)
    found = []
    while (batch := spool.next_batch()) is not None:
        assert sender == batch.sender
        for each in batch.events:
            assert isinstance(each.event, AllowedCount)
            found.append(each.event.count)
        spool.stored(batch.boot, batch.events[-1].sequence)
    spool.close()
    return sorted(found)


def test_what_former_workers_left_is_the_first_one_s_to_deliver(tmp_path: Path) -> None:
    leave(tmp_path, "dns", 1)
    leave(tmp_path, "dns-2", 2)
    leave(tmp_path, "dns-3", 3, 4)
    leave(tmp_path, "dns-10", 5)
    adopt_orphans(tmp_path, "dns", workers=2)

    assert [1, 3, 4, 5] == waiting(tmp_path, "dns")
    assert [2] == waiting(tmp_path, "dns-2")
    assert {"dns", "dns-2"} == {each.name for each in tmp_path.iterdir()}


def test_a_spool_in_use_is_left_alone(tmp_path: Path) -> None:
    running = Spool(tmp_path, "dns-2")
    running.offer(event(2))
    running.flush()
    adopt_orphans(tmp_path, "dns", workers=1)
    running.close()

    assert [] == waiting(tmp_path, "dns")
    assert [2] == waiting(tmp_path, "dns-2")


@pytest.mark.parametrize("name", ["dnsmasq", "dns-", "dns-two", "dns-2x", "proxy", "proxy-2"])
def test_what_is_no_worker_s_is_left_alone(tmp_path: Path, name: str) -> None:
    leave(tmp_path, name, 7)
    adopt_orphans(tmp_path, "dns", workers=1)

    assert [7] == waiting(tmp_path, name)


def test_without_any_spool_there_is_nothing_to_do(tmp_path: Path) -> None:
    adopt_orphans(tmp_path / "none", "dns", workers=1)

    assert not (tmp_path / "none").exists()
