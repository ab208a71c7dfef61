r"""
The text of what is signed: plain lines that people read and that can be read in one way only.

    <title>
    <empty>
    <heading of a part>
    <label>: <first line of the value>
        <each further line, four spaces before it>

Labels stand at the beginning of a line and nobody types them; what people typed stands after
them, so no value can pass for another field. What cannot be seen is written out: a control, a
mark that turns the direction of a text, or a character that does not exist as `\u{202e}`, and a
backslash as two.
"""

import re
import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.core.times import require_aware
from schoolgate_policyd.workflow.people import Member

# From when what is signed holds: the time that is kept with it.
NOW = "the moment of this signature"
_INDENT = "    "
_OUR_WORDS = re.compile(r"[A-Z][A-Za-z0-9 ’,'()-]*\Z", re.ASCII)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Line ends are shown as lines; tabs and the joiners that scripts and emoji need stay.
_KEPT = frozenset("\n\t\u200c\u200d")
_WRITTEN_OUT = re.compile(r"\\(?:\\|u\{([0-9a-f]{1,6})\})")


class Part(msgspec.Struct, frozen=True):
    """A part of a text with its fields: label and value, in their order."""

    heading: str
    fields: tuple[tuple[str, str], ...]


def signed_text(title: str, parts: tuple[Part, ...]) -> str:
    """Return the text. Raises ValueError for titles and labels that are not words of ours."""
    lines = [_ours(title)]
    for part in parts:
        lines += ["", _ours(part.heading)]
        for label, value in part.fields:
            lines.append(f"{_ours(label)}: {_continued(value)}")
    return "\n".join(lines) + "\n"


def read_signed_text(text: str) -> tuple[str, tuple[Part, ...]]:
    """Return title and parts of *text*. Raises ValueError for what `signed_text` never makes."""
    title, *parts = text.removesuffix("\n").split("\n\n")
    read = title, tuple(_part(each) for each in parts)
    if signed_text(*read) != text:
        raise ValueError("this is no text that was to be signed")
    return read


def visible(text: str) -> str:
    """Return *text* with everything written out that a reader could not see."""
    return "".join(_shown(character) for character in text)


def moment_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return an aware moment as the school's wall clock shows it, with how far it is from UTC."""
    local = require_aware(moment).astimezone(zone)
    return f"{day_words(local)}, {local:%H:%M} (UTC{local:%:z})"


def person_words(name: str, person: str) -> str:
    """Return a person by name and id: two may have one name."""
    return f"{name} ({person})"


def signature_part(signer: Member, *more: tuple[str, str]) -> Part:
    """Return the part that says who signs, with which each text ends."""
    return Part("Signature", (("Signed by", person_words(signer.name, signer.id)), *more))


def _ours(words: str) -> str:
    if not _OUR_WORDS.match(words.replace("’", "'")):
        raise ValueError(f"not a label of ours: {words!r}")
    return words


def _continued(value: str) -> str:
    return visible(value).replace("\n", "\n" + _INDENT)


def _shown(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character in _KEPT or unicodedata.category(character) not in _HIDDEN:
        return character
    return f"\\u{{{ord(character):x}}}"


def _part(text: str) -> Part:
    heading, *lines = text.split("\n")
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(_INDENT) and fields:
            label, value = fields.pop()
            fields.append((label, f"{value}\n{line.removeprefix(_INDENT)}"))
            continue
        label, colon, value = line.partition(": ")
        if not colon:
            raise ValueError("a line has neither a label nor an indent")
        fields.append((label, value))
    return Part(heading, tuple((label, _typed(value)) for label, value in fields))


def _typed(value: str) -> str:
    return _WRITTEN_OUT.sub(
        lambda found: "\\" if found[1] is None else chr(int(found[1], 16)), value
    )
