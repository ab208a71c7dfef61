"""A program that is killed in the middle of what it does."""

import os
import signal
import subprocess
import sys


def killed_after(lines: int, program: str, *arguments: object) -> list[int]:
    """Run *program*, kill it once it has said *lines* lines, return every number it said."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        said = [int(process.stdout.readline()) for _ in range(lines)]
        os.kill(process.pid, signal.SIGKILL)
        # A line cut off by the kill has no end and acknowledges nothing.
        rest = process.stdout.read().split("\n")[:-1]
    return said + [int(line) for line in rest]
