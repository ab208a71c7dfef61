"""
Nodes to typed values: small readers that note what is wrong and go on.

A `Reader` takes a node and the book of mistakes and returns the value, or None when it has noted
why there is none. `Entries` reads a mapping key by key.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from schoolgate_policyd.rulefiles.mistakes import MistakeBook, Place, alternatives, shown
from schoolgate_policyd.rulefiles.nodes import ListNode, MappingNode, Node, TextNode
from schoolgate_policyd.rulefiles.survey import Schema, Survey, accepts, any_of, schema_of

MAX_TEXT_CHARACTERS = 2000
MAX_ID_CHARACTERS = 64

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z", re.ASCII)
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}\Z", re.ASCII)
_NOTHING = frozenset({"~", "null", "Null", "NULL"})

# Rule files hold texts alone, but an editor takes `2022` for a number and `true` for a truth.
_SCALAR = ["string", "number", "boolean"]
TEXT: Schema = {"type": _SCALAR, "pattern": r"\S"}
ID: Schema = {
    "title": "an id",
    "description": "Lower-case words of letters and digits, joined by hyphens.",
    "type": _SCALAR,
    "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
}

type Reader[T] = Callable[[Node, MistakeBook], T | None]


class Entries:
    """The entries of one mapping; *what* names it in messages, as "a rule"."""

    def __init__(
        self, what: str, node: MappingNode, known: tuple[str, ...], book: MistakeBook
    ) -> None:
        self.place = node.place
        self._what = what
        self._entries: Mapping[str, Node] = node.entries
        self._book = book
        for key, place in node.key_places.items():
            if key not in known:
                book.add_unknown(place, f"key of {what}", key, known)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in it."""
        return not self._entries

    def place_of(self, key: str) -> Place:
        """Return where the value of *key* stands, or the mapping where it has none."""
        node = self._entries.get(key)
        return self.place if node is None else node.place

    def required[T](self, key: str, read: Reader[T]) -> T | None:
        """Return what *read* makes of the entry; its absence is a mistake."""
        if key not in self._entries:
            self._book.add(self.place, f"{self._what} needs `{key}`: add it")
            return None
        return read(self._entries[key], self._book)

    def optional[T, D](self, key: str, read: Reader[T], default: D) -> T | D:
        """Return what *read* makes of the entry; *default* where it is absent or mistaken."""
        if key not in self._entries:
            return default
        value = read(self._entries[key], self._book)
        return default if value is None else value


class _SurveyedEntries(Entries):
    """Notes which keys a mapping may have, and what each of them accepts."""

    def __init__(
        self, what: str, survey: Survey, known: tuple[str, ...], book: MistakeBook
    ) -> None:
        super().__init__(what, MappingNode(survey.place), known, book)
        self._has_all_keys = survey.has_all_keys
        self._properties: dict[str, Schema] = {key: {} for key in known}
        self._required: list[str] = []
        survey.accepted.append(
            {
                "title": what,
                "type": "object",
                "properties": self._properties,
                "required": self._required,
                "additionalProperties": False,
            }
        )

    def __contains__(self, key: str) -> bool:
        return self._has_all_keys

    @property
    def is_empty(self) -> bool:
        return False

    def required[T](self, key: str, read: Reader[T]) -> T | None:
        self._required.append(key)
        return self.optional(key, read, default=None)

    def optional[T, D](self, key: str, read: Reader[T], default: D) -> T | D:
        self._properties[key] = any_of([self._properties[key], schema_of(read)])
        return default


def mapping(
    what: str, node: Node | Survey, known: tuple[str, ...], book: MistakeBook
) -> Entries | None:
    """Return the entries of *node*, of which *known* are allowed."""
    if isinstance(node, Survey):
        return _SurveyedEntries(what, node, known, book)
    if isinstance(node, MappingNode):
        return Entries(what, node, known, book)
    book.add(node.place, f"{what} is written as keys with values: begin with `{known[0]}:`")
    return None


@accepts(TEXT)
def text(node: Node, book: MistakeBook) -> str | None:
    """Return a text in one line, with its runs of white space made single spaces."""
    if not isinstance(node, TextNode):
        book.add(node.place, "a text must stand here: put one in quotation marks")
        return None
    words = " ".join(node.text.split())
    if not words or (node.is_plain and words in _NOTHING):
        book.add(node.place, "nothing stands here: write a text, or remove the key")
    elif len(words) > MAX_TEXT_CHARACTERS:
        book.add(node.place, f"the text is longer than {MAX_TEXT_CHARACTERS} characters: cut it")
    elif not words.isprintable():
        book.add(node.place, f"{shown(words)} has characters that cannot be printed: remove them")
    else:
        return words
    return None


def is_id(word: str) -> bool:
    """Whether *word* can be an id."""
    return len(word) <= MAX_ID_CHARACTERS and _ID.match(word) is not None


