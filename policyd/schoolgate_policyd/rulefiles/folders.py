"""The rules folder: which files there are, and which ids they define where."""

from collections.abc import Collection, Iterable
from pathlib import Path

from schoolgate_policyd.rulefiles.fields import Reader, identifier
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, Place, shown
from schoolgate_policyd.rulefiles.nodes import Node

MAX_FILES = 1000
SUFFIX = ".yaml"


def files_in(folder: Path, book: MistakeBook) -> tuple[Path, ...] | None:
    """Return the rule files of *folder*, sorted, without hidden ones; None if it is unusable."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        book.add(Place(folder), f"the folder cannot be read: {reason}")
        return None
    for path in paths:
        if path.suffix == ".yml":
            book.add(Place(path), "a rule file's name ends in `.yaml`: rename it")
    found = tuple(path for path in paths if path.suffix == SUFFIX)
    if len(found) > MAX_FILES:
        book.add(Place(folder), f"there are more than {MAX_FILES} files: join some")
        return None
    return found


def file_named(
    folder: Path, id_: str, what: str, named_at: Place, book: MistakeBook
) -> Path | None:
    """Return the file of the *what* (a timetable) called *id_*, which stands at *named_at*."""
    try:
        known = {path.stem: path for path in folder.iterdir() if path.suffix == SUFFIX}
    except OSError:
        known = {}
    if id_ not in known:
        book.add_unknown(named_at, f"{what} in {folder.name}/", id_, sorted(known))
    return known.get(id_)


class Definitions:
    """Which ids are defined where, so that none is defined twice."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._places: dict[str, tuple[str, Place]] = {}
        self._reserved = frozenset(reserved)

    def ids(self, what: str) -> frozenset[str]:
        """Return the ids of every *what* (service, category)."""
        return frozenset(id_ for id_, (kind, _) in self._places.items() if kind == what)

    def defining(self, what: str) -> Reader[str]:
        """Return a reader of the id of a *what*, which must be new."""

        def read(node: Node, book: MistakeBook) -> str | None:
            id_ = identifier(node, book)
            if id_ is None:
                return None
            if id_ in self._reserved:
                book.add(node.place, f"{shown(id_)} has a meaning of its own: choose another id")
                return None
            kind, first = self._places.setdefault(id_, (what, node.place))
            if first is node.place:
                return id_
            message = f"there is a {kind} {shown(id_)} already, in {first}: choose another id"
            book.add(node.place, message)
            return None

        return read


def known_id(what: str, known: Collection[str], *, is_complete: bool = True) -> Reader[str]:
    """
    Return a reader of an id that must be one of *known*.

    Unless *known* is complete an unknown id is let pass: its file could not be read, which is a
    mistake already, and one slip must not be reported a hundred times.
    """

    def read(node: Node, book: MistakeBook) -> str | None:
        id_ = identifier(node, book)
        if id_ is None or id_ in known or not is_complete:
            return id_
        book.add_unknown(node.place, what, id_, sorted(known))
        return None

    return read
