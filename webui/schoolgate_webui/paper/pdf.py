"""
A document for paper: a title, sections, a form's fields, paragraphs and tables, as a PDF.

Everything that is put on it may be hostile: texts are cleaned and cut, tables and pages have an
end, and where something was left out the last page says so. Of the fonts only the characters that
the document uses are embedded, so a form of a page is about 30 KB.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

from schoolgate_webui.paper.words import printable

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.fonts import TTFFont

FONTS = Path(__file__).parent / "fonts"
MAX_PAGES = 100
MAX_ROWS = 5000
MAX_TEXT = 20_000
MAX_LINE = 300
MAX_COLUMNS = 10
MAX_ASIDE_LINES = 30

_MARGIN = 18.0
_LINE = 4.8  # millimetres, for text of 10 points
_PAD = 1.8
_ASIDE_WIDTH = 56.0
_GAP = 5.0
_GREY = (240, 242, 243)
_INK = (11, 12, 12)
_RULE = (80, 90, 95)

Field = tuple[str, str]
Aside = tuple[str, Sequence[Field]]


class Paper:
    """
    One document on A4, made at *at* (aware).

    *footer* stands at the foot of every page. After *most_pages* nothing more is put on it.

    Calls put one thing beneath the other; `octets` ends it. Text is drawn in the order in which it
    is kept, so scripts that are written from right to left read backwards.
    """

    def __init__(self, *, footer: str, at: datetime, most_pages: int = MAX_PAGES) -> None:
        # Loading it takes half a second, which only a download is worth.
        from fpdf import FPDF  # noqa: PLC0415 - see above

        self._sheet = FPDF(format="A4")
        self._most_pages = most_pages
        self._drawn = _load_fonts(self._sheet)
        _set_up(self._sheet, at)
        self._footer = self._line(footer)
        self._is_cut = False

    def title(self, text: str) -> None:
        """Put the document's title; a reader's window shows it too."""
        clean = self._line(text)
        self._sheet.set_title(clean)
        self._write(clean, size=17, is_bold=True, after=3)

    def section(self, heading: str) -> None:
        """Put a heading."""
        if self._is_full():
            return
        if self._sheet.will_page_break(6 * _LINE):
            self._sheet.add_page()
        self._sheet.ln(2)
        self._write(self._line(heading), size=12.5, is_bold=True, after=1.5)

    def paragraph(self, text: str) -> None:
        """Put running text; its line ends are kept."""
        if not self._is_full():
            self._write(self._text(text), size=10, is_bold=False, after=2)

    def fields(self, fields: Iterable[Field], *, aside: Aside | None = None) -> None:
        """
        Put a form's fields, each in its frame with its label on the left.

        *aside* is a heading and a few short lines in a box at the right: what stands beside the
        form and is no part of it.
        """
        sheet = self._sheet
        width, below = sheet.epw, sheet.y
        if aside is not None and not self._is_full():
            width -= _ASIDE_WIDTH + _GAP
            below = self._put_aside(aside)
        began_on = sheet.page
        for label, value in fields:
            self._put_field(self._line(label), self._text(value), width)
        if sheet.page == began_on:
            sheet.set_y(max(sheet.y, below))
        sheet.ln(3)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Put a table of short cells; its headings are repeated on every page."""
        if len(headings) > MAX_COLUMNS:
            raise ValueError(f"a page is too narrow for {len(headings)} columns")
        self._put_row(headings, len(headings), is_bold=True)
        for number, row in enumerate(rows):
            if number >= MAX_ROWS or self._is_full():
                self._is_cut = True
                break
            self._put_row(row, len(headings), repeat=headings)
        self._sheet.ln(3)

    def octets(self) -> bytes:
        """Return the document as a PDF; nothing can be put on it afterwards."""
        sheet = self._sheet
        if self._is_cut:
            left_out = "There was more than this document holds: the rest was left out."
            self._write(left_out, size=10, is_bold=True, after=0)
        sheet.set_auto_page_break(auto=False)
        for page in range(1, sheet.pages_count + 1):
            sheet.page = page
            # A font that is set already is not written again, and each page must say its own.
            sheet.set_font("paper", size=10)
            sheet.set_font("paper", size=8)
            sheet.set_xy(_MARGIN, -12)
            sheet.cell(sheet.epw - 30, 5, self._fitting(self._footer, sheet.epw - 30))
            sheet.cell(30, 5, f"Page {page} of {sheet.pages_count}", align="R")
        return bytes(sheet.output())

    def _put_aside(self, aside: Aside) -> float:
        """Put the box at the right and return where it ends, leaving the pen where it was."""
        sheet = self._sheet
        heading, lines = aside
        sheet.set_font("paper", "B", 8.5)
        inner = _ASIDE_WIDTH - 2 * _PAD
        texts: list[tuple[str, bool]] = [(each, True) for each in self._broken(heading, inner)]
        for label, value in lines:
            texts += [("", False)] if texts else []
            texts += [(each, True) for each in self._broken(label, inner)]
            texts += [(each, False) for each in self._broken(value, inner)]
        texts = texts[:MAX_ASIDE_LINES]
        step = _LINE * 0.85
        height = len(texts) * step + 2 * _PAD
        if sheet.will_page_break(height):
            sheet.add_page()
        left, top = sheet.w - _MARGIN - _ASIDE_WIDTH, sheet.y
        sheet.rect(left, top, _ASIDE_WIDTH, height, style="DF")
        for number, (text, is_bold) in enumerate(texts):
            sheet.set_font("paper", "B" if is_bold else "", 8.5)
            sheet.set_xy(left + _PAD, top + _PAD + number * step)
            sheet.cell(inner, step, text)
        sheet.set_xy(_MARGIN, top)
        return top + height

    def _put_field(self, label: str, value: str, width: float) -> None:
        """Put one framed field; what is longer than the page goes on in a frame on the next."""
        sheet = self._sheet
        left = min(44.0, width * 0.36)
        sheet.set_font("paper", "B", 9.5)
        names = self._lines_in(label, left - 2 * _PAD)
        sheet.set_font("paper", "", 10)
        lines = self._lines_in(value, width - left - 2 * _PAD)
        while lines or names:
            if self._is_full():
                return
            fitting = int((sheet.page_break_trigger - sheet.y - 2 * _PAD) // _LINE)
            wanted = max(len(names), min(len(lines), 4))
            if fitting < wanted:
                sheet.add_page()
                continue
            shown, lines = lines[:fitting], lines[fitting:]
            self._frame(names, shown, left, width)
            names = []

    def _frame(self, names: list[str], lines: list[str], left: float, width: float) -> None:
        sheet = self._sheet
        top, height = sheet.y, max(len(names), len(lines), 1) * _LINE + 2 * _PAD
        sheet.rect(_MARGIN, top, left, height, style="DF")
        sheet.rect(_MARGIN + left, top, width - left, height)
        for style, size, x, texts in (
            ("B", 9.5, _MARGIN, names),
            ("", 10, _MARGIN + left, lines),
        ):
            sheet.set_font("paper", style, size)
            for number, text in enumerate(texts):
                sheet.set_xy(x + _PAD, top + _PAD + number * _LINE)
                sheet.cell(h=_LINE, text=text)
        sheet.set_xy(_MARGIN, top + height)

    def _put_row(
        self,
        cells: Sequence[str],
        columns: int,
        *,
        is_bold: bool = False,
        repeat: Sequence[str] | None = None,
    ) -> None:
        sheet = self._sheet
        width, step = sheet.epw / columns, _LINE * 0.85
        sheet.set_font("paper", "B" if is_bold else "", 8.5)
        # A row is never higher than a page, whatever stands in it.
        texts = [self._broken(cell, width - 2 * _PAD)[:MAX_ASIDE_LINES] for cell in cells]
        height = max(len(each) for each in texts) * step + 2 * _PAD
        if sheet.will_page_break(height):
            sheet.add_page()
            if repeat is not None:
                self._put_row(repeat, columns, is_bold=True)
                sheet.set_font("paper", "", 8.5)
        top = sheet.y
        for number, lines in enumerate(texts[:columns]):
            left = _MARGIN + number * width
            sheet.rect(left, top, width, height, style="DF" if is_bold else "D")
            for position, text in enumerate(lines):
                sheet.set_xy(left + _PAD, top + _PAD + position * step)
                sheet.cell(h=step, text=text)
        sheet.set_xy(_MARGIN, top + height)

    def _write(self, text: str, *, size: float, is_bold: bool, after: float) -> None:
        sheet = self._sheet
        sheet.set_font("paper", "B" if is_bold else "", size)
        for line in self._lines_in(text, sheet.epw):
            if sheet.will_page_break(_LINE) and self._is_full():
                return
            sheet.cell(h=_LINE * size / 10, text=line, new_x="LMARGIN", new_y="NEXT")
        sheet.ln(after)

    def _broken(self, text: str, width: float) -> list[str]:
        return self._lines_in(self._line(text), width)

    def _lines_in(self, text: str, width: float) -> list[str]:
        """Return *text* (clean) in lines that the font, as it is set, fits into *width*."""
        found = self._sheet.multi_cell(
            width, _LINE, text or " ", align="L", dry_run=True, output="LINES", padding=0
        )
        if not isinstance(found, list):
            raise TypeError("fpdf2 gave no lines, which are what it was asked for")
        # A line with nothing on it, between paragraphs, is one that fpdf2 draws as a space alone.
        return [line or " " for line in found]

    def _fitting(self, text: str, width: float) -> str:
        return self._lines_in(text, width)[0]

    def _line(self, text: str) -> str:
        return printable(text, drawn=self._drawn, limit=MAX_LINE, is_line=True)

    def _text(self, text: str) -> str:
        return printable(text, drawn=self._drawn, limit=MAX_TEXT)

    def _is_full(self) -> bool:
        if self._sheet.pages_count >= self._most_pages:
            self._is_cut = True
            return True
        return False


def _set_up(sheet: "FPDF", at: datetime) -> None:
    sheet.alias_nb_pages("")  # else somebody's `{nb}` would become a number
    sheet.set_margins(_MARGIN, _MARGIN)
    sheet.set_auto_page_break(auto=True, margin=_MARGIN)
    sheet.set_creation_date(at)
    sheet.set_lang("en-GB")
    sheet.set_creator("Schoolgate")
    sheet.set_text_color(*_INK)
    sheet.set_draw_color(*_RULE)
    sheet.set_fill_color(*_GREY)
    sheet.add_page()


def _load_fonts(sheet: "FPDF") -> frozenset[int]:
    """Give *sheet* our fonts and return the code points that both have."""
    drawn: list[frozenset[int]] = []
    for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
        path = FONTS / name
        sheet.add_font("paper", style, path)
        font = cast("TTFFont", sheet.fonts["paper" + style])
        # The font is read as it is needed: from memory, so that no file stays open meanwhile.
        font.ttfont.reader.file.close()
        font.ttfont.reader.file = BytesIO(path.read_bytes())
        drawn.append(frozenset(font.cmap))
    return frozenset.intersection(*drawn)
