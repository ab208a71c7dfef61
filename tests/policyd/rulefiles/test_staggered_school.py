"""A school with staggered breaks, from its rule files to what `schoolgate check` says."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schoolgate_policyd.cli import app
from schoolgate_policyd.config import default_rules_dir

DAYS = """\
timetables:
  - {timetable: infants-day, for: {audience: pupil, year_groups: [0, 2]}}
  - {timetable: juniors-day, for: {audience: pupil, year_groups: [3, 6]}}
  - {timetable: day, for: {audience: [staff, visitor]}}
one_off_days:
  - {date: 2026-11-23, name: Early closing, timetable: early}
  - {date: 2026-11-24, name: Museum trip, closed: true, for: {classes: [1A]}}
  - name: Tests of year 6
    first: 2026-11-25
    last: 2026-11-27
    for: {audience: pupil, year_groups: [6, 6]}
    bells:
      - {at: "08:50", period: lesson}
      - {at: "12:45", period: lunch}
      - {at: "13:45", period: closed}
"""
EARLY = """\
timetable: early
days:
  - weekdays: [monday]
    bells:
      - {at: "08:50", period: lesson}
      - {at: "12:00", period: closed}
"""


@pytest.fixture
def config(rules_dir: Path) -> Path:
    """The configuration of the school `hill`, whose pupils may watch videos at break and lunch."""
    for name in ("infants-day", "juniors-day"):
        shutil.copy(default_rules_dir() / f"timetables/{name}.yaml", rules_dir / "timetables")
    (rules_dir / "timetables/early.yaml").write_text(EARLY)
    school = rules_dir / "schools/hill.yaml"
    text = school.read_text()
    text = text.replace("timetable: day\n", DAYS)
    text = text.replace(
        "    for: {audience: pupil}\n",
        "    for: {audience: pupil}\n    unless: {period: [break, lunch]}\n",
    )
    school.write_text(text)
    path = rules_dir.parent / f"{rules_dir.name}.yaml"
    path.write_text(f"rules_dir: {rules_dir}\n")
    return path


def checked(config: Path, at: str, *options: str) -> tuple[str, list[str], str, str]:
    """Return verdict, periods, the wall clock until when it holds, and what is said first."""
    command = ["--config", str(config), "check", "www.youtube.com", "--school", "hill", "--json"]
    result = CliRunner().invoke(app, [*command, "--at", at, *options])
    assert 0 == result.exit_code, result.stderr
    answer = json.loads(result.stdout)
    assert answer["period"] == answer["periods"][0]
    said = answer["explanation"][0].partition(", ")[2]
    return answer["verdict"], answer["periods"], answer["valid_until"][5:16], said


YEAR_1, YEAR_5, YEAR_6 = (("--year-group", year) for year in "156")
UNKNOWN = "since their year group is not known."


@pytest.mark.parametrize(
    ("at", "whose", "expected"),
    [
        ("2026-11-20T10:14:59", YEAR_1, ("block", ["lesson"], "11-20T10:15", "in a lesson.")),
        ("2026-11-20T10:15", YEAR_1, ("allow", ["break"], "11-20T10:30", "at break.")),
        ("2026-11-20T10:15", YEAR_5, ("block", ["lesson"], "11-20T10:45", "in a lesson.")),
        ("2026-11-20T10:45", YEAR_1, ("block", ["lesson"], "11-20T11:45", "in a lesson.")),
        ("2026-11-20T10:45", YEAR_5, ("allow", ["break"], "11-20T11:00", "at break.")),
        # Their lunches overlap for a quarter of an hour: only then is it lunch for whomever.
        (
            *("2026-11-20T11:45", ()),
            ("block", ["lesson", "lunch"], "11-20T12:30", f"in a lesson or at lunch, {UNKNOWN}"),
        ),
        ("2026-11-20T12:30", (), ("allow", ["lunch"], "11-20T12:45", "at lunch.")),
        (
            *("2026-11-20T12:45", ()),
            ("block", ["lesson", "lunch"], "11-30T12:30", f"in a lesson or at lunch, {UNKNOWN}"),
        ),
    ],
)
def test_each_year_group_has_its_own_break_and_an_unknown_one_none_of_them_alone(
    at: str, whose: tuple[str, ...], expected: tuple[str, list[str], str, str], config: Path
) -> None:
    # The week after, Monday closes early, on Tuesday anybody may be on the trip, from Wednesday
    # on anybody may be in year 6: so the next lunch that is one for all is on the Monday after.
    assert expected == checked(config, at, *whose)


@pytest.mark.parametrize(
    ("at", "whose", "periods"),
    [
        ("2026-11-23T11:59", YEAR_1, ["lesson"]),
        ("2026-11-23T12:00", YEAR_1, ["closed"]),
        ("2026-11-23T12:00", YEAR_5, ["closed"]),
        ("2026-11-23T12:00", ("--audience", "staff"), ["closed"]),
        # The museum trip of one class.
        ("2026-11-24T10:20", (*YEAR_1, "--class", "1A"), ["closed"]),
        ("2026-11-24T10:20", (*YEAR_1, "--class", "1B"), ["break"]),
        ("2026-11-24T10:20", YEAR_1, ["break", "closed"]),
        # The tests of year 6, from the first day to the last.
        ("2026-11-24T13:00", (*YEAR_6, "--class", "6A"), ["lunch"]),
        ("2026-11-25T12:40", YEAR_6, ["lesson"]),
        ("2026-11-25T12:40", YEAR_5, ["lunch"]),
        ("2026-11-27T13:45", YEAR_6, ["closed"]),
        ("2026-11-30T13:45", YEAR_6, ["lesson"]),
    ],
)
def test_a_one_off_day_has_bells_of_its_own(
    at: str, whose: tuple[str, ...], periods: list[str], config: Path
) -> None:
    assert periods == checked(config, at, *whose)[1]


def test_staff_and_visitors_keep_their_own_bells(config: Path) -> None:
    for audience in ("staff", "visitor"):
        found = checked(config, "2026-11-17T10:30", "--audience", audience)
        assert ["break"] == found[1]
