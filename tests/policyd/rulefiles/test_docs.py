"""`docs/policy-language.md` is true: its examples run, its tables are complete."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schoolgate_policyd.cli import app
from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.rulefiles import check_rules
from schoolgate_policyd.rulefiles.catalogue_files import BLOCK_WORDS, Vocabulary, read_catalogue
from schoolgate_policyd.rulefiles.conditions import CONDITION_KEYS
from schoolgate_policyd.rulefiles.kinds import FileKind
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import MAX_DEPTH, MAX_NODES, parse_nodes, read_nodes
from schoolgate_policyd.rulefiles.overlay import Overlay
from schoolgate_policyd.rulefiles.rule_syntax import RULE_KEYS
from schoolgate_policyd.rulefiles.school_files import SCHOOL_KEYS, school_file

RULES = default_rules_dir()
DOCS = RULES.parent / "docs"
PAGE = (DOCS / "policy-language.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(yaml|console|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRITTEN = re.compile(r"# (add to )?((?:rules/)?[\w/.-]+\.yaml)\n")
WORKED_EXAMPLE = PAGE[: PAGE.index("## How a policy decides")]
SCHOOL = "rules/schools/oak-lane.yaml"
MISTAKES = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.partition("## Common mistakes")[2].splitlines()
    if line.startswith("| `")
]


def blocks(text: str) -> Iterator[tuple[str, str]]:
    for found in BLOCK.finditer(text):
        yield found[1], found[2]


def write(folder: Path, block: str) -> None:
    """Write the file that the first line of *block* names, or add to it."""
    named = WRITTEN.match(block)
    assert named is not None, block
    path = folder / named[2]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if named[1] else "w", encoding="utf-8") as file:
        file.write(block[named.end() :] if named[1] else block)


def run(folder: Path, line: str) -> list[str]:
    program, *arguments = shlex.split(line)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SCHOOLGATE_CONFIG", "school.yaml")
        patch.setenv("COLUMNS", "200")
        if program == "sed":
            subprocess.run([program, *arguments], check=True)
            return []
        assert "schoolgate" == program
        # In this process: starting ten others would take most of a minute.
        return CliRunner().invoke(app, arguments).output.splitlines()


def require_answer(expected: list[str], answer: list[str]) -> None:
    """A line that ends in `…` is a beginning; `…` alone stands for any lines."""
    rest = iter(answer)
    for line in expected:
        if line == "…":
            continue
        begins = line.removesuffix("…")
        is_beginning = begins != line
        assert any(each.startswith(begins) if is_beginning else each == line for each in rest), (
            f"{line!r} is not in {answer}"
        )
    assert ["…"] == expected[-1:] or [] == list(rest), answer


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder after every step of the worked example, each of which has been tried."""
    folder = tmp_path_factory.mktemp("oak-lane")
    for source in RULES.rglob("*.yaml"):
        copy = folder / "rules" / source.relative_to(RULES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    for language, block in blocks(WORKED_EXAMPLE):
        if language == "yaml":
            write(folder, block)
        elif language == "console":
            for command in block.split("$ ")[1:]:
                line, *expected = command.splitlines()
                require_answer(expected, run(folder, line))
    return folder


@pytest.mark.timeout(300)
def test_the_worked_example_runs_and_ends_without_a_mistake(worked: Path) -> None:
    assert () == check_rules(worked / "rules", "oak-lane")


def test_the_worked_example_answers_what_it_says() -> None:
    commands = [
        command
        for language, block in blocks(WORKED_EXAMPLE)
        if language == "console"
        for command in re.findall(r"^\$ schoolgate (\S+)", block, re.MULTILINE)
    ]

    assert {"check-rules", "check", "prove"} <= set(commands)


@pytest.fixture(scope="module")
def vocabulary(worked: Path) -> Vocabulary:
    return read_catalogue(worked / "rules", MistakeBook())


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_a_common_mistake_gets_the_answer_that_the_page_gives(
    old: str, new: str, message: str, worked: Path, vocabulary: Vocabulary
) -> None:
    path = worked / SCHOOL
    text = path.read_text(encoding="utf-8")
    assert old.strip("`") in text
    book = MistakeBook(Overlay({path: text.replace(old.strip("`"), new.strip("`"), 1)}))

    node = read_nodes(path, book)
    if node is not None:
        school_file(worked / "rules", "oak-lane", vocabulary)(node, book)

    assert [message] == [mistake.message for mistake in book.mistakes()]


def test_the_table_of_common_mistakes_is_read() -> None:
    assert len(MISTAKES) >= 12
    assert {3} == {len(row) for row in MISTAKES}


def test_every_example_of_the_page_is_yaml_that_rule_files_may_use() -> None:
    book = MistakeBook()
    examples = [block for language, block in blocks(PAGE) if language == "yaml"]
    for block in examples:
        if not block.startswith("# yaml-language-server"):
            parse_nodes(block, Path("example.yaml"), book)

    assert len(examples) > 15
    assert () == book.mistakes()


@pytest.mark.parametrize(
    ("form", "keys"),
    [
        ("a school's file", SCHOOL_KEYS),
        ("a rule", RULE_KEYS),
        ("a condition", CONDITION_KEYS),
    ],
)
def test_the_tables_have_every_key(form: str, keys: tuple[str, ...]) -> None:
    table = PAGE.partition(f"<!-- keys: {form} -->\n")[2].partition("\n\n")[0]

    assert list(keys) == re.findall(r"^\| \**`(\w+)`", table, re.MULTILINE)


@pytest.mark.parametrize(
    "words", [Audience, Duty, DeviceKind, Period, GrantKind, BLOCK_WORDS], ids=str
)
def test_the_page_names_every_word_that_one_may_choose(words: tuple[str, ...]) -> None:
    assert [] == [str(word) for word in words if f"`{word}`" not in PAGE]


def test_the_page_says_the_bounds_that_hold() -> None:
    assert f"{MAX_NODES:,} entries, nested at most {MAX_DEPTH} deep" in PAGE.replace("\n  ", " ")


def test_the_page_speaks_of_every_kind_of_file() -> None:
    folders = {
        FileKind.RULES: "baseline",
        FileKind.POLICY: "rules/schools/",
        FileKind.CATEGORIES: "rules/categories/categories.yaml",
    }
    spoken = [kind for kind in FileKind if folders.get(kind, kind.value) not in PAGE]

    assert [] == spoken


def test_every_link_of_the_page_leads_somewhere() -> None:
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
    links = re.findall(r"\]\(([^)]+)\)", PAGE)

    assert len(links) > 10
    assert [] == [
        link
        for link in links
        if link.removeprefix("#") not in anchors and not (DOCS / link).is_file()
    ]
