"""`schoolgate calendar`: the preview, the rule file, and what is refused."""

from pathlib import Path

import icalendar
import pytest
from typer.testing import CliRunner, Result

from schoolgate_policyd.cli import app

COUNTY = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//County//EN
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260902
SUMMARY:Autumn term starts
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261218
SUMMARY:Autumn term ends
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261210
SUMMARY:Nativity [bold]play[/bold]
END:VEVENT
END:VCALENDAR
"""
WRITTEN = """\
calendar: hill-2026
terms:
  - first: 2026-09-02
    last: 2026-12-18
nation: scotland
"""


@pytest.fixture
def county(tmp_path: Path) -> Path:
    path = tmp_path / "county.ics"
    path.write_text(COUNTY)
    return path


def ran(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["calendar", *map(str, arguments)])


def test_an_import_shows_every_event_and_writes_a_rule_file(county: Path, tmp_path: Path) -> None:
    output = tmp_path / "hill-2026.yaml"

    result = ran("import", county, "--id", "hill-2026", "--nation", "scotland", "-o", output)

    assert 0 == result.exit_code
    assert WRITTEN == output.read_text()
    assert "" == result.stdout
    for words in (
        *("yes: term starts", "yes: term ends", "Nativity [bold]play[/bold]"),
        *("no: nothing in its words is known", "2 understood, 1 left out", "Written to"),
    ):
        assert words in result.stderr


def test_without_a_file_it_goes_to_standard_output(county: Path) -> None:
    result = ran("import", county, "--id", "hill-2026", "--nation", "scotland")

    assert (0, WRITTEN) == (result.exit_code, result.stdout)


def test_a_contradiction_writes_nothing(county: Path, tmp_path: Path) -> None:
    county.write_text(COUNTY.replace("Autumn term ends", "Autumn term starts"))
    output = tmp_path / "hill-2026.yaml"

    result = ran("import", county, "--id", "hill-2026", "-o", output)

    assert 1 == result.exit_code
    assert not output.exists()
    assert (
        "schoolgate: line 4, `Autumn term starts`, 2026-09-02: this term does not end before"
    ) in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "{folder}/gone.ics", "--id", "year"], "cannot be read: no such file"),
        (["import", "{folder}/county.ics", "--id", "Year 7"], "`Year 7` cannot be an id"),
        (["import", "{folder}/county.ics", "--id", "a: b\nc"], "cannot be an id"),
        (
            ["import", "{folder}/county.ics", "--id", "year", "-o", "{folder}/other.yaml"],
            "is not called `year.yaml`",
        ),
        (
            ["import", "{folder}/county.ics", "--id", "there", "-o", "{folder}/there.yaml"],
            "already; name another, or remove it first",
        ),
        (
            ["import", "{folder}/county.ics", "--id", "year", "-o", "{folder}/no/year.yaml"],
            "cannot be written: no such file or directory",
        ),
        (["export", "--calendar", "england-2026"], "did you mean `england-2026-27`?"),
        (["export", "--calendar", "england-2026-27", "-o", "{folder}"], "already"),
    ],
)
def test_a_mistake_on_the_command_line_is_said_in_a_sentence(
    arguments: list[str], words: str, county: Path
) -> None:
    folder = county.parent
    (folder / "there.yaml").write_text("kept")

    result = ran(*(each.replace("{folder}", str(folder)) for each in arguments))

    assert 2 == result.exit_code
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert "kept" == (folder / "there.yaml").read_text()


def test_an_export_goes_to_a_new_file_and_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "dates.ics"

    assert 0 == ran("export", "--calendar", "england-2026-27", "-o", file).exit_code
    result = ran("import", file, "--id", "england-2026-27", "--nation", "england")

    assert 13 == len(icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT"))
    assert 0 == result.exit_code
    assert "13 understood, 0 left out" in result.stderr
    assert result.stdout.endswith("nation: england\n")
