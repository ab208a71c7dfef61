"""A public page as plain text: to be read aloud, printed large, or sent in a message."""

import unicodedata
from textwrap import fill

from schoolgate_webui.views.public_parts import Part, PublicPage, Table

WIDTH = 76
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def plain_text(page: PublicPage, *, school_name: str, where: str) -> str:
    """Return *page* as text; *where* is the web address that relative links stand on."""
    title = _line(page.title)
    lines = [_line(school_name), title, "=" * len(title), ""]
    for sentence in page.lead:
        lines += [_filled(sentence), ""]
    for part in page.parts:
        lines += _part(part, where)
    return "\n".join(lines).rstrip() + "\n"


def _part(part: Part, where: str) -> list[str]:
    title = _line(part.title)
    lines = [title, "-" * len(title), ""]
    for paragraph in part.paragraphs:
        lines += [_filled(paragraph), ""]
    if part.bullets:
        lines += [_item(each) for each in part.bullets]
        lines.append("")
    if part.table is not None:
        lines += _table(part.table)
    if part.links:
        for link in part.links:
            about = f" ({link.about})" if link.about else ""
            address = f"{where.rstrip('/')}{link.href}" if link.href.startswith("/") else link.href
            lines += [_item(f"{link.text}{about}"), f"  {_line(address)}"]
        lines.append("")
    return lines


def _table(table: Table) -> list[str]:
    """Return the rows as lists: columns are lost on whoever hears them."""
    lines = []
    for row in table.rows:
        for heading, cell in zip(table.headings, row, strict=True):
            for number, line in enumerate(cell.split("\n")):
                label = f"{heading}: " if number == 0 else " " * 4
                lines.append(_filled(f"{label}{line}", hanging="    "))
        lines.append("")
    return lines


def _item(text: str) -> str:
    return fill(_line(text), WIDTH, initial_indent="- ", subsequent_indent="  ")


def _filled(text: str, hanging: str = "") -> str:
    lead = text[: len(text) - len(text.lstrip(" "))]
    return fill(_line(text), WIDTH, initial_indent=lead, subsequent_indent=hanging)


def _line(text: str) -> str:
    """Return *text* in one line, each hidden character as a visible replacement mark."""
    shown = (
        " "
        if character.isspace()
        else "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(character) in _HIDDEN
        else character
        for character in text
    )
    return " ".join("".join(shown).split())
