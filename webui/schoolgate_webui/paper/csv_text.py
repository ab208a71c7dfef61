"""
Tables as CSV for spreadsheets: RFC 4180, and no cell is ever a formula.

What people and devices wrote ends up in cells, and a spreadsheet runs a cell that begins with `=`,
`+`, `-`, `@`, a tab or a line end. Such a cell gets an apostrophe in front, which spreadsheets
take as "this is text".
"""

import unicodedata
from collections.abc import Iterable, Sequence

from fastapi.responses import Response

CSV_TYPE = "text/csv; charset=utf-8; header=present"
# Without it Excel takes UTF-8 for the machine's own encoding.
_BYTE_ORDER_MARK = "\ufeff"
# The wide forms are taken as the narrow ones by spreadsheets of East Asian languages.
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - these are meant
_QUOTED = frozenset('",\r\n')
# Controls, format characters (bidi overrides among them), surrogates, private use, unassigned.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_KEPT = frozenset("\t\n\u200c\u200d")
MAX_CELL = 8_192

type Cell = str | int | float | None


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """
    Return the table with its *headings* as CSV: CRLF after every row, fields quoted where needed.

    Numbers stay numbers, None is an empty cell. Text is cut at `MAX_CELL` characters; what is
    hidden in it becomes a visible replacement mark. Raises ValueError for a row that has another
    number of cells than there are headings. Source: RFC 4180 section 2.
    """
    lines = [_line(headings)]
    for row in rows:
        if len(row) != len(headings):
            raise ValueError(f"a row has {len(row)} cells, not {len(headings)}")
        lines.append(_line(row))
    return "".join(lines)


def csv_download(name: str, text: str) -> Response:
    """Return *text* as a file to keep; *name* is made of letters, digits, `-`, `_` and `.`."""
    if not all(each.isascii() and (each.isalnum() or each in "-_.") for each in name):
        raise ValueError(f"`{name}` is no name for a file")
    return Response(
        (_BYTE_ORDER_MARK + text).encode(),
        media_type=CSV_TYPE,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _line(cells: Sequence[Cell]) -> str:
    # A line with nothing at all on it would be read as no row.
    return (",".join(_cell(each) for each in cells) or '""') + "\r\n"


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    text = _defused(_shown(value[:MAX_CELL]))
    if _QUOTED.isdisjoint(text) and text == text.strip():
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _defused(text: str) -> str:
    # Blanks before it do not hinder every spreadsheet.
    first = text.lstrip(" \u00a0")[:1] or text[:1]
    return f"'{text}" if first in _FORMULA and first else text


def _shown(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        each
        if each in _KEPT or unicodedata.category(each) not in _HIDDEN
        else "\N{REPLACEMENT CHARACTER}"
        for each in lines
    )
