"""Whatever a path names, the answer is every mistake in it, with its place and a remedy."""

import os
import socket
from pathlib import Path

import pytest

from schoolgate_policyd.rulefiles.check_paths import Findings, check_path
from schoolgate_policyd.rulefiles.nodes import MAX_NODES

SCHOOL = "schools/hill.yaml"
OWN_SERVICE = """\
services:
  - {id: our-forum, name: Ours, category: %s, domains: [f.example.org], source: made up}
"""


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert 1 == text.count(old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def said(found: Findings, folder: Path) -> list[str]:
    """Return the mistakes with paths relative to *folder*."""
    return [str(mistake).replace(f"{folder}{os.sep}", "") for mistake in found.mistakes]


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is no part of the rules."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.mark.parametrize("target", [None, "hill", "", "schools", "services/video.yaml", SCHOOL])
def test_rules_without_a_mistake_have_none_however_they_are_named(
    target: str | None, rules_dir: Path
) -> None:
    named = target if target in {None, "hill"} else str(rules_dir / target)

    found = check_path(named, rules_dir)

    assert () == found.mistakes
    assert found.files


def test_everything_is_read_once_nothing_is_named(rules_dir: Path) -> None:
    unused = rules_dir / "timetables" / "unused.yaml"
    unused.write_text("timetable: other\n", encoding="utf-8")
    (rules_dir / "extra.yaml").write_text("rules: [{}]\n", encoding="utf-8")

    found = check_path(None, rules_dir)

    assert set(rules_dir.rglob("*.yaml")) == found.files
    assert {rules_dir / "extra.yaml", unused} == {each.path for each in found.mistakes}


def test_every_school_is_checked_each_with_its_own_words(rules_dir: Path) -> None:
    text = (rules_dir / SCHOOL).read_text(encoding="utf-8")
    (rules_dir / "schools/dale.yaml").write_text(
        text.replace("id: breaks", "id: lunches"), encoding="utf-8"
    )
    edit(rules_dir / SCHOOL, "block: social-media\n    for: {audience: pupil}", "block: tiktoc")

    dale, hill = said(check_path(None, rules_dir), rules_dir)

    assert "schools/dale.yaml:23:74: `breaks` is no standing permission of this school" in dale
    assert "schools/hill.yaml:14:12: `tiktoc` is no service, category or list" in hill


MISSPELT = [
    ("services: [whatsapp]", "services: [whatsap]", "`whatsap` is no service", "whatsapp"),
    ("[video-sharing]", "[video-sharng]", "`video-sharng` is no category", "video-sharing"),
    ("block: social-media\n    for: {a", "block: clip-host\n    for: {a", "or list", "clip-hosts"),
    ("standing: breaks", "standing: break", "standing permission", "breaks"),
    ("timetable: day", "timetable: dya", "`dya` is no timetable", "day"),
    ("calendar: year", "calendar: yaer", "`yaer` is no calendar", "year"),
    ("include: [baseline]", "include: [basline]", "`basline` is no file of rules", "baseline"),
]


@pytest.mark.parametrize(("old", "new", "wrong", "suggestion"), MISSPELT)
def test_a_misspelt_id_gets_a_suggestion(
    old: str, new: str, wrong: str, suggestion: str, rules_dir: Path
) -> None:
    edit(rules_dir / SCHOOL, old, new)

    (mistake,) = [each for each in said(check_path("hill", rules_dir), rules_dir) if wrong in each]

    assert mistake.endswith(f"did you mean `{suggestion}`?")


def test_a_misspelt_school_gets_a_suggestion(rules_dir: Path) -> None:
    assert ["schools:1:1: `hil` is no school here, nor a file: did you mean `hill`?"] == said(
        check_path("hil", rules_dir), rules_dir
    )


def test_a_part_of_the_folder_shows_the_mistakes_of_that_part(rules_dir: Path) -> None:
    edit(rules_dir / "services/chat.yaml", "category: messaging", "category: mesaging")
    edit(rules_dir / SCHOOL, "zone: Europe/London", "zone: London")

    assert ["services/chat.yaml:2:46: `mesaging` is no category: did you mean `messaging`?"] == (
        said(check_path(str(rules_dir / "services"), rules_dir), rules_dir)
    )


def test_a_file_lying_elsewhere_is_checked_as_if_it_lay_among_the_rules(
    rules_dir: Path, elsewhere: Path
) -> None:
    school = elsewhere / "dale.yaml"
    school.write_text((rules_dir / SCHOOL).read_text("utf-8"), encoding="utf-8")
    assert () == check_path(str(school), rules_dir).mistakes

    edit(school, "[video-sharing]", "[video-sharng]")

    assert [
        "dale.yaml:10:16: `video-sharng` is no category: did you mean `video-sharing`?"
    ] == said(check_path(str(school), rules_dir), elsewhere)
    assert not (rules_dir / "schools" / "dale.yaml").exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (OWN_SERVICE % "messaging", []),
        (OWN_SERVICE % "mesaging", ["2:43: `mesaging` is no category: did you mean `messaging`?"]),
        (
            "list: l\ncategory: vpnn\nsource: x\ndomains: [a.org]\n",
            ["2:11: `vpnn` is no category"],
        ),
        ("timetable: mine\ndays: []\n", ["2:7: the list is empty: fill it, or remove the key"]),
        ("calendar: mine\nterms: x\n", ["2:8: a list must stand here: write it as `[…, …]`"]),
        ("help_lines: [{}]\n", ["1:14: a help line needs `domains`: add it"]),
        ("essentials: [{name: x, domains: [co.uk]}]\n", ["1:34: `co.uk` covers every site"]),
        ("categories: [{id: vpn, name: V}, {id: messaging}]\n", ["1:34: a category needs `name`"]),
        ("rules: [{id: x, block: [tiktoc]}]\n", ["1:25: `tiktoc` is no service"]),
        ("never_inspected: []\nx: y\n", ["2:1: `x` is no key of never-inspected.yaml"]),
        ("colour: red\n", ["1:1: no key of it says what it is"]),
        ("- a\n", ["1:1: no key of it says what it is"]),
        ("", ["1:1: the file is empty"]),
    ],
)
def test_each_kind_of_file_is_known_by_its_keys(
    content: str, expected: list[str], rules_dir: Path, elsewhere: Path
) -> None:
    path = elsewhere / "mine.yaml"
    path.write_text(content, encoding="utf-8")

    found = said(check_path(str(path), rules_dir), elsewhere)

    for mistake in expected:
        assert any(each.startswith(f"mine.yaml:{mistake}") for each in found), found
    assert bool(expected) is bool(found)


