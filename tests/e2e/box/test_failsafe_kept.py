"""
The fail-safe table, where it speaks of what is kept: nothing is lost, and nothing counted twice.

Each of a guest's blocks is of a name of its own, so that they can be counted one by one.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from box_blocks import Blocks
from box_lesson import (
    Lesson,
    assert_closed,
    assert_lesson_goes_on,
    assert_open,
    in_a_lesson,
    is_open,
)
from box_places import LESSON_SITE, NEWS_SITE, SHARED_LESSON_SITE
from box_rig import Box
from whole_school import wait_for

NOT_STORED = "events are not stored"
# Whoever else wants to write waits for the time that policyd gives them, and then fails.
_HOLDING = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""
_BUSY_FOR_S = 16.0


@pytest.fixture
def lesson(box: Box) -> Iterator[Lesson]:
    """A pupil's lesson over both families; everything is mended afterwards."""
    with in_a_lesson(box) as given:
        yield given


@pytest.fixture
def blocks(box: Box) -> Blocks:
    """What a guest asks for in vain."""
    return Blocks(box)


def test_policyd_dead(box: Box, lesson: Lesson, blocks: Blocks) -> None:
    since = time.time()
    blocks.add()
    box.gateway.kill("policyd")  # in the midst of storing them

    blocks.add()
    assert_open(box, "pupil", NEWS_SITE, 6)
    assert_open(box, "pupil", SHARED_LESSON_SITE)
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)
    box.gateway.begin("policyd")
    blocks.assert_stored_once()


def test_everything_dead_but_the_kernel(box: Box, lesson: Lesson, blocks: Blocks) -> None:
    since = time.time()
    box.gateway.kill("policyd")
    blocks.add()
    wait_for(blocks.are_spooled, 5, "the spool")
    for name in ("firewall", "proxy", "dns"):
        box.gateway.kill(name)

    assert_closed(box)
    assert not is_open(box, "guest", NEWS_SITE)
    assert_lesson_goes_on(lesson, since)
    box.gateway.mend()
    blocks.assert_stored_once()


def test_disk_full(box: Box, lesson: Lesson, blocks: Blocks) -> None:
    since = time.time()
    blocks.add()
    box.gateway.fill_disk()

    blocks.add()
    assert_open(box, "pupil", NEWS_SITE)
    assert_open(box, "pupil", SHARED_LESSON_SITE, 6)
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)
    box.gateway.free_disk()
    blocks.assert_stored_once()


def test_database_locked(box: Box, lesson: Lesson, blocks: Blocks) -> None:
    blocks.add(1)
    blocks.assert_stored_once()
    since, said = time.time(), len(box.gateway.errors("policyd"))
    (today,) = box.gateway.settings.events_dir.glob("events-*.db")
    with _held(today):
        blocks.add()
        assert_open(box, "pupil", NEWS_SITE)
        assert_closed(box)
        wait_for(
            lambda: NOT_STORED in box.gateway.errors("policyd")[said:],
            _BUSY_FOR_S,
            "the complaint",
        )
        assert str(today) in box.gateway.errors("policyd")[said:]
        assert 1 == len(blocks.stored())  # what was there before
        assert_lesson_goes_on(lesson, since)
    blocks.assert_stored_once()


@contextlib.contextmanager
def _held(database: Path) -> Iterator[None]:
    """Keep whoever else there is from writing to *database*."""
    holding = subprocess.Popen(
        [sys.executable, "-c", _HOLDING, database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holding:
        assert holding.stdout is not None
        assert "held\n" == holding.stdout.readline()
        yield


@pytest.mark.parametrize("which", ["decisions", "events"])
def test_database_damaged(box: Box, lesson: Lesson, blocks: Blocks, which: str) -> None:
    """What policyd finds at its start is no database."""
    since, said = time.time(), len(box.gateway.errors("policyd"))
    settings = box.gateway.settings
    blocks.add(1)
    blocks.assert_stored_once()
    meanwhile = Blocks(box)
    (today,) = settings.events_dir.glob("events-*.db")
    database = settings.decisions_path if which == "decisions" else today
    box.gateway.kill("policyd")
    with _damaged(database):
        box.gateway.begin("policyd")
        meanwhile.add()
        wait_for(
            lambda: str(database) in box.gateway.errors("policyd")[said:], 20, "the complaint"
        )
        assert_open(box, "pupil", LESSON_SITE)
        assert_closed(box)
        assert_lesson_goes_on(lesson, since)
        wait_for(meanwhile.are_spooled, 5, "the spool")
        if which == "decisions":
            wait_for(lambda: not box.gateway.is_running("policyd"), 10, "the end of policyd")
        assert (which == "events") is box.gateway.is_running("policyd")
    if which == "decisions":
        box.gateway.begin("policyd")
    meanwhile.assert_stored_once()
    blocks.assert_stored_once()


@contextlib.contextmanager
def _damaged(database: Path) -> Iterator[None]:
    """Have garbage in the place of *database*, and what SQLite put beside it away."""
    parts = [path for end in ("", "-wal", "-shm") if (path := Path(f"{database}{end}")).exists()]
    for part in parts:
        part.rename(f"{part}.away")
    try:
        database.write_bytes(b"this is no database " * 1024)
        yield
    finally:
        for end in ("", "-wal", "-shm"):
            Path(f"{database}{end}").unlink(missing_ok=True)
        for part in parts:
            Path(f"{part}.away").rename(part)
