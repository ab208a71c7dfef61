"""
The text of a PDF that `schoolgate_webui.paper` made, page by page, read without its help.

It knows just what fpdf2 writes: compressed pages, text as two-octet glyphs, a map to Unicode.
"""

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_PIECE = re.compile(rb"/F(\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_GLYPH = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>")


def pages_of(document: bytes) -> list[str]:
    """Return the text of every page, one line for each piece that was drawn."""
    objects = {int(number): body for number, body in _OBJECT.findall(document)}
    pages = [body for body in objects.values() if b"/Type /Page\n" in body]
    return [_text(_referred(objects, page, b"Contents"), _fonts(objects, page)) for page in pages]


def text_of(document: bytes) -> str:
    """Return the text of all pages with every run of white space as one space."""
    return " ".join(" ".join(pages_of(document)).split())


def title_of(document: bytes) -> str:
    """Return the title in the document's properties, if plain."""
    found = re.search(rb"/Title \(([^)]*)\)", document)
    return "" if found is None else found[1].decode("latin-1")


def _referred(objects: dict[int, bytes], body: bytes, key: bytes) -> bytes:
    found = re.search(rb"/" + key + rb" (\d+) 0 R", body)
    assert found is not None, key
    head, _, stream = objects[int(found[1])].partition(b"stream\n")
    if not stream:
        return head
    octets = stream.removesuffix(b"\nendstream")
    return zlib.decompress(octets) if b"/FlateDecode" in head else octets


def _fonts(objects: dict[int, bytes], page: bytes) -> dict[int, dict[int, str]]:
    used = re.findall(rb"/F(\d+) (\d+) 0 R", _referred(objects, page, b"Resources"))
    return {
        int(name): {
            int(glyph, 16): bytes.fromhex(letters.decode()).decode("utf-16-be")
            for glyph, letters in _GLYPH.findall(
                _referred(objects, objects[int(number)], b"ToUnicode")
            )
        }
        for name, number in used
    }


def _text(contents: bytes, fonts: dict[int, dict[int, str]]) -> str:
    lines, font = [], 0
    for name, string in _PIECE.findall(contents):
        if name:
            font = int(name)
            continue
        octets = _ESCAPE.sub(lambda found: _UNESCAPED.get(found[1], found[1]), string)
        glyphs = [octets[at : at + 2] for at in range(0, len(octets), 2)]
        lines.append("".join(fonts[font][int.from_bytes(each)] for each in glyphs))
    return "\n".join(lines)


_UNESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
