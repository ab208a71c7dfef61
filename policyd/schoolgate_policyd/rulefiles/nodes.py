"""
YAML text as nodes with places, without making a value of anything.

Rule files need texts, lists and mappings only. Whatever else YAML can do is refused here: a tag
could name a Python object, an alias can make a small file a huge one, and a key that stands
twice would silently win. The parser yields events, so a deep file is refused before it is built.

Parsing is nine tenths of what it takes to read a school's rules, most of which all versions of
its policy share. So the nodes of a text are remembered by the text and its path, on which alone
they depend; nobody changes nodes once they are built.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from schoolgate_policyd.rulefiles.mistakes import MistakeBook, Place, shown
from schoolgate_policyd.rulefiles.remembered import Remembered

MAX_FILE_OCTETS = 8 * 1024 * 1024
MAX_DEPTH = 12
MAX_NODES = 200_000
# All that ships has 20,000; each takes some 150 octets, as do 150 letters.
MAX_REMEMBERED_NODES = 100_000
_LETTERS_OF_A_NODE = 150


@dataclass(frozen=True, slots=True)
class TextNode:
    """A scalar as it is written; *is_plain* says that it stands without quotation marks."""

    place: Place
    text: str
    is_plain: bool = True


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list of nodes."""

    place: Place
    items: "list[Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Nodes by name; *key_places* says where each name stands."""

    place: Place
    entries: "dict[str, Node]" = field(default_factory=dict)
    key_places: dict[str, Place] = field(default_factory=dict)


Node = TextNode | ListNode | MappingNode

_remembered = Remembered[Node](MAX_REMEMBERED_NODES)


class _RefusedError(Exception):
    """The file uses what rule files do not."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


def read_nodes(path: Path, book: MistakeBook) -> Node | None:
    """Return what stands in the file at *path*, or note the mistake and return None."""
    is_again = path in book.files
    book.files.add(path)
    laid_over = book.overlay.text_at(path)
    text = read_text(path, book) if laid_over is None else _bounded(laid_over, path, book)
    if text is None:
        return None
    # What is defined twice is told by its node: a file that is read again has nodes of its own.
    return parse_nodes(text, path, book) if is_again else _parsed_once(text, path, book)


def parse_nodes(text: str, path: Path, book: MistakeBook) -> Node | None:
    """Return what *text* says, or note the mistake and return None. Never raises."""
    return _parsed(text, path, book)[0]


def _parsed_once(text: str, path: Path, book: MistakeBook) -> Node | None:
    """Return the same as `parse_nodes`, remembered where nothing is wrong with *text*."""
    known = _remembered.find((path, text))
    if known is not None:
        return known
    noted = book.noted
    node, count = _parsed(text, path, book)
    if node is not None and book.noted == noted:
        # The text is kept too: comments weigh what they are long, though they are no nodes.
        _remembered.keep((path, text), node, count + len(text) // _LETTERS_OF_A_NODE)
    return node


def _parsed(text: str, path: Path, book: MistakeBook) -> tuple[Node | None, int]:
    """Return what *text* says, and of how many nodes it is; None where it is mistaken."""
    builder = _Builder(path, book)
    try:
        return builder.build(_events(text)), builder.count
    except _RefusedError as error:
        book.add(error.place, error.message)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(path) if mark is None else _place(path, mark)
        book.add(place, f"this is not YAML: {_in_words(error.problem)}")
    except ReaderError as error:
        before = text[: error.position]
        column = len(before) - before.rfind("\n")
        place = Place(path, before.count("\n") + 1, column)
        character = text[error.position : error.position + 1]
        book.add(place, f"{shown(character)} cannot stand in a rule file: remove it")
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        # The parser raises these on some broken escapes, directives and tags, without a place.
        book.add(Place(path), "this is not YAML: look for broken escapes, directives or tags")
    return None, builder.count


def read_text(path: Path, book: MistakeBook) -> str | None:
    """Return the text of the file at *path*, or note the mistake and return None."""
    place = Place(path)
    try:
        # A named pipe or a device would never end.
        if not S_ISREG(path.stat().st_mode):
            book.add(place, "this is no ordinary file: put a YAML file in its place")
            return None
        with path.open("rb") as file:
            octets = file.read(MAX_FILE_OCTETS + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be used"
        book.add(place, f"cannot be read: {reason.lower()}")
        return None
    if len(octets) > MAX_FILE_OCTETS:
        book.add(place, f"the file is larger than {MAX_FILE_OCTETS >> 20} MiB: split it")
        return None
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = octets[: error.start]
        column = len(before) - before.rfind(b"\n")
        place = Place(path, before.count(b"\n") + 1, column)
        book.add(place, "this is not UTF-8: save the file in that encoding")
        return None


def _bounded(text: str, path: Path, book: MistakeBook) -> str | None:
    """Return *text* unless it is larger than a file may be."""
    if len(text.encode("utf-8", "surrogatepass")) <= MAX_FILE_OCTETS:
        return text
    book.add(Place(path), f"the text is larger than {MAX_FILE_OCTETS >> 20} MiB: split it")
    return None


def _events(text: str) -> Iterator[Any]:
    # The pure parser, so that every installation reads a file alike; it needs no compiler.
    yield from YAML(typ="safe", pure=True).parse(text)


def _place(path: Path, mark: Any) -> Place:  # noqa: ANN401 - ruamel's marks are untyped
    return Place(path, mark.line + 1, mark.column + 1)


def _in_words(problem: str | None) -> str:
    words = "".join(each if each.isprintable() else "?" for each in problem or "it stops midway")
    return words[:1].lower() + words[1:200]


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read; *key* is the mapping's name that awaits its node."""

    node: ListNode | MappingNode
    key: str | None = None
    is_key_awaited: bool = True


