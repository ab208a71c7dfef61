"""Documents for paper: everything that was typed is on them, harmless, and they stay small."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pdf_text import pages_of, text_of, title_of

from schoolgate_webui.paper.pdf import MAX_PAGES, Paper

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def document(put: Callable[[Paper], None], most_pages: int = MAX_PAGES) -> bytes:
    paper = Paper(footer="Request 7", at=NOON, most_pages=most_pages)
    put(paper)
    return paper.octets()


def a_form(paper: Paper) -> None:
    paper.title("Blocked content access request form")
    paper.section("Authoriser")
    aside = ("Not part of the form", [("For whom", "Class 4B")])
    paper.fields([("Approved", "✓"), ("Reasons", "Zoë & Łukasz need it.")], aside=aside)
    paper.paragraph("Kept for a year.")
    paper.table(["When", "What"], [("10:00", "asked"), ("10:05", "answered")])


def test_all_that_was_put_is_on_the_page_with_its_foot() -> None:
    made = document(a_form)

    expected = (
        "Blocked content access request form Authoriser Not part of the form For whom Class 4B "
        "Approved ✓ Reasons Zoë & Łukasz need it. Kept for a year. When What 10:00 asked 10:05 "
        "answered Request 7 Page 1 of 1"
    )
    assert sorted(expected.split()) == sorted(text_of(made).split())
    assert "Blocked content access request form" == title_of(made)


def test_a_form_of_a_page_is_small_for_its_fonts_are_cut_to_what_it_uses() -> None:
    assert len(document(a_form)) < 40_000


def test_one_document_is_one_file_whenever_it_is_made() -> None:
    assert document(a_form) == document(a_form)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("safe\u202egpj.exe", "safe\ufffdgpj.exe"),
        ("\u2067right\u2069 \u200fmark", "\ufffdright\ufffd \ufffdmark"),
        ("nul\x00bell\x07esc\x1b[31m", "nul\ufffdbell\ufffdesc\ufffd[31m"),
        ("pay\u00adpal", "pay\ufffdpal"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("\U000e0041 tag", "\ufffd tag"),
        (
            "a drawn \U0001f600, a lacking \U0001f9ff and 漢",
            "a drawn \U0001f600, a lacking \ufffd and \ufffd",
        ),
        ("family \U0001f468\u200d\U0001f469", "family \ufffd\ufffd"),
        ("e\u0301", "é"),
        ("pages {nb}", "pages {nb}"),
        ("**bold** __under__ <b>", "**bold** __under__ <b>"),
        ("back\\slash (and) brackets ) Tj ET", "back\\slash (and) brackets ) Tj ET"),
        ("one\r\nend\rand\u2028more", "one end and more"),
        ("tab\tand\u00a0hard", "tab and hard"),
    ],
)
def test_hostile_text_is_harmless_wherever_it_stands(typed: str, shown: str) -> None:
    def everywhere(paper: Paper) -> None:
        paper.section(typed)
        paper.paragraph(typed)
        paper.fields([(typed, typed)])
        paper.fields([("a", "b")], aside=(typed, [(typed, typed)]))
        paper.table([typed], [[typed]])

    read = text_of(document(everywhere))

    # A narrow place may break a line within it, so white space does not count.
    assert 9 == read.replace(" ", "").count(shown.replace(" ", ""))


def test_megabytes_end_after_so_many_pages_and_the_last_says_so() -> None:
    wide, tall = "W" * 2_000_000, "x\n" * 2_000_000

    def too_much(paper: Paper) -> None:
        paper.title(wide)
        for _ in range(20):
            paper.fields([(wide, wide)], aside=(wide, [(wide, wide)] * 200))
            paper.paragraph(tall)
        paper.table([wide] * 3, ([wide] * 3 for _ in range(100_000)))

    pages = pages_of(document(too_much, most_pages=6))

    assert len(pages) in {6, 7}
    assert "the rest was left out" in pages[-1]


def test_a_long_field_goes_on_where_the_page_ends() -> None:
    lines = [f"line {number}" for number in range(150)]
    pages = pages_of(document(lambda paper: paper.fields([("Reasons", "\n".join(lines))])))

    assert 3 == len(pages)
    assert lines == [each for page in pages for each in page.splitlines() if "line" in each]


def test_the_headings_of_a_table_are_on_every_page() -> None:
    rows = [[f"row {number}", "x"] for number in range(120)]
    pages = pages_of(document(lambda paper: paper.table(["When", "What"], rows)))

    assert len(pages) > 1
    assert all(page.splitlines()[:2] == ["When", "What"] for page in pages)


def test_every_page_says_which_of_how_many_it_is() -> None:
    pages = pages_of(document(lambda paper: paper.paragraph("word\n" * 200)))

    assert [f"Page {number + 1} of {len(pages)}" for number in range(len(pages))] == [
        page.splitlines()[-1] for page in pages
    ]


def test_a_table_that_no_page_is_wide_enough_for_is_refused() -> None:
    paper = Paper(footer="", at=NOON)

    with pytest.raises(ValueError, match="too narrow"):
        paper.table(["x"] * 11, [])


def test_an_empty_line_between_paragraphs_is_drawn_in_every_part() -> None:
    paper = Paper(footer="x", at=datetime(2026, 11, 20, tzinfo=UTC))
    typed = "Talked with them.\r\n\r\nThey understood."

    paper.paragraph(typed)
    paper.fields([("What was done", typed)])
    paper.table(["What"], [[typed]])

    assert 3 == text_of(paper.octets()).count("They understood.")
