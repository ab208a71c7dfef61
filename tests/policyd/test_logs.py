"""What is logged stays on its line, whoever's words it holds."""

import os
import subprocess
import sys

import pytest

LOGS = """
import sys
import structlog
from schoolgate_policyd.logs import configure_logs

configure_logs("test")
structlog.get_logger().warning("refused", said=sys.argv[1])
"""


@pytest.mark.parametrize("said", ["a\rb", "a\x1b[2Jb", "a\nlevel=error b", "a\u2028b", "a\x9bb"])
def test_nothing_that_is_logged_begins_a_line_or_moves_a_cursor(said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOGS, said], capture_output=True, text=True, check=True
    )

    assert 1 == len(done.stderr.splitlines())
    assert done.stderr.rstrip("\n").isprintable()
    assert "refused" in done.stderr


@pytest.mark.parametrize(("method", "priority"), [("info", 6), ("warning", 4), ("error", 3)])
def test_the_journal_learns_how_grave_a_line_is(method: str, priority: int) -> None:
    """And nobody else: in a file or a pipe of one's own the number would only be in the way."""
    reading, writing = os.pipe()
    journal = os.fstat(writing)
    program = LOGS.replace(".warning(", f".{method}(")
    for inode, before in [(journal.st_ino, f"<{priority}>"), (journal.st_ino + 1, "")]:
        subprocess.run(
            [sys.executable, "-c", program, "b"],
            stderr=writing,
            env=os.environ | {"JOURNAL_STREAM": f"{journal.st_dev}:{inode}"},
            check=True,
        )
        assert os.read(reading, 4096).startswith(f"{before}timestamp=".encode())
    os.close(reading)
    os.close(writing)
