"""
People and classes from a table: what a school's own system (its MIS) exports as CSV.

Every line is checked and every mistake named with its line, before anything is changed.
"""

import csv
import unicodedata
from collections.abc import Iterator, Mapping
from io import StringIO

import msgspec

from schoolgate_policyd.core.subjects import OLDEST_YEAR, YOUNGEST_YEAR, Audience
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.register_people import (
    CLASS_ID,
    ID,
    MAX_ID,
    MAX_NAME,
    RESERVED,
    shown,
)

MAX_OCTETS = 128 * 1024
MOST_ROWS = 5000
MOST_MISTAKES = 50
MAX_FIELD = 200

# Headings as they are written in exports, folded, and what they are here.
HEADINGS: Mapping[str, str] = {
    "id": "id",
    "upn": "id",
    "admission number": "id",
    "staff code": "id",
    "name": "name",
    "full name": "name",
    "forename": "forename",
    "first name": "forename",
    "legal forename": "forename",
    "surname": "surname",
    "last name": "surname",
    "legal surname": "surname",
    "year": "year",
    "year group": "year",
    "class": "class",
    "reg group": "class",
    "registration group": "class",
    "form": "class",
    "audience": "audience",
    "type": "audience",
}
_AUDIENCES: Mapping[str, Audience] = {
    "pupil": Audience.PUPIL,
    "student": Audience.PUPIL,
    "staff": Audience.STAFF,
    "teacher": Audience.STAFF,
    "visitor": Audience.VISITOR,
    "governor": Audience.VISITOR,
}
_RECEPTION = frozenset({"r", "rec", "reception"})


class LineMistake(msgspec.Struct, frozen=True):
    """What is wrong in line *line* of the table; the first line is its headings."""

    line: int
    message: str


class BadTable(InvalidForm):
    """The table has mistakes; nothing was changed."""

    def __init__(self, mistakes: tuple[LineMistake, ...], further: int = 0) -> None:
        super().__init__((), {})
        self.lines = mistakes
        self.further = further

    def __str__(self) -> str:
        return "; ".join(f"line {each.line}: {each.message}" for each in self.lines)


class ImportedPerson(msgspec.Struct, frozen=True):
    """A line of the table; *class_name* is empty for somebody in no class."""

    line: int
    id: str
    name: str
    audience: Audience
    year_group: int | None
    class_name: str


def read_table(text: str) -> tuple[ImportedPerson, ...]:
    """Return the people of the table *text*. Raises BadTable with every mistake."""
    if len(text.encode("utf-8", "replace")) > MAX_OCTETS:
        raise BadTable((LineMistake(1, f"The table is larger than {MAX_OCTETS // 1024} KiB."),))
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").strip("\r\n")
    book = Book()
    rows = _rows_of(text, book)
    head = next(rows, None)
    if head is None:
        raise BadTable((LineMistake(1, "Paste the table with its headings."),))
    columns = _columns(head[1], book)
    found: list[ImportedPerson] = []
    seen: dict[str, int] = {}
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(found) >= MOST_ROWS:
            book.add(line, f"The table has more than {MOST_ROWS} people: import it in parts.")
            break
        person = None if columns is None else _person(line, cells, columns, book)
        if person is None:
            continue
        if person.id in seen:
            book.add(line, f"The id {person.id} stands in line {seen[person.id]} already.")
        seen[person.id] = line
        found.append(person)
    if not found and not book.mistakes:
        book.add(1, "There is nobody in the table.")
    book.raise_mistakes()
    return tuple(found)


class Book:
    """Gathers the mistakes of a table."""

    def __init__(self) -> None:
        self.mistakes: list[LineMistake] = []

    def add(self, line: int, message: str) -> None:
        """Note what is wrong in *line*."""
        self.mistakes.append(LineMistake(line, message))

    def raise_mistakes(self) -> None:
        """Raise BadTable if any mistake was found."""
        if self.mistakes:
            further = max(0, len(self.mistakes) - MOST_MISTAKES)
            raise BadTable(tuple(self.mistakes[:MOST_MISTAKES]), further)


