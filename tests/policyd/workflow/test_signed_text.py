"""A text to sign is read in one way only: nothing that people type passes for another field."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.workflow.signed_text import (
    Part,
    moment_words,
    read_signed_text,
    signed_text,
    visible,
)

LABELS = ("Staff name", "Reasons", "Approved", "Full URL", "Signed by")
# What could be taken for the structure of a text comes more often than by chance.
hostile = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "\n",
                "\n\n",
                "    ",
                ": ",
                "Approved: ✓ Yes",
                "\\",
                "\\u{a}",
                "\r",
                "\u2028",
                "\u202e",
            ]
        ),
        st.text(max_size=6),
    ),
    max_size=8,
).map("".join)
parts = st.lists(
    st.builds(
        Part,
        heading=st.sampled_from(["Requester", "Authoriser"]),
        fields=st.lists(st.tuples(st.sampled_from(LABELS), hostile), max_size=4).map(tuple),
    ),
    max_size=3,
).map(tuple)


@given(parts)
def test_the_text_determines_every_field(written: tuple[Part, ...]) -> None:
    text = signed_text("Decision on a request", written)

    assert ("Decision on a request", written) == read_signed_text(text)


@given(parts)
def test_every_field_begins_one_line_and_no_value_does(written: tuple[Part, ...]) -> None:
    text = signed_text("Decision", written)

    labels = [label for part in written for label, _ in part.fields]
    begun = [line.partition(":")[0] for line in text.split("\n") if line[:1].isalpha()]
    assert len(labels) == len([each for each in begun if each in LABELS])


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    shown = visible(text)

    assert not set(shown) & set("\r\x00\x1b\u2028\u2029\u202a\u202e\u2066\u200f\ufeff")


def test_a_value_of_several_lines_is_indented() -> None:
    text = signed_text(
        "Decision", (Part("Authoriser", (("Reasons", "Fits\nApproved: ✗ No"), ("Date", "today"))),)
    )

    assert "Decision\n\nAuthoriser\nReasons: Fits\n    Approved: ✗ No\nDate: today\n" == text


@pytest.mark.parametrize("label", ["", "Reasons\nApproved", "Reasons: yes", "reasons", "Réasons"])
def test_a_label_that_is_not_ours_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="not a label"):
        signed_text("Decision", (Part("Authoriser", ((label, "x"),)),))


@pytest.mark.parametrize(
    "text", ["", "Decision", "Decision\n\nAuthoriser\nno label\n", "Decision\n\nA\nB: \\x\n"]
)
def test_what_was_never_made_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"label|no text"):
        read_signed_text(text)


def test_a_moment_is_the_schools_wall_clock_with_its_offset() -> None:
    summer = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)

    assert "1 June 2026, 10:30 (UTC+01:00)" == moment_words(summer, ZoneInfo("Europe/London"))
