"""`schoolgate lists` and the process that policyd starts, on a school's own folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from schoolgate_policyd.cli import app
from schoolgate_policyd.config import default_rules_dir, load_settings
from schoolgate_policyd.lists import child
from schoolgate_policyd.lists.child import update_lists
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.state import load_manifest

SUBSCRIPTION = """\
subscription: big-adult
category: adult
format: adguard
file: names.txt
source: "made up"
"""
NAMES = """\
||bad.example.net^
@@||open.example.net^
||childline.org.uk^
||co.uk^
[bold]not markup[/bold]\x1b[31m
"""


class School:
    def __init__(self, folder: Path) -> None:
        shutil.copytree(default_rules_dir(), folder / "rules")
        self.lists = folder / "rules" / "lists"
        self.lists.mkdir()
        (self.lists / "big-adult.yaml").write_text(SUBSCRIPTION)
        self.names = self.lists / "names.txt"
        self.names.write_text(NAMES)
        self.config = folder / "school.yaml"
        self.config.write_text(f"var_dir: {folder}/var\nrules_dir: {folder}/rules\n")

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(self.config), *arguments])


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


def test_an_update_says_what_is_new_and_show_what_became_of_it(school: School) -> None:
    updated = school.run("lists", "update")
    assert (0, "Renewed: big-adult. Names in force: 1.\n") == (updated.exit_code, updated.stdout)
    shown = school.run("lists", "show")

    assert 0 == shown.exit_code
    assert "big-adult" in shown.stdout
    assert "1 not honoured: would open something" in shown.stdout
    assert "2: @@||open.example.net^" in shown.stdout
    assert "3: ||childline.org.uk^" not in shown.stdout
    assert "    3: childline.org.uk" in shown.stdout
    assert "1 not honoured: covers a whole top-level domain" in shown.stdout


def test_nothing_that_a_list_says_reaches_the_terminal_as_it_is(school: School) -> None:
    school.names.write_text(NAMES + "\x1b]0;owned\x07 [red]x[/red]\n")
    school.run("lists", "update")
    shown = (
        school.run("lists", "show").stdout
        + school.run("lists", "check", str(school.names), "--format", "adguard").stdout
    )

    assert "\x1b]" not in shown
    assert "\x07" not in shown


def test_a_fault_is_shown_and_is_the_status(school: School) -> None:
    school.run("lists", "update")
    school.names.unlink()
    failed = school.run("lists", "update")
    shown = school.run("lists", "show")

    assert 1 == failed.exit_code
    assert "there is no such file" in failed.stderr
    assert "with 1 names stays" in failed.stderr
    assert "no such" in " ".join(shown.stdout.split())


def test_a_list_is_tried_out_without_being_taken(school: School) -> None:
    tried = school.run("lists", "check", str(school.names), "--format", "adguard")
    wrong = school.run("lists", "check", str(school.names), "--format", "rpz")

    assert 0 == tried.exit_code
    assert "1 names would be taken." in tried.stdout
    assert "    4: co.uk" in tried.stdout
    assert 1 == wrong.exit_code
    assert None is load_manifest(load_settings(school.config).lists_dir)


def test_without_lists_show_says_where_to_read(school: School) -> None:
    shutil.rmtree(school.lists)

    assert "docs/lists.md" in school.run("lists", "show").stdout
    assert 0 == school.run("lists", "update").exit_code


def test_check_decides_with_the_lists(school: School) -> None:
    asked = ("check", "www.bad.example.net", "--school", "twiss-green", "--audience", "staff")
    assert school.run(*asked).stdout.startswith("ALLOW")
    school.run("lists", "update")

    assert school.run(*asked).stdout.startswith("BLOCK")


def test_a_damaged_table_is_said_and_opens_nothing(school: School) -> None:
    school.run("lists", "update")
    (table,) = (school.config.parent / "var" / "lists").glob("*.names")
    table.chmod(0o600)
    table.write_bytes(table.read_bytes()[:-1])
    asked = school.run("check", "bad.example.net", "--school", "twiss-green")

    assert 2 == asked.exit_code
    assert "damaged" in asked.stderr


def test_faulty_rule_files_stop_an_update(school: School) -> None:
    (school.lists / "big-adult.yaml").write_text("subscription: [")
    failed = school.run("lists", "update")

    assert 2 == failed.exit_code
    assert "big-adult.yaml:1:" in failed.stderr


def test_two_updates_never_run_at_once(school: School) -> None:
    settings = load_settings(school.config)

    with (
        child._alone(settings.lists_dir),
        pytest.raises(ListError, match="another update of the lists is running"),
    ):
        update_lists(settings)


def test_the_process_that_policyd_starts_updates_what_is_due(school: School) -> None:
    def run() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "schoolgate_policyd.lists"],
            env=os.environ | {"SCHOOLGATE_CONFIG": str(school.config)},
            check=False,
            capture_output=True,
            text=True,
        )

    first = run()
    manifest = load_manifest(load_settings(school.config).lists_dir)
    (school.lists / "big-adult.yaml").write_text("subscription: [")
    broken = run()

    assert 0 == first.returncode
    assert "lists renewed" in first.stderr + first.stdout
    assert manifest is not None
    assert 1 == manifest.names
    assert 1 == broken.returncode
    assert "the lists are not updated" in broken.stderr + broken.stdout


def test_it_gives_way_and_has_bounds() -> None:
    code = (
        "import os, resource; from schoolgate_policyd.lists.child import be_modest; be_modest(); "
        "print(os.nice(0), resource.getrlimit(resource.RLIMIT_AS)[0])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()

    assert ran == [str(15), str(4 << 30)]


def test_only_a_list_that_can_shrink_is_accepted(school: School) -> None:
    unknown = school.run("lists", "update", "--accept", "nolist")
    (school.lists / "big-adult.yaml").write_text(f"{SUBSCRIPTION}locked: true\n")
    locked = school.run("lists", "update", "--accept", "big-adult")

    assert (2, 2) == (unknown.exit_code, locked.exit_code)
    assert "there is no such list; subscribed are `big-adult`" in unknown.stderr
    assert "a locked list that shrank is never accepted" in locked.stderr
