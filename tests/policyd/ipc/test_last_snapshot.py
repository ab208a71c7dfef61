"""The newest source on disk: whole or not at all."""

import os
import stat
from pathlib import Path

import pytest
from ipc_world import grant, policy

from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.ipc.last_snapshot import (
    LastSnapshotError,
    load_last_snapshot,
    save_last_snapshot,
)

SOURCE = Source(12, policy(), live=Live(grants=(grant("a"),)))


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "snapshots" / "dns.snapshot"
    save_last_snapshot(path, Source(11, policy()))
    save_last_snapshot(path, SOURCE)

    assert SOURCE == load_last_snapshot(path)
    assert [path] == list(path.parent.iterdir())
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_nothing_saved_is_none(tmp_path: Path) -> None:
    assert None is load_last_snapshot(tmp_path / "dns.snapshot")


@pytest.mark.parametrize("cut", [0, 1, 19, 20, 40, 60, -1])
def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "dns.snapshot"
    save_last_snapshot(path, SOURCE)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(LastSnapshotError, match=r"dns\.snapshot: is damaged"):
        load_last_snapshot(path)


def test_a_single_changed_octet_anywhere_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "dns.snapshot"
    save_last_snapshot(path, SOURCE)
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(LastSnapshotError):
            load_last_snapshot(path)


def test_a_save_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "dns.snapshot"
    save_last_snapshot(path, SOURCE)
    # The place for the new one is taken by a folder, so that it cannot be written.
    (tmp_path / f".dns.snapshot.{os.getpid()}").mkdir()
    with pytest.raises(OSError, match="directory"):
        save_last_snapshot(path, Source(13, policy()))

    assert SOURCE == load_last_snapshot(path)
