"""What was acknowledged survives kill -9 and power cuts, whole: the long runs' short form."""

import random
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from disk import Disk, put
from paperwork import DEEDS
from power_cuts import FILE, Cut, World, cuts, filled, lived
from recording import Operation
from wholeness import missing, state_of

KILLS = Path(__file__).with_name("kills.py")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return filled(tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="module")
def world(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> World:
    rng = random.Random(6)  # noqa: S311 - the same world each time
    return lived(tmp_path_factory.mktemp("lived"), files, deeds=40, rng=rng)


@pytest.fixture(scope="module")
def left(world: World) -> dict[str, bytes]:
    return end_of(world.files, world.operations)


def cut(world: World, folder: Path, count: int) -> list[Cut]:
    rng = random.Random(7)  # noqa: S311 - the same cuts each time
    return list(cuts(world, folder, count=count, rng=rng))


def test_whatever_the_power_is_cut_at_what_was_acknowledged_is_there_and_whole(
    world: World, tmp_path: Path
) -> None:
    done = cut(world, tmp_path, 60)

    assert [] == [each for each in done if each.faults]
    at = Counter(each.during for each in done)
    assert {"written: log", "synchronised: log", "written: file"} <= at.keys()


def test_the_office_did_something_of_every_part(world: World) -> None:
    did = {each.kind for _, _, each in world.acknowledged}

    assert {"request", "incident", "restriction", "block", "policy", "delegation"} <= did
    assert len(world.acknowledged) < len(world.commits)
    assert len(DEEDS) > 15


def test_a_database_that_synchronises_too_little_is_found_out(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    """With `synchronous=NORMAL` commits are acknowledged before they are on the disk."""
    rng = random.Random(6)  # noqa: S311 - the same world each time
    (work := tmp_path / "work").mkdir()
    (left := tmp_path / "left").mkdir()
    hasty = lived(work, files, deeds=12, rng=rng, pragmas=("synchronous=NORMAL",))

    lost = [each for each in cut(hasty, left, 20) if each.faults]

    assert any(fault.startswith("lost:") for each in lost for fault in each.faults)


def test_killed_processes_leave_everything_that_they_acknowledged() -> None:
    """In a process without threads, since it forks the workers that it kills."""
    ran = subprocess.run(
        [sys.executable, KILLS, "--kills", "3"], capture_output=True, text=True, check=False
    )

    assert (0, "") == (ran.returncode, ran.stderr)
    assert ran.stdout.startswith("3 kills")


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM request_steps WHERE id = 1", "an entry without its step of a request"),
        ("DELETE FROM audit WHERE id = 5", "entry 6 follows entry 4"),
        ("UPDATE audit SET action = 'signed-out' WHERE id = 5", "entry 5 is not what its hash"),
        ("DELETE FROM audit_personal WHERE id = 5", "entry 5 has no personal part"),
        ("DELETE FROM signatures", "an entry without its kept signature"),
        (
            "UPDATE incidents SET state = iif(state = 'closed', 'new', 'closed')",
            "an incident that is closed or not",
        ),
        ("DELETE FROM blocks_at_once", "an entry without its block"),
        ("DELETE FROM restrictions", "an entry without its move of a restriction"),
        ("DELETE FROM policy_steps WHERE id = 1", "an entry without its step of a policy"),
        ("UPDATE mail_progress SET read_up_to = 9999", "mail was made of entry 9999"),
        ("UPDATE access_requests SET state = 'approved'", "a request that is not where"),
    ],
)
def test_what_is_half_is_found(
    left: dict[str, bytes], tmp_path: Path, statement: str, fault: str
) -> None:
    put(left, tmp_path)
    path = tmp_path / FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        triggers = file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            file.execute(f"DROP TRIGGER IF EXISTS {name}")
        file.execute(statement)

    assert [each for each in state_of(path).faults if each.startswith(fault)]


def test_what_is_lost_is_found(world: World, tmp_path: Path) -> None:
    put(end_of(world.files, world.operations[:200]), tmp_path)
    before = state_of(tmp_path / FILE)

    lost = list(missing(before, (each for _, _, each in world.acknowledged)))

    assert lost
    assert len(lost) < len(world.acknowledged)


def end_of(files: dict[str, bytes], operations: list[Operation]) -> dict[str, bytes]:
    """Return the files after *operations* on a disk that never loses power."""
    disk = Disk(files)
    for each in operations:
        disk.take(each)
    return disk.now()