def test_an_id_that_is_taken_is_told_with_both_places(rules_dir: Path, elsewhere: Path) -> None:
    path = elsewhere / "zzz.yaml"
    path.write_text((OWN_SERVICE % "messaging").replace("our-forum", "tiktok"), encoding="utf-8")

    first = rules_dir / "services" / "video.yaml"
    assert [
        f"zzz.yaml:2:10: there is a service `tiktok` already, in {first}:11:10: choose another id"
    ] == said(check_path(str(path), rules_dir), elsewhere)


def a_loop(path: Path) -> None:
    path.symlink_to(path)


def a_dangling_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


HOSTILE = {
    "a loop of links": (a_loop, "cannot be read: too many levels of symbolic links"),
    "a dangling link": (a_dangling_link, "cannot be read: no such file or directory"),
    "a named pipe": (os.mkfifo, "this is no ordinary file: put a YAML file in its place"),
    "a socket": (a_socket, "this is no ordinary file: put a YAML file in its place"),
    "an empty folder": (
        Path.mkdir,
        "there are no rule files here: name a rules folder, or a file",
    ),
    "not UTF-8": (
        lambda path: path.write_bytes(b"rules: \xff\n"),
        "this is not UTF-8: save the file in that encoding",
    ),
    "octets of all kinds": (lambda path: path.write_bytes(bytes(range(256)) * 20), "this is not"),
    "a bomb of aliases": (
        lambda path: path.write_text("a: &a [x, x]\nb: [*a, *a]\n"),
        "anchors are not used in rule files: remove `&a`",
    ),
    "a deep one": (
        lambda path: path.write_text("[" * 100_000),
        "this is nested more than 12 deep: flatten it",
    ),
    "a wide one": (
        lambda path: path.write_text("[" + "a," * (MAX_NODES + 1) + "]"),
        f"there are more than {MAX_NODES} entries: split it",
    ),
    "a huge one": (
        lambda path: path.write_text("#" * (9 << 20)),
        "the file is larger than 8 MiB: split it",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_a_mistake_with_a_reason(
    name: str, rules_dir: Path, elsewhere: Path
) -> None:
    make, reason = HOSTILE[name]
    path = elsewhere / "mine.yaml"
    make(path)

    (mistake,) = check_path(str(path), rules_dir).mistakes

    assert path == mistake.path
    assert mistake.message.startswith(reason)


@pytest.mark.parametrize("target", ["", "no/such/path.yaml", "a\0b", "x" * 5000, "\udcff", "/"])
def test_a_path_that_is_none_is_a_mistake(target: str, rules_dir: Path) -> None:
    (mistake,) = check_path(target, rules_dir).mistakes

    assert str(mistake).isprintable()


@pytest.mark.parametrize("name", ["nowhere", "a-file", "x" * 300])
def test_rules_that_are_not_there_are_a_mistake(name: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    (mistake,) = check_path(None, tmp_path / name).mistakes

    assert "there is no folder of rules here: name the one to check" == mistake.message


def test_a_school_is_called_by_an_id(rules_dir: Path) -> None:
    (rules_dir / SCHOOL).rename(rules_dir / "schools" / "The Hill.yaml")

    (mistake,) = check_path(None, rules_dir).mistakes

    assert mistake.message.startswith("a school's file is called by an id: rename it")
