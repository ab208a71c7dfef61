"""A short run of the fuzzer of rule files, and that it would notice. `make fuzz` runs longer."""

import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from schoolgate_policyd.rulefiles import Mistake, RuleFileErrors, load_preset

SCRIPT = Path(__file__).with_name("rule_files.py")
RULES = Path(__file__).parents[2] / "rules"


@pytest.fixture(scope="module")
def fuzzer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rule_files_fuzzer", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_mutated_rule_files_give_presets_or_mistakes_and_open_no_way_round() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--count", "30"], check=False, capture_output=True, text=True
    )

    assert (0, "") == (done.returncode, done.stderr), done.stdout
    became = json.loads(done.stdout)
    assert 30 == became["inputs"]
    # Both kinds of outcome are put to the test.
    assert became["preset"] > 1
    assert became["mistakes"] > 9


def test_the_fuzzer_notices_a_way_round_that_is_open(fuzzer: ModuleType) -> None:
    preset = load_preset(RULES, "longton")
    rules = tuple(rule for rule in preset.policy.rules if not rule.locked)
    opened = msgspec.structs.replace(
        preset, policy=msgspec.structs.replace(preset.policy, rules=rules)
    )

    fuzzer.require_shut(preset, random.Random(1))  # noqa: S311 - repeatable, not secret
    with pytest.raises(AssertionError, match="a pupil reaches"):
        fuzzer.require_shut(opened, random.Random(1))  # noqa: S311 - repeatable, not secret


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (("elsewhere.yaml", 1, 1), "outside the folder"),
        (("rules/baseline.yaml", 2000, 1), "below its end"),
        (("rules/baseline.yaml", 1, 2000), "right of its end"),
        (("rules/baseline.yaml", 1, 1), "not \x1b printable"),
    ],
)
def test_the_fuzzer_notices_a_mistake_without_a_place(
    place: tuple[str, int, int], message: str, fuzzer: ModuleType
) -> None:
    name, line, column = place
    mistake = Mistake(RULES.parent / name, line, column, message)

    with pytest.raises(AssertionError):
        fuzzer.require_places(RuleFileErrors((mistake,)), RULES)
