"""A short run of the fuzzer of lists; `make fuzz` makes a long one."""

import subprocess
import sys
from pathlib import Path


def test_a_hostile_list_neither_crashes_nor_opens_anything_nor_fills_the_disk() -> None:
    script = Path(__file__).with_name("lists.py")
    done = subprocess.run(
        [sys.executable, script, "--count", "1500"], check=False, capture_output=True, text=True
    )

    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert done.stdout.startswith("1500 lists: ")
    assert "taken" in done.stdout
    assert "kept the last good" in done.stdout
