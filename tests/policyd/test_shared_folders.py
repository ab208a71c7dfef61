import io
import os
import stat
from pathlib import Path

import pytest

from schoolgate_policyd.ipc.listening import SocketPathError, listen_privately
from schoolgate_policyd.shared_folders import file_mode_in, make_file
from schoolgate_policyd.whole_files import write_whole


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("folder_mode", "expected"),
    [
        (0o700, 0o600),
        (0o755, 0o600),
        (0o775, 0o600),
        (0o2700, 0o600),  # below a set-group-ID folder every folder inherits the bit
        (0o2710, 0o600),
        (0o2750, 0o640),
        (0o2770, 0o660),
        (0o2777, 0o660),  # never everybody's
    ],
)
def test_the_folder_says_whose_a_file_is(tmp_path: Path, folder_mode: int, expected: int) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(folder_mode)
    write_whole(folder / "whole", b"x")
    make_file(folder / "made")

    assert (
        expected == file_mode_in(folder) == mode_of(folder / "whole") == mode_of(folder / "made")
    )


def test_a_narrow_umask_takes_nothing_from_who_shares(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    before = os.umask(0o077)
    try:
        make_file(tmp_path / "made")
    finally:
        os.umask(before)

    assert 0o660 == mode_of(tmp_path / "made")


def test_a_file_that_is_there_keeps_its_mode_and_content(tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"content")
    (tmp_path / "made").chmod(0o400)
    tmp_path.chmod(0o2770)
    make_file(tmp_path / "made")

    assert (b"content", 0o400) == ((tmp_path / "made").read_bytes(), mode_of(tmp_path / "made"))


@pytest.mark.parametrize(("folder_mode", "expected"), [(0o700, 0o600), (0o2750, 0o660)])
def test_a_socket_is_its_owners_or_its_folders_groups(
    tmp_path: Path, folder_mode: int, expected: int
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(folder_mode)
    listen_privately(folder / "s").close()

    assert (folder_mode, expected) == (mode_of(folder), mode_of(folder / "s"))


def test_a_folder_in_which_a_group_writes_is_no_place_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(0o2770)

    with pytest.raises(SocketPathError, match="other users can write there"):
        listen_privately(folder / "s")


def test_a_file_is_made_without_being_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing it would let go of the locks of whoever uses it as a database by then."""
    opened: list[object] = []
    monkeypatch.setattr(os, "open", lambda path, *_: opened.append(path))
    monkeypatch.setattr(io, "open", lambda path, *_: opened.append(path))

    make_file(tmp_path / "made")

    assert [] == opened
    assert 0o600 == mode_of(tmp_path / "made")
