"""Nodes are parsed once for each text, and nobody can tell but by the time."""

import os
from pathlib import Path

import pytest

from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import parse_nodes, read_nodes
from schoolgate_policyd.rulefiles.remembered import Remembered
from schoolgate_policyd.settings import default_rules_dir

SHIPPED = sorted(default_rules_dir().rglob("*.yaml"))


def test_what_was_wanted_longest_ago_goes_first() -> None:
    remembered = Remembered[str](10)
    for key, weight in (("a", 4), ("b", 4)):
        remembered.keep(key, f"value of {key}", weight)
    assert "value of a" == remembered.find("a")

    remembered.keep("c", "value of c", 4)

    assert ("value of a", None, "value of c") == tuple(map(remembered.find, "abc"))


def test_what_is_too_heavy_alone_pushes_nothing_out() -> None:
    remembered = Remembered[str](10)
    remembered.keep("a", "value of a", 10)

    remembered.keep("b", "value of b", 11)

    assert ("value of a", None) == tuple(map(remembered.find, "ab"))


def test_what_is_kept_again_weighs_once() -> None:
    remembered = Remembered[str](10)
    for key in "aaab":
        remembered.keep(key, f"value of {key}", 5)

    assert ("value of a", "value of b") == tuple(map(remembered.find, "ab"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_is_parsed_once_and_says_what_its_text_says(path: Path) -> None:
    first, again = (read_nodes(path, MistakeBook()) for _ in range(2))

    assert first is not None
    assert first is again
    assert parse_nodes(path.read_text(encoding="utf-8"), path, MistakeBook()) == first


def test_a_file_that_changed_is_read_anew_whatever_its_time_says(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("a: one")
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    before = read_nodes(path, MistakeBook())

    path.write_text("a: two")
    os.utime(path, ns=times)

    after = read_nodes(path, MistakeBook())
    assert before != after
    assert parse_nodes("a: two", path, MistakeBook()) == after


def test_a_text_weighs_what_it_is_long_though_it_says_little(tmp_path: Path) -> None:
    """Drafts with ever other comments would fill the memory."""
    path = tmp_path / "rules.yaml"
    path.write_text("a: word\n")
    first = read_nodes(path, MistakeBook())
    long = tmp_path / "long.yaml"
    for number in range(20):
        long.write_text(f"a: {number}\n#{' comment' * 125_000}\n")
        read_nodes(long, MistakeBook())

    again = read_nodes(path, MistakeBook())

    assert first == again
    assert first is not again


def test_the_same_text_elsewhere_has_places_of_its_own(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.yaml", "two.yaml")]
    for path in paths:
        path.write_text("a: word")

    found = [read_nodes(path, MistakeBook()) for path in paths]

    assert paths == [each.place.path for each in found if each is not None]


@pytest.mark.parametrize("text", ["a: 1\na: 2", "a: [", "a: &b 1", ""])
def test_mistakes_are_named_each_time(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    reference = MistakeBook()
    parse_nodes(text, path, reference)

    for _ in range(3):
        book = MistakeBook()
        read_nodes(path, book)
        assert reference.mistakes() == book.mistakes() != ()


def test_what_is_read_twice_for_one_policy_has_nodes_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("a: word")
    book = MistakeBook()

    first, again = (read_nodes(path, book) for _ in range(2))

    # By its node a definition is told from another one that is like it.
    assert first == again
    assert first is not again
