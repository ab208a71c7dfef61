from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import (
    ListNode,
    MappingNode,
    TextNode,
    parse_nodes,
    read_nodes,
)

PATH = Path("x.yaml")


def mistake_in(text: str) -> str:
    book = MistakeBook()
    assert parse_nodes(text, PATH, book) is None
    (mistake,) = book.mistakes()
    return f"{mistake.line}:{mistake.column}: {mistake.message}"


def test_nodes_know_where_they_stand() -> None:
    book = MistakeBook()

    root = parse_nodes("a:\n  - b\n  - 'c'\n", PATH, book)

    assert isinstance(root, MappingNode)
    items = root.entries["a"]
    assert isinstance(items, ListNode)
    first, second = items.items
    assert isinstance(first, TextNode)
    assert isinstance(second, TextNode)
    assert (1, 1) == (root.key_places["a"].line, root.key_places["a"].column)
    assert (2, 5, "b", True) == (first.place.line, first.place.column, first.text, first.is_plain)
    assert (3, 5, "c", False) == (
        second.place.line,
        second.place.column,
        second.text,
        second.is_plain,
    )
    assert () == book.mistakes()


@pytest.mark.parametrize("word", ["yes", "0800", "1e3", "~", "2026-09-01", "0x10", ".inf"])
def test_no_scalar_is_made_a_value(word: str) -> None:
    root = parse_nodes(word, PATH, MistakeBook())

    assert isinstance(root, TextNode)
    assert word == root.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x [1]\nb: *x\n", "1:4: anchors are not used in rule files: remove `&x`"),
        ("a: *x\n", "1:4: aliases are not used in rule files: write it out"),
        ("a: !!python/name:os.system x\n", "1:4: tags are not used in rule files: remove "),
        ("a: !!str x\n", "1:4: tags are not used in rule files: remove "),
        ("a: 1\n---\nb: 2\n", "2:1: a rule file is one document: remove the `---`"),
        ("a: " + "[" * 12 + "]" * 12, "1:15: this is nested more than 12 deep: flatten it"),
        ("[" * 100_000, "1:13: this is nested more than 12 deep: flatten it"),
        ("{a: " * 100_000, "1:49: this is nested more than 12 deep: flatten it"),
        ("? [a]\n: b\n", "1:3: a key must be a word: is a bracket misplaced?"),
        ("a: 'b\n", "2:1: this is not YAML: found unexpected end of stream"),
        ("a:\n\t- b\n", "2:1: this is not YAML: found character '"),
        ("a: b\nc: \x07\n", r"2:4: `\x07` cannot stand in a rule file: remove it"),
        ('a: "\\UFFFFFFFF"', "1:1: this is not YAML: look for broken escapes"),
        ("", "1:1: the file is empty: see docs/policy-language.md"),
        ("# nothing\n", "1:1: the file is empty: see docs/policy-language.md"),
    ],
)
def test_what_rule_files_do_not_use_is_refused_at_its_place(text: str, expected: str) -> None:
    assert mistake_in(text).startswith(expected)


def test_a_key_that_stands_twice_is_a_mistake_and_the_first_is_read() -> None:
    book = MistakeBook()

    root = parse_nodes("a: 1\na: 2\n", PATH, book)

    assert isinstance(root, MappingNode)
    only = root.entries["a"]
    assert isinstance(only, TextNode)
    assert "1" == only.text
    assert ["x.yaml:2:1: `a` already stands in line 1: remove one of them"] == list(
        map(str, book.mistakes())
    )


def test_a_file_that_is_not_utf_8_is_refused_at_the_octet(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    book = MistakeBook()

    assert read_nodes(path, book) is None
    assert [f"{path}:2:4: this is not UTF-8: save the file in that encoding"] == list(
        map(str, book.mistakes())
    )


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    book = MistakeBook()

    root = read_nodes(path, book)

    assert isinstance(root, MappingNode)
    assert ["a"] == list(root.entries)


WORDS = (
    r"a - ? { } [ ] , ' \" \x \U110000FF &a *a ! !!str !< !<%zz> % %YAML %TAG 1.2 9.9 --- ..."
    r" | > |99 >-1 # ~ << @ `"
)
BLANKS = (": ", " ", "  ", "\n", "\t", "\ufeff", "\x85", "\u2028")
YAML_PIECES = st.sampled_from([*WORDS.split(), *BLANKS])


@given(text=st.lists(YAML_PIECES | st.text(max_size=3), max_size=40).map("".join))
def test_no_text_gets_anything_but_nodes_or_mistakes(text: str) -> None:
    """Whatever the parser raises is translated where it is called."""
    book = MistakeBook()

    root = parse_nodes(text, PATH, book)

    assert (root is None) <= bool(book.mistakes())
