"""
Every mistake in what a path names: a rules folder, a part of one, or a file lying anywhere.

A file is checked together with the rules folder that it lies in. One that lies elsewhere is
checked as if it lay in the configured folder, where its keys say that it belongs.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from schoolgate_policyd.rulefiles.catalogue_files import Vocabulary, read_catalogue
from schoolgate_policyd.rulefiles.day_files import read_calendar, read_timetable
from schoolgate_policyd.rulefiles.fields import is_id
from schoolgate_policyd.rulefiles.folders import SUFFIX, Definitions, files_in
from schoolgate_policyd.rulefiles.kinds import FileKind, kind_at, kind_by_keys, place_of
from schoolgate_policyd.rulefiles.mistakes import Mistake, MistakeBook, Place, printable
from schoolgate_policyd.rulefiles.nodes import parse_nodes, read_nodes, read_text
from schoolgate_policyd.rulefiles.overlay import Overlay
from schoolgate_policyd.rulefiles.rule_syntax import RuleContext, rules_file
from schoolgate_policyd.rulefiles.school_files import school_file

# A folder with two of these is a rules folder; one alone may be anybody's.
_MARKS = ("categories/categories.yaml", "schools", "services", "baseline.yaml")
_FEWEST_MARKS = 2


@dataclass(frozen=True, slots=True)
class Findings:
    """What a check found; *files* are those that it read."""

    mistakes: tuple[Mistake, ...]
    files: frozenset[Path]


def check_path(target: str | None, rules_dir: Path) -> Findings:
    """
    Return every mistake in what *target* names.

    It names a school in *rules_dir*, a folder or a file; None is all of *rules_dir*. Whatever it
    is, a mistake tells what is wrong with it: nothing is raised.
    """
    book = MistakeBook()
    if target is None:
        return _check_folder(rules_dir, book)
    path = Path(target)
    if is_id(target) and (_is_school(target, rules_dir) or not _is_there(path)):
        return _check_school(target, rules_dir, book)
    try:
        path = Path(os.path.realpath(target, strict=True))
        if path.is_dir():
            return _check_inside(path, book)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be used"
        book.add(Place(Path(target)), f"cannot be read: {reason.lower()}")
        return _found(book)
    return _check_file(path, rules_dir, book)


def _is_school(name: str, rules_dir: Path) -> bool:
    return _is_there(rules_dir / "schools" / f"{name}{SUFFIX}")


def _is_there(path: Path, claim: Callable[[Path], bool] = Path.exists) -> bool:
    try:
        return claim(path)
    except (OSError, ValueError):
        return False


def _found(book: MistakeBook) -> Findings:
    return Findings(book.mistakes(), frozenset(book.files))


def _check_folder(rules_dir: Path, book: MistakeBook) -> Findings:
    """Check every file of a rules folder, and each school in turn."""
    if not _is_there(rules_dir, Path.is_dir):
        book.add(Place(rules_dir), "there is no folder of rules here: name the one to check")
        return _found(book)
    vocabulary = read_catalogue(rules_dir, book)
    for path in files_in(rules_dir / "schools", book) or ():
        _check_school_at(path, rules_dir, vocabulary, book)
    _check_unused(rules_dir, vocabulary, book)
    return _found(book)


def _check_school(school: str, rules_dir: Path, book: MistakeBook) -> Findings:
    schools = rules_dir / "schools"
    known = {path.stem: path for path in files_in(schools, book) or ()}
    if school in known:
        vocabulary = read_catalogue(rules_dir, book)
        _check_school_at(known[school], rules_dir, vocabulary, book)
    else:
        book.add_unknown(Place(schools), "school here, nor a file", school, sorted(known))
    return _found(book)


def _check_school_at(
    path: Path, rules_dir: Path, vocabulary: Vocabulary, book: MistakeBook
) -> None:
    if not is_id(path.stem):
        message = "a school's file is called by an id: rename it to lower-case words and hyphens"
        book.add(Place(path), message)
    node = read_nodes(path, book)
    if node is not None:
        school_file(rules_dir, path.stem, vocabulary)(node, book)


def _check_unused(rules_dir: Path, vocabulary: Vocabulary, book: MistakeBook) -> None:
    """Check the timetables, calendars and shared rules that no school has drawn in."""
    for folder, read in (("timetables", read_timetable), ("calendars", read_calendar)):
        for path in _unread(files_in(rules_dir / folder, book), book):
            read(path, book)
    for path in _unread(files_in(rules_dir, book), book):
        if kind_at(PurePosixPath(path.name)) is not FileKind.RULES:
            continue
        node = read_nodes(path, book)
        context = RuleContext(
            vocabulary=vocabulary,
            standing_ids=(),
            social_media=frozenset(),
            document=None,
            rule_ids=Definitions(),
        )
        if node is not None:
            rules_file(context)(node, book)


def _unread(paths: Iterable[Path] | None, book: MistakeBook) -> list[Path]:
    return [path for path in paths or () if path not in book.files]


def _check_inside(folder: Path, book: MistakeBook) -> Findings:
    """Check a rules folder, or the part of one that *folder* is."""
    rules_dir = _rules_folder_of(folder)
    if rules_dir is None:
        message = "there are no rule files here: name a rules folder, or a file"
        book.add(Place(folder), message)
        return _found(book)
    found = _check_folder(rules_dir, book)
    return Findings(
        mistakes=tuple(each for each in found.mistakes if each.path.is_relative_to(folder)),
        files=frozenset(path for path in found.files if path.is_relative_to(folder)),
    )


def _rules_folder_of(path: Path) -> Path | None:
    """Return the rules folder that *path* is or lies in."""
    for folder in (path, *path.parents):
        if sum(_is_there(folder / mark) for mark in _MARKS) >= _FEWEST_MARKS:
            return folder
    return None


def _check_file(path: Path, rules_dir: Path, book: MistakeBook) -> Findings:
    """Check the file at *path* in the rules folder it lies in, else in *rules_dir*."""
    own_dir = _rules_folder_of(path.parent)
    kind = None if own_dir is None else kind_at(PurePosixPath(path.relative_to(own_dir)))
    if own_dir is None or kind is None or path.suffix != SUFFIX:
        return _check_stray(path, rules_dir, book)
    if kind is FileKind.POLICY:
        return _check_school(path.stem, own_dir, book)
    return _check_folder(own_dir, book)


def _check_stray(path: Path, rules_dir: Path, book: MistakeBook) -> Findings:
    """Check a file as if it lay in *rules_dir*, where its keys say that it belongs."""
    text = read_text(path, book)
    node = None if text is None else parse_nodes(text, path, book)
    if text is None or node is None:
        return _found(book)
    kind = kind_by_keys(node)
    if kind is None:
        message = "no key of it says what it is: see docs/policy-language.md for the kinds of file"
        book.add(node.place, message)
        return _found(book)
    laid_at = rules_dir / place_of(kind, path.stem)
    overlaid = MistakeBook(Overlay({laid_at: text}))
    if kind is FileKind.POLICY:
        found = _check_school_laid(laid_at, rules_dir, overlaid)
    else:
        found = _check_folder(rules_dir, overlaid)
    moved = (_moved(each, laid_at, path) for each in found.mistakes)
    files = frozenset(path if each == laid_at else each for each in found.files)
    return Findings(tuple(sorted(moved)), files)


def _check_school_laid(path: Path, rules_dir: Path, book: MistakeBook) -> Findings:
    _check_school_at(path, rules_dir, read_catalogue(rules_dir, book), book)
    return _found(book)


def _moved(mistake: Mistake, laid_at: Path, path: Path) -> Mistake:
    """Return *mistake* with the file's own place instead of the one that it was laid at."""
    message = mistake.message.replace(printable(str(laid_at)), printable(str(path)))
    place = path if mistake.path == laid_at else mistake.path
    return Mistake(place, mistake.line, mistake.column, message)
