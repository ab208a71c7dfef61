"""`schoolgate prove`, as a technician runs it."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from schoolgate_policyd.cli import app

RULES = Path(__file__).parents[2] / "rules"
FEW = ("--cases", "200", "--seed", "5")


def run(*arguments: str, config: Path | None = None) -> Result:
    before = [] if config is None else ["--config", str(config)]
    return CliRunner().invoke(app, [*before, "prove", *arguments])


@pytest.fixture
def slipped(tmp_path: Path) -> Path:
    """Return the configuration of a school whose rule files have two slips of the pen."""
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    path = rules / "schools" / "twiss-green.yaml"
    text = path.read_text(encoding="utf-8")
    assert 1 == text.count("        standing: staff-break-access\n")
    assert 1 == text.count("    lifted_by: [curriculum-grant]\n")
    text = text.replace("        standing: staff-break-access\n", "")
    text = text.replace("    lifted_by: [curriculum-grant]\n", "    lifted_by: [access-grant]\n")
    path.write_text(text, encoding="utf-8")
    config = tmp_path / "schoolgate.yaml"
    config.write_text(f"rules_dir: {rules}\n", encoding="utf-8")
    return config


def test_a_policy_that_holds_ends_with_status_0_and_says_what_was_covered() -> None:
    done = run("longton", *FEW)

    assert 0 == done.exit_code, done.output
    assert done.output.startswith("longton: ")
    for words in ("claims over", "kinds of request", "200 random cases, seed 5", "It holds."):
        assert words in done.output


def test_without_a_school_the_configured_one_is_proved() -> None:
    done = run(*FEW)

    assert 0 == done.exit_code, done.output
    assert done.output.startswith("twiss-green: ")


def test_the_first_counterexample_is_a_sentence_and_the_status_is_1(slipped: Path) -> None:
    done = run(*FEW, config=slipped)

    _, sentence, rest = done.output.splitlines()
    assert 1 == done.exit_code
    assert sentence.startswith("A pupil on a school computer would reach ")
    assert "at any time while an access grant is live" in sentence
    assert rest.endswith("of what it must hold does not: --all prints everything.")


def test_all_prints_everything(slipped: Path) -> None:
    done = run("--all", *FEW, config=slipped)

    lines = done.output.splitlines()
    assert 1 == done.exit_code
    assert len(lines) > 3
    assert any("A member of staff on a school computer would reach" in line for line in lines)
    assert any("But the policy's own example says" in line for line in lines)


def test_programs_get_json(slipped: Path) -> None:
    done = run("--json", *FEW, config=slipped)
    found = json.loads(done.output)

    assert 1 == done.exit_code
    assert found["holds"] is False
    assert ("twiss-green", 200, 5) == (found["school"], found["cases"], found["seed"])
    assert found["faults"]
    assert found["counterexamples"]
    assert found["requests"] > 1_000


def test_each_run_draws_other_cases_and_says_which() -> None:
    seeds = {json.loads(run("longton", "--cases", "0", "--json").output)["seed"] for _ in range(3)}

    assert len(seeds) > 1


def test_a_school_that_is_not_there_ends_with_status_2() -> None:
    done = run("nowhere", *FEW)

    assert 2 == done.exit_code
    assert "nowhere" in done.output
