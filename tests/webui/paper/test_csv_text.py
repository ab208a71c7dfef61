"""Tables for spreadsheets: what comes out is the same table, and never a formula."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_webui.paper.csv_text import MAX_CELL, csv_download, csv_text


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def cell(value: str) -> str:
    return read(csv_text(("a",), [(value,)]))[1][0]


def test_every_row_ends_with_crlf_and_is_quoted_where_needed() -> None:
    text = csv_text(("who", "what"), [("Pia", 'said "no", twice'), ("Tess", 3), (None, -1.5)])

    assert 'who,what\r\nPia,"said ""no"", twice"\r\nTess,3\r\n,-1.5\r\n' == text


@pytest.mark.parametrize(
    "hostile",
    [
        "=1+1",
        "+44 1632 960000",
        "-1+1",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        " =1+1",
        "\u00a0=1+1",
        "＝1+1",  # noqa: RUF001 - the wide sign is what is tried
        "=",
    ],
)
def test_what_would_be_a_formula_is_text(hostile: str) -> None:
    assert "'" == cell(hostile)[0]


@pytest.mark.parametrize("harmless", ["", "www.tiktok.com", "a=b", "10:31", " ", "'quoted'"])
def test_what_is_no_formula_stays_as_it_is(harmless: str) -> None:
    assert harmless == cell(harmless)


def test_what_is_hidden_becomes_visible() -> None:
    assert "a\ufffdb\ufffdc" == cell("a\u202eb\x00c")


def test_a_line_end_within_a_cell_starts_no_row() -> None:
    text = csv_text(("a", "b"), [("one\r\ntwo", "three\rfour")])

    assert [["a", "b"], ["one\ntwo", "three\nfour"]] == read(text)


def test_a_cell_has_an_end() -> None:
    assert MAX_CELL == len(cell("x" * (MAX_CELL + 1)))


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells, not 1"):
        csv_text(("a",), [("b", "c")])


@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), max_size=5))
def test_a_reader_finds_as_many_rows_and_cells_and_no_formula(rows: list[list[str]]) -> None:
    found = read(csv_text(("a", "b"), rows))[1:]

    assert len(rows) == len(found)
    for each in found:
        assert 2 == len(each)
        assert all(not one.lstrip(" \u00a0").startswith(tuple("=+-@\t\r\n")) for one in each)


def test_a_download_names_its_file_and_nothing_else() -> None:
    answer = csv_download("figures-2026-11-20.csv", csv_text(("a",), []))

    assert 'attachment; filename="figures-2026-11-20.csv"' == answer.headers["content-disposition"]
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert b"\xef\xbb\xbfa\r\n" == answer.body
    with pytest.raises(ValueError, match="no name"):
        csv_download('a";b.csv', "")
