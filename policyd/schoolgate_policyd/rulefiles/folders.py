"""The rules folder: which files there are, and which ids they define where."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from schoolgate_policyd.rulefiles.fields import ID, Reader, identifier
from schoolgate_policyd.rulefiles.mistakes import (
    Mistake,
    MistakeBook,
    Place,
    RuleFileErrors,
    shown,
)
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.overlay import MAX_TEXTS, Overlay, may_be_overlaid
from schoolgate_policyd.rulefiles.survey import Schema, accepts

MAX_FILES = 1000
SUFFIX = ".yaml"


def files_in(folder: Path, book: MistakeBook) -> tuple[Path, ...] | None:
    """Return the rule files of *folder*, sorted, without hidden ones; None if it is unusable."""
    try:
        found = {path for path in folder.iterdir() if not path.name.startswith(".")}
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        book.add(Place(folder), f"the folder cannot be read: {reason}")
        return None
    paths = sorted(found | book.overlay.paths_in(folder))
    for path in paths:
        if path.suffix == ".yml":
            book.add(Place(path), "a rule file's name ends in `.yaml`: rename it")
    files = tuple(path for path in paths if path.suffix == SUFFIX)
    if len(files) > MAX_FILES:
        book.add(Place(folder), f"there are more than {MAX_FILES} files: join some")
        return None
    return files


def file_named(
    folder: Path, id_: str, what: str, named_at: Place, book: MistakeBook
) -> Path | None:
    """Return the file of the *what* (a timetable) called *id_*, which stands at *named_at*."""
    try:
        known = {path.stem: path for path in folder.iterdir() if path.suffix == SUFFIX}
    except OSError:
        known = {}
    known |= {path.stem: path for path in book.overlay.paths_in(folder)}
    if id_ not in known:
        book.add_unknown(named_at, f"{what} in {folder.name}/", id_, sorted(known))
    return known.get(id_)


def overlay_of(rules_dir: Path, school: str, texts: Mapping[str, str]) -> Overlay:
    """
    Return *texts*, by their paths below *rules_dir*, as an overlay for *school*.

    Raises RuleFileErrors for a path that is not of the school's own.
    """
    remedy = "a policy holds its school's file, timetables, calendars and own sites alone"
    mistakes = tuple(
        Mistake(rules_dir, 1, 1, f"{shown(path)} is none of the school's own files: {remedy}")
        for path in sorted(texts)
        if not may_be_overlaid(path, school)
    )
    if len(texts) > MAX_TEXTS:
        message = f"a policy has at most {MAX_TEXTS} files: remove some"
        mistakes = (Mistake(rules_dir, 1, 1, message),)
    if mistakes:
        raise RuleFileErrors(mistakes)
    return Overlay({rules_dir / path: text for path, text in texts.items()})


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

        @accepts(ID)
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


def id_schema(what: str, known: Collection[str]) -> Schema:
    """Return what accepts any id, and offers *known*: a school may add its own."""
    if not known:
        return ID
    return {"title": f"the id of a {what}", "anyOf": [{"enum": sorted(known)}, ID]}


def ids_in(folder: Path) -> frozenset[str]:
    """Return the ids that the files of *folder* are called by."""
    return frozenset(path.stem for path in files_in(folder, MistakeBook()) or ())


def known_id(what: str, known: Collection[str], *, is_complete: bool = True) -> Reader[str]:
    """
    Return a reader of an id that must be one of *known*.

    Unless *known* is complete an unknown id is let pass: its file could not be read, which is a
    mistake already, and one slip must not be reported a hundred times.
    """

    @accepts(lambda: id_schema(what, known))
    def read(node: Node, book: MistakeBook) -> str | None:
        id_ = identifier(node, book)
        if id_ is None or id_ in known or not is_complete:
            return id_
        book.add_unknown(node.place, what, id_, sorted(known))
        return None

    return read
