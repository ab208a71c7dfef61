"""A short run of the forger; the long ones are started by hand."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("way", [(), ("--together",)], ids=["apart", "together"])
def test_of_a_few_thousand_forged_replies_none_is_cached_and_the_true_ones_are(
    way: tuple[str, ...],
) -> None:
    script = Path(__file__).with_name("forged_replies.py")
    command = [sys.executable, script, "--count", "5000", *way]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert ": 0 cached, " in done.stdout
