"""A short run of the fuzzer; the long ones are started by hand."""

import subprocess
import sys
from pathlib import Path


def test_a_few_thousand_mutated_messages_do_no_harm_on_either_side() -> None:
    script = Path(__file__).with_name("dns_packets.py")
    done = subprocess.run(
        [sys.executable, script, "--count", "4000"], check=False, capture_output=True, text=True
    )

    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert 2 == done.stdout.count("4000 inputs")