def _rows_of(text: str, book: Book) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line; tabs are what spreadsheets copy."""
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(StringIO(text), delimiter=delimiter, strict=True)
    before = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            book.add(before + 1, f"This line is no CSV: {error}.")
            return
        if row is None:
            return
        yield before + 1, row
        before = reader.line_num


def _columns(head: list[str], book: Book) -> dict[str, int] | None:
    columns: dict[str, int] = {}
    for position, cell in enumerate(head[:50]):
        known = HEADINGS.get(" ".join(cell.replace("_", " ").split()).casefold())
        if known is not None and known in columns:
            book.add(1, f"There are two columns for {known}: remove one.")
        elif known is not None:
            columns[known] = position
    has_name = "name" in columns or {"forename", "surname"} <= columns.keys()
    for is_there, what in (
        ("id" in columns, "id"),
        (has_name, "name (or forename and surname)"),
        ("audience" in columns or "year" in columns, "audience (or year, for pupils)"),
    ):
        if not is_there:
            book.add(1, f"There is no column {what}.")
    return None if book.mistakes else columns


def _person(
    line: int, cells: list[str], columns: dict[str, int], book: Book
) -> ImportedPerson | None:
    row = {name: _cell(cells, place) for name, place in columns.items()}
    before = len(book.mistakes)
    for name, value in row.items():
        _check_text(line, name, value, book)
    id_ = row["id"].lower()
    if len(id_) > MAX_ID or not ID.fullmatch(id_) or id_ in RESERVED:
        book.add(line, f"“{shown(row['id'])}” is no id: use letters, digits and hyphens.")
    name = row.get("name") or " ".join(
        part for part in (row.get("forename"), row.get("surname")) if part
    )
    if not name or len(name) > MAX_NAME:
        book.add(line, f"Enter a name of at most {MAX_NAME} characters.")
    year = _year(line, row.get("year", ""), book)
    audience = _audience(line, row, book)
    class_name = row.get("class", "")
    if class_name and not class_id_of(class_name):
        book.add(line, f"“{shown(class_name)}” is no name of a class.")
    if len(book.mistakes) > before:
        return None
    return ImportedPerson(line, id_, name, audience, year, class_name)


def _cell(cells: list[str], place: int) -> str:
    return " ".join(cells[place].split()) if place < len(cells) else ""


def _check_text(line: int, name: str, value: str, book: Book) -> None:
    entry = Entry({"cell": value}, ("cell",))
    if value:
        entry.line("cell", "", MAX_FIELD)
    try:
        entry.raise_mistakes()
    except InvalidForm as error:
        book.add(line, f"{name}: {error.mistakes[0].message}")


def _year(line: int, text: str, book: Book) -> int | None:
    text = text.casefold().removeprefix("year").removeprefix("y").strip()
    if not text:
        return None
    if text in _RECEPTION:
        return YOUNGEST_YEAR
    is_number = text.isascii() and text.isdecimal() and len(text) <= 2  # noqa: PLR2004 - digits
    if not is_number or not YOUNGEST_YEAR <= int(text) <= OLDEST_YEAR:
        book.add(line, f"“{shown(text)}” is no year group: use R or 1 to {OLDEST_YEAR}.")
        return None
    return int(text)


def _audience(line: int, row: Mapping[str, str], book: Book) -> Audience:
    text = row.get("audience", "").casefold()
    if not text and row.get("year"):
        return Audience.PUPIL
    if text not in _AUDIENCES:
        book.add(line, f"“{shown(text)}” is no audience: use pupil, staff or visitor.")
    return _AUDIENCES.get(text, Audience.PUPIL)


def class_id_of(name: str) -> str | None:
    """Return the id of a class called *name*, None where it can have none."""
    id_ = "-".join(unicodedata.normalize("NFC", name).replace("/", "-").split())
    return id_ if len(id_) <= MAX_ID and CLASS_ID.fullmatch(id_) else None
