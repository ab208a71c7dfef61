"""`schoolgate first-run` prints a code of the school whose configuration is named."""

import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schoolgate_policyd.cli import app
from schoolgate_policyd.core.subjects import Audience, Duty, HeldDuty
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.records import NewPerson


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "schoolgate.yaml"
    path.write_text(
        f"var_dir: {tmp_path}/var\nrun_dir: {tmp_path}/run\n"
        "web: {public_url: 'https://gateway.school.example'}\n"
    )
    return path


def opened(configuration: Path) -> DecisionStore:
    return DecisionStore(configuration.parent / "var" / "decisions" / "decisions.db")


def test_the_code_that_is_printed_opens_the_guide_of_that_school(configuration: Path) -> None:
    done = CliRunner().invoke(app, ["--config", str(configuration), "first-run"])

    assert 0 == done.exit_code, done.output
    assert "https://gateway.school.example/first-run" in done.output
    code = re.search(r"^  (\S+)$", done.output, re.MULTILINE)
    assert code is not None
    with closing(opened(configuration)) as store:
        assert store.first_run.open(code[1], at=datetime.now(UTC)) is not None


def test_once_somebody_keeps_the_school_there_is_no_code(configuration: Path) -> None:
    at = datetime.now(UTC)
    with closing(opened(configuration)) as store:
        head = NewPerson(
            "head", "Nia Head", Audience.STAFF, "nhead", duties=(HeldDuty(Duty.HEAD),)
        )
        store.people.add(head, at=at, by=None)
        store.credentials.set_password("head", "correct horse battery", at=at, by=None)

    done = CliRunner().invoke(app, ["--config", str(configuration), "first-run"])

    assert 1 == done.exit_code
    assert "the first run is over" in done.output
