"""What is logged stays on its line, whoever's words it holds."""

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
