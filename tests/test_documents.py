"""`docs/requirements.md` and `docs/asvs.md` are whole, and name only what is there."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from schoolgate_policyd.rulefiles.conditions import CONDITION_KEYS
from schoolgate_policyd.store.models import PersonRow
from schoolgate_webui.access import TABLE

ROOT = Path(__file__).parent.parent
REQUIREMENTS = "docs/requirements.md"
ASVS = "docs/asvs.md"
VERDICTS = {"met", "in part", "not met", "not applicable"}
# How many lines of each kind there have to be.
WANTED = [*(f"R{n}" for n in range(1, 21)), *(f"A{n}" for n in range(1, 12))]
WANTED += [f"F{n}" for n in range(1, 17)]
# The requirements of levels 1 and 2 in ASVS 5.0.0, by section: `1-5` is the first to the fifth.
LEVELS_1_AND_2 = {
    "1.1": "1-2",
    "1.2": "1-9",
    "1.3": "1-11",
    "1.4": "1-3",
    "1.5": "1-2",
    "2.1": "1-3",
    "2.2": "1-3",
    "2.3": "1-4",
    "2.4": "1",
    "3.2": "1-2",
    "3.3": "1-4",
    "3.4": "1-6",
    "3.5": "1-5",
    "3.7": "1-2",
    "4.1": "1-3",
    "4.2": "1",
    "4.3": "1-2",
    "4.4": "1-4",
    "5.1": "1",
    "5.2": "1-3",
    "5.3": "1-2",
    "5.4": "1-3",
    "6.1": "1-3",
    "6.2": "1-12",
    "6.3": "1-4",
    "6.4": "1-4",
    "6.5": "1-5",
    "6.6": "1-3",
    "6.8": "1-4",
    "7.1": "1-3",
    "7.2": "1-4",
    "7.3": "1-2",
    "7.4": "1-5",
    "7.5": "1-2",
    "7.6": "1-2",
    "8.1": "1-2",
    "8.2": "1-3",
    "8.3": "1",
    "8.4": "1",
    "9.1": "1-3",
    "9.2": "1-4",
    "10.1": "1-2",
    "10.2": "1-2",
    "10.3": "1-4",
    "10.4": "1-11",
    "10.5": "1-5",
    "10.6": "1-2",
    "10.7": "1-3",
    "11.1": "1-2",
    "11.2": "1-3",
    "11.3": "1-3",
    "11.4": "1-4",
    "11.5": "1",
    "11.6": "1",
    "12.1": "1-3",
    "12.2": "1-2",
    "12.3": "1-4",
    "13.1": "1",
    "13.2": "1-5",
    "13.3": "1-2",
    "13.4": "1-5",
    "14.1": "1-2",
    "14.2": "1-4",
    "14.3": "1-3",
    "15.1": "1-3",
    "15.2": "1-3",
    "15.3": "1-7",
    "16.1": "1",
    "16.2": "1-5",
    "16.3": "1-4",
    "16.4": "1-3",
    "16.5": "1-3",
    "17.1": "1",
    "17.2": "1-4",
    "17.3": "1-2",
}
NAMED = re.compile(
    r"`((?:tests|policyd|webui|proxy|dns|firewall|rules|systemd)/[\w/.@-]+)(?:::(\w+))?`"
)
PAGE = re.compile(r"`(/[a-z][\w/{}.-]*)`")
LINK = re.compile(r"\]\(([\w/.-]+\.md)\)")


@cache
def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def rows(document: str) -> Iterator[list[str]]:
    """The cells of each line of the tables of *document*."""
    for line in text_of(document).splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def numbers(span: str) -> Iterator[int]:
    for part in span.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def test_every_requirement_has_one_line_with_a_verdict() -> None:
    lines = [cells for cells in rows(REQUIREMENTS) if re.fullmatch(r"[RAF][0-9]+", cells[0])]

    assert WANTED == [cells[0] for cells in lines]
    assert set() == {cells[0] for cells in lines if not VERDICTS & set(cells)}


def test_what_is_met_in_part_says_what_is_missing() -> None:
    silent = [
        cells[0]
        for cells in rows(REQUIREMENTS)
        if "in part" in cells and "Missing: " not in cells[-1]
    ]

    assert [] == silent


def test_every_requirement_of_the_asvs_has_one_line_with_a_verdict_and_a_reason() -> None:
    wanted = [
        f"v5.0.0-{section}.{number}"
        for section, span in LEVELS_1_AND_2.items()
        for number in numbers(span)
    ]
    lines = [cells for cells in rows(ASVS) if cells[0].startswith("v5.0.0-")]

    assert wanted == [each for cells in lines for each in cells[0].split(", ")]
    assert [] == [cells[0] for cells in lines if cells[3] not in VERDICTS or not cells[4]]


@pytest.mark.parametrize("verdict", sorted(VERDICTS))
def test_the_asvs_count_of_verdicts_is_that_of_its_lines(verdict: str) -> None:
    lines = [cells for cells in rows(ASVS) if cells[0].startswith("v5.0.0-")]
    counted = sum(len(cells[0].split(", ")) for cells in lines if cells[3] == verdict)

    assert [verdict, str(counted)] in list(rows(ASVS))


@pytest.mark.parametrize("document", [REQUIREMENTS, ASVS])
def test_every_file_and_test_that_is_named_is_there(document: str) -> None:
    found = NAMED.findall(text_of(document))
    gone = [path for path, _ in found if not (ROOT / path).exists()]
    missing = [
        f"{path}::{name}"
        for path, name in found
        if name and path not in gone and not re.search(rf"\bdef {name}\(", text_of(path))
    ]

    assert found
    assert [] == gone + missing


@pytest.mark.parametrize("document", [REQUIREMENTS, ASVS])
def test_every_page_and_document_that_is_named_is_there(document: str) -> None:
    paths = {path for _, path in TABLE} | {"/api/v1/openapi.json"}
    text = text_of(document)

    assert [] == [each for each in PAGE.findall(text) if each not in paths]
    assert [] == [each for each in LINK.findall(text) if not (ROOT / "docs" / each).exists()]


def test_rules_ask_nothing_else_of_a_person() -> None:
    """R18: no protected characteristic but age, which the policies name, is known or asked for."""
    asked = {"audience", "duty", "year_groups", "age", "own_hours", "overtime", "standing"}
    of_other_things = {"platform", "device", "network", "period"}
    known = {"audience", "year_group", "age", "hours_start", "hours_end"}
    of_the_account = {"id", "username", "name", "leaves_at", "leaves_by", "has_left", "version"}

    assert asked | of_other_things == set(CONDITION_KEYS)
    assert known | of_the_account == set(PersonRow.__table__.columns.keys())