@accepts(ID)
def identifier(node: Node, book: MistakeBook) -> str | None:
    """Return an id: lower-case words of letters and digits, joined by hyphens."""
    word = text(node, book)
    if word is None:
        return None
    if not is_id(word):
        message = f"{shown(word)} cannot be an id: write lower-case words joined by hyphens"
        book.add(node.place, message)
        return None
    return word


@accepts({"type": "boolean"})
def truth(node: Node, book: MistakeBook) -> bool | None:
    """Return a yes or no."""
    if isinstance(node, TextNode) and node.is_plain and node.text in {"true", "false"}:
        return node.text == "true"
    written = f"{shown(node.text)} is" if isinstance(node, TextNode) else "this is"
    book.add(node.place, f"{written} neither `true` nor `false`: write one of them")
    return None


def whole_number(low: int, high: int) -> Reader[int]:
    """Return a reader of whole numbers in [low, high]."""

    @accepts(
        {"type": ["integer", "string"], "minimum": low, "maximum": high, "pattern": "^-?[0-9]+$"}
    )
    def read(node: Node, book: MistakeBook) -> int | None:
        if isinstance(node, TextNode) and _WHOLE_NUMBER.match(node.text):
            number = int(node.text)
            if low <= number <= high:
                return number
        written = f"{shown(node.text)} is" if isinstance(node, TextNode) else "this is"
        book.add(node.place, f"{written} no whole number from {low} to {high}: write one")
        return None

    return read


def choice[E: StrEnum](what: str, of: type[E]) -> Reader[E]:
    """Return a reader of the words of an enumeration; *what* names it in messages."""
    members = {member.value: member for member in of}

    @accepts({"title": _with_article(what), "enum": list(members)})
    def read(node: Node, book: MistakeBook) -> E | None:
        word = text(node, book)
        if word is None:
            return None
        if word not in members:
            book.add_unknown(node.place, what, word, members)
        return members.get(word)

    return read


def one_of[T](what: str, meanings: Mapping[str, T]) -> Reader[T]:
    """Return a reader of one of the words of *meanings*."""

    @accepts({"enum": list(meanings)})
    def read(node: Node, book: MistakeBook) -> T | None:
        word = text(node, book)
        if word is None:
            return None
        if word not in meanings:
            message = f"{shown(word)} is no {what}: write {alternatives(meanings)}"
            book.add(node.place, message)
        return meanings.get(word)

    return read


def list_of[T](read: Reader[T]) -> Reader[tuple[T, ...]]:
    """Return a reader of lists with at least one item, each read by *read*, none twice."""

    @accepts(lambda: _array(read) | {"minItems": 1, "uniqueItems": True})
    def read_list(node: Node, book: MistakeBook) -> tuple[T, ...] | None:
        if not isinstance(node, ListNode):
            book.add(node.place, "a list must stand here: write it as `[…, …]`")
            return None
        if not node.items:
            book.add(node.place, "the list is empty: fill it, or remove the key")
            return None
        values = [(item.place, read(item, book)) for item in node.items]
        seen: dict[T, Place] = {}
        for place, value in values:
            if value is not None and seen.setdefault(value, place) is not place:
                first = seen[value].line
                book.add(place, f"this stands in the list already, in line {first}: remove one")
        return tuple(seen) if len(seen) == len(values) else None

    return read_list


def each_of[T](read: Reader[T]) -> Reader[tuple[T, ...]]:
    """Return a reader of lists that gives what *read* makes of the items without a mistake."""

    @accepts(lambda: _array(read))
    def read_items(node: Node, book: MistakeBook) -> tuple[T, ...] | None:
        if not isinstance(node, ListNode):
            book.add(node.place, "a list must stand here: begin each item with `- `")
            return None
        values = [read(item, book) for item in node.items]
        return tuple(value for value in values if value is not None)

    return read_items


def only_list[T](what: str, key: str, read: Reader[T]) -> Reader[tuple[T, ...]]:
    """Return a reader of a file whose only key is *key*, with a list under it."""

    def read_file(node: Node, book: MistakeBook) -> tuple[T, ...] | None:
        entries = mapping(what, node, (key,), book)
        return None if entries is None else entries.required(key, each_of(read))

    return read_file


def one_or_more[T](read: Reader[T]) -> Reader[tuple[T, ...]]:
    """Return a reader of one value alone or a list of them."""
    several = list_of(read)

    @accepts(lambda: any_of([schema_of(read), schema_of(several)]))
    def read_them(node: Node, book: MistakeBook) -> tuple[T, ...] | None:
        if isinstance(node, ListNode):
            return several(node, book)
        value = read(node, book)
        return None if value is None else (value,)

    return read_them


def one_or_more_in_set[T](read: Reader[T]) -> Reader[frozenset[T]]:
    """Return a reader of one value alone or a list of them, whose order does not matter."""
    several = one_or_more(read)

    def read_set(node: Node, book: MistakeBook) -> frozenset[T] | None:
        values = several(node, book)
        return None if values is None else frozenset(values)

    return read_set


def _array(read: Reader[Any]) -> Schema:
    return {"type": "array", "items": schema_of(read)}


def _with_article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"
