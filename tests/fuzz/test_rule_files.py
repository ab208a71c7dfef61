"""A short run of the fuzzer of rule files; the long one is `make fuzz`."""

import json
import subprocess
import sys
from pathlib import Path


def test_mutated_rule_files_give_presets_or_mistakes_and_open_no_way_round() -> None:
    script = Path(__file__).with_name("rule_files.py")
    done = subprocess.run(
        [sys.executable, script, "--count", "40"], check=False, capture_output=True, text=True
    )

    assert (0, "") == (done.returncode, done.stderr), done.stdout
    became = json.loads(done.stdout)
    assert 40 == became["inputs"]
    # Both kinds of outcome are put to the test.
    assert became["preset"] > 2
    assert became["mistakes"] > 10
