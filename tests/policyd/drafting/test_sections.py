"""One section is written anew, every other line stays; whatever the file looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml.comments import CommentedMap

from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.drafting.sections import (
    edited,
    flow,
    quoted,
    with_item,
    without_item,
    written,
)

TEXT = """\
# The head of the file.
first: {yes: true, none: null, when: 08:50, day: 2026-11-20}   # beside

# About the second.
second:
  # The one.
  - {id: one, words: "with: colon"}

  # The two.
  - id: two
    words: >-
      over several
      lines
# About the third.
third: plain
"""


def put(key: str, value: object) -> str:
    def edit(section: CommentedMap) -> None:
        section[key] = value

    return edited(TEXT, key, edit)


def test_an_edit_that_does_nothing_changes_nothing() -> None:
    for key in ("first", "second", "third"):
        assert TEXT == edited(TEXT, key, lambda _: None)


def test_scalars_are_written_as_they_stood() -> None:
    def edit(section: CommentedMap) -> None:
        section["first"]["more"] = quoted("08:50")

    assert (
        'first: {yes: true, none: null, when: 08:50, day: 2026-11-20, more: "08:50"} # beside\n'
        in edited(TEXT, "first", edit)
    )


def test_only_the_lines_of_the_section_change() -> None:
    assert TEXT.replace("third: plain", "third: other") == put("third", "other")


def test_a_section_that_is_missing_comes_last() -> None:
    assert f"{TEXT}\nfourth: [a, b]\n" == put("fourth", flow(["a", "b"]))


def test_a_section_that_is_emptied_goes() -> None:
    assert TEXT.replace("third: plain\n", "") == edited(
        TEXT, "third", lambda section: section.clear()
    )


@pytest.mark.parametrize(
    ("position", "gone"),
    [
        (0, '  # The one.\n  - {id: one, words: "with: colon"}\n\n'),
        (
            1,
            "\n  # The two.\n  - id: two\n    words: >-\n      over several\n      lines\n",
        ),
    ],
)
def test_an_item_goes_with_its_own_comment(position: int, gone: str) -> None:
    assert TEXT.replace(gone, "") == without_item(TEXT, "second", position)


def test_an_item_is_added_before_the_next_sections_comment() -> None:
    changed = with_item(TEXT, "second", "  - three\n")

    assert TEXT.replace("      lines\n", "      lines\n\n  - three\n") == changed


def test_a_list_that_is_missing_is_begun() -> None:
    assert "third: plain\n\nfourth:\n  - one\n" in with_item(TEXT, "fourth", "  - one\n")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("{first: 1, second: 2}\n", "first"),
        ("first: &a 1\nsecond: *a\n", "first"),
        ("first: 1\nfirst: 2\n", "first"),
        ("- first\n", "first"),
        ("first: [\n", "first"),
    ],
)
def test_what_cannot_be_edited_line_by_line_is_refused(text: str, key: str) -> None:
    with pytest.raises(ChangeRefused):
        edited(text, key, lambda section: section.clear())


@pytest.mark.parametrize("text", ["second: [one, two]\n", "second: one\n", "third: 1\n"])
def test_items_that_share_a_line_are_not_taken_apart(text: str) -> None:
    with pytest.raises(ChangeRefused):
        without_item(text, "second", 0)


@given(st.text(max_size=200))
def test_any_text_stays_a_value(value: str) -> None:
    """Whatever somebody types becomes one text in one line, and never a key or a comment."""
    line = " ".join(value.split())
    printable = "".join(each for each in line if each.isprintable()) or "x"

    text = put("third", printable)

    found: list[object] = []
    edited(text, "third", lambda section: found.append(section["third"]))
    edited(text, "second", lambda section: found.append(len(section["second"])))
    assert [printable, 2] == found
    assert "\n" not in written(printable)