class _Builder:
    """Builds nodes from events with a stack of its own, so that depth is no recursion; counts."""

    def __init__(self, path: Path, book: MistakeBook) -> None:
        self._path = path
        self._book = book
        self._open: list[_Open] = []
        self._root: Node | None = None
        self._documents = 0
        self.count = 0

    def build(self, events: Iterator[Any]) -> Node | None:
        """Return the only document's node."""
        for event in events:
            self._take(event)
        if self._root is None:
            self._book.add(Place(self._path), "the file is empty: see docs/policy-language.md")
        return self._root

    def _take(self, event: Any) -> None:  # noqa: ANN401 - ruamel's events are untyped
        place = _place(self._path, event.start_mark)
        match event:
            case AliasEvent():
                raise _RefusedError(place, "aliases are not used in rule files: write it out")
            case NodeEvent():
                self.count += 1
                if self.count > MAX_NODES:
                    # Parsing is slow, so a large file could keep a gateway busy for minutes.
                    raise _RefusedError(
                        place, f"there are more than {MAX_NODES} entries: split it"
                    )
                self._refuse_extras(event, place)
                self._open_or_add(event, place)
            case CollectionEndEvent():
                self._open.pop()
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _RefusedError(place, "a rule file is one document: remove the `---`")
            case _:
                pass  # the start and end of the stream and the document's end say nothing

    def _refuse_extras(self, event: Any, place: Place) -> None:  # noqa: ANN401 - as above
        if event.anchor is not None:
            message = f"anchors are not used in rule files: remove {shown(f'&{event.anchor}')}"
            raise _RefusedError(place, message)
        if event.tag is not None:
            message = f"tags are not used in rule files: remove {shown(str(event.tag))}"
            raise _RefusedError(place, message)

    def _open_or_add(self, event: Any, place: Place) -> None:  # noqa: ANN401 - as above
        if isinstance(event, ScalarEvent):
            # A plain scalar's style is None, or empty in some versions.
            self._add(TextNode(place, event.value, is_plain=not event.style))
            return
        if len(self._open) >= MAX_DEPTH:
            raise _RefusedError(place, f"this is nested more than {MAX_DEPTH} deep: flatten it")
        is_mapping = isinstance(event, MappingStartEvent)
        node = MappingNode(place) if is_mapping else ListNode(place)
        self._add(node)
        self._open.append(_Open(node))

    def _add(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent.node, ListNode):
            parent.node.items.append(node)
        elif parent.is_key_awaited:
            parent.key = self._new_key(parent.node, node)
            parent.is_key_awaited = False
        else:
            if parent.key is not None:
                parent.node.entries[parent.key] = node
            parent.is_key_awaited = True

    def _new_key(self, mapping: MappingNode, node: Node) -> str | None:
        if not isinstance(node, TextNode):
            raise _RefusedError(node.place, "a key must be a word: is a bracket misplaced?")
        first = mapping.key_places.setdefault(node.text, node.place)
        if first is node.place:
            return node.text
        message = f"{shown(node.text)} already stands in line {first.line}: remove one of them"
        self._book.add(node.place, message)
        return None
