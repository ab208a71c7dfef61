"""`schoolgate check-rules`, as a technician or an editor runs it."""

import json
import os
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from schoolgate_policyd.cli import app

SCHOOL = Path(__file__).parents[2] / "rules" / "schools" / "longton.yaml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check-rules", *arguments])


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    text = SCHOOL.read_text(encoding="utf-8")
    assert 1 == text.count("zone: Europe/London\n")
    path = tmp_path / "longton.yaml"
    path.write_text(
        text.replace("zone: Europe/London\n", "zone: Europe/Londn\n").replace(
            "- social-network\n", "- social-netwrk\n", 1
        ),
        encoding="utf-8",
    )
    return path


def test_rules_without_a_mistake_end_with_status_0() -> None:
    done = run(str(SCHOOL))

    assert 0 == done.exit_code, done.output
    assert done.output.startswith("No mistakes in ")


def test_mistakes_stand_in_lines_that_editors_read_and_end_with_status_1(
    faulty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(faulty.parent)
    done = run(faulty.name)

    *mistakes, summary = done.output.splitlines()
    places = [mistake.split(": ")[0] for mistake in mistakes]
    assert 1 == done.exit_code
    assert sorted(places, key=lambda place: [int(part) for part in place.split(":")[1:]]) == places
    assert all(place.startswith("longton.yaml:") for place in places)
    assert mistakes[-1].endswith("did you mean `social-network`?")
    assert summary.startswith(f"{len(mistakes)} mistakes in 1 file; ")


def test_editors_get_json(faulty: Path) -> None:
    done = run("--json", str(faulty))

    found = json.loads(done.output)
    assert 1 == done.exit_code
    assert {str(faulty)} == {mistake["file"] for mistake in found["mistakes"]}
    assert {"file", "line", "column", "message"} == set(found["mistakes"][0])
    assert found["files"] > 30


def test_the_sample_is_checked_without_a_path() -> None:
    done = run("--json")

    assert (0, []) == (done.exit_code, json.loads(done.output)["mistakes"])


@pytest.mark.parametrize(
    "target",
    ["nowhere", "/dev/zero", "/dev/null", "/", "a\x1b[31mb.yaml", os.fsdecode(b"\xff.yaml")],
)
def test_whatever_is_named_the_answer_is_a_sentence(target: str) -> None:
    done = run(target)

    assert 1 == done.exit_code
    assert isinstance(done.exception, SystemExit)
    assert done.output.replace("\n", "").isprintable()
    assert "1 mistake in 1 file; 0 files read." in done.output
