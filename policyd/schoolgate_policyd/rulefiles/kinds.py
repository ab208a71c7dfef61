"""Which kinds of rule file there are: where each lies, and what reads it."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from schoolgate_policyd.rulefiles.catalogue_files import (
    CATEGORIES_FILE,
    catalogue_readers,
    read_catalogue,
)
from schoolgate_policyd.rulefiles.day_files import calendar_file, timetable_file
from schoolgate_policyd.rulefiles.fields import Reader
from schoolgate_policyd.rulefiles.folders import Definitions
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import MappingNode, Node
from schoolgate_policyd.rulefiles.rule_syntax import RuleContext, rules_file
from schoolgate_policyd.rulefiles.school_files import school_file


class FileKind(StrEnum):
    """The kinds of rule file, by the name of their schema."""

    POLICY = "policy"
    RULES = "rules"
    CATEGORIES = "categories"
    LIST = "list"
    SUBSCRIPTION = "subscription"
    SERVICES = "services"
    HELP_LINES = "help-lines"
    ESSENTIALS = "essentials"
    NEVER_INSPECTED = "never-inspected"
    SAFE_SEARCH = "safe-search"
    TIMETABLE = "timetable"
    CALENDAR = "calendar"


FOLDERS: Mapping[str, FileKind] = {
    "schools": FileKind.POLICY,
    "services": FileKind.SERVICES,
    "categories": FileKind.LIST,
    "lists": FileKind.SUBSCRIPTION,
    "timetables": FileKind.TIMETABLE,
    "calendars": FileKind.CALENDAR,
}
"""The kind of the files in each folder below `rules/`, but for `categories.yaml`."""

_NAMED = {
    "help-lines.yaml": FileKind.HELP_LINES,
    "essentials.yaml": FileKind.ESSENTIALS,
    "never-inspected.yaml": FileKind.NEVER_INSPECTED,
    "safe-search.yaml": FileKind.SAFE_SEARCH,
}
# The first key that a file has says what it is; a school's file has `rules` among others.
_TELLING_KEYS = {
    "document": FileKind.POLICY,
    "social_media": FileKind.POLICY,
    "services": FileKind.SERVICES,
    "list": FileKind.LIST,
    "subscription": FileKind.SUBSCRIPTION,
    "days": FileKind.TIMETABLE,
    "terms": FileKind.CALENDAR,
    "categories": FileKind.CATEGORIES,
    "help_lines": FileKind.HELP_LINES,
    "essentials": FileKind.ESSENTIALS,
    "never_inspected": FileKind.NEVER_INSPECTED,
    "rules": FileKind.RULES,
    "safe_search": FileKind.SAFE_SEARCH,
}


def kind_at(name: PurePosixPath) -> FileKind | None:
    """Return the kind of the file that lies at *name* below the rules folder, if any does."""
    match name.parts:
        case (file,):
            return _NAMED.get(file, FileKind.RULES)
        case ("categories", file) if file == CATEGORIES_FILE:
            return FileKind.CATEGORIES
        case (folder, _):
            return FOLDERS.get(folder)
        case _:
            return None


def kind_by_keys(node: Node) -> FileKind | None:
    """Return the kind of the file whose content is *node*, as far as its keys tell."""
    if not isinstance(node, MappingNode):
        return None
    kinds = (kind for key, kind in _TELLING_KEYS.items() if key in node.entries)
    return next(kinds, None)


def place_of(kind: FileKind, stem: str) -> PurePosixPath:
    """Return where a file of *kind* called *stem* lies below the rules folder."""
    if kind is FileKind.CATEGORIES:
        return PurePosixPath("categories", CATEGORIES_FILE)
    for name, named in _NAMED.items():
        if named is kind:
            return PurePosixPath(name)
    for folder, kept in FOLDERS.items():
        if kept is kind:
            return PurePosixPath(folder, f"{stem}.yaml")
    return PurePosixPath(f"{stem}.yaml")


def file_readers(rules_dir: Path) -> Mapping[FileKind, Reader[Any]]:
    """Return what reads each kind of file, where *rules_dir* says which ids there are."""
    vocabulary = read_catalogue(rules_dir, MistakeBook())
    context = RuleContext(
        vocabulary=vocabulary,
        standing_ids=(),
        social_media=frozenset(),
        document=None,
        rule_ids=Definitions(),
    )
    return {
        FileKind.POLICY: school_file(rules_dir, "school", vocabulary),
        FileKind.RULES: rules_file(context),
        FileKind.TIMETABLE: timetable_file(Path("timetable.yaml")),
        FileKind.CALENDAR: calendar_file(Path("calendar.yaml")),
        **{FileKind(name): read for name, read in catalogue_readers(rules_dir).items()},
    }
