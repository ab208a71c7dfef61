"""A school's file, with everything it draws in: the root of reading."""

import dataclasses
import re
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from schoolgate_policyd.core.policy import Document, Policy, StandingDefinition
from schoolgate_policyd.core.rules import Rule
from schoolgate_policyd.core.times import SchoolTime
from schoolgate_policyd.rulefiles.catalogue_files import Vocabulary, read_catalogue
from schoolgate_policyd.rulefiles.day_files import read_calendar, read_timetable, working_hours
from schoolgate_policyd.rulefiles.fields import Entries, Reader, identifier, list_of, mapping, text
from schoolgate_policyd.rulefiles.folders import Definitions, file_named, files_in, known_id
from schoolgate_policyd.rulefiles.mistakes import (
    Mistake,
    MistakeBook,
    Place,
    RuleFileErrors,
    shown,
)
from schoolgate_policyd.rulefiles.nodes import Node, read_nodes
from schoolgate_policyd.rulefiles.preset import Preset
from schoolgate_policyd.rulefiles.preset_notes import NOTE_KEYS, read_notes
from schoolgate_policyd.rulefiles.rule_syntax import RuleContext, rules_of
from schoolgate_policyd.rulefiles.social_media import (
    SocialMedia,
    coverage_message,
    read_social_media,
    uncovered,
)

BASELINE = "baseline"
SCHOOL_KEYS = (
    "document",
    "include",
    "timetable",
    "calendar",
    "staff_hours",
    "zone",
    "standing",
    "social_media",
    "rules",
    *NOTE_KEYS,
)

_YEAR_AND_MONTH = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])\Z", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*\Z", re.ASCII)
_NOT_INCLUDED = frozenset({"essentials", "help-lines", "never-inspected"})
# Stands in where the school's own document is mistaken, so that no rule is blamed for it.
_UNREADABLE_DOCUMENT = Document(title="unreadable", version="unreadable")


def load_preset(rules_dir: Path, school: str) -> Preset:
    """
    Return what the rule files in *rules_dir* say for *school*, with its notes.

    Raises RuleFileErrors with every mistake of every file, and nothing else.
    """
    book = MistakeBook()
    preset = None
    if rules_dir.is_dir():
        vocabulary = read_catalogue(rules_dir, book)
        schools = rules_dir / "schools"
        path = file_named(schools, school, "school", Place(schools), book)
        node = None if path is None else read_nodes(path, book)
        entries = None if node is None else mapping("a school's file", node, SCHOOL_KEYS, book)
        if entries is not None:
            preset = _SchoolFile(rules_dir, entries, vocabulary, book).read(school)
    else:
        book.add(Place(rules_dir), "there is no folder of rules here: name the one to load")
    mistakes = book.mistakes()
    if mistakes or preset is None:
        raise RuleFileErrors(mistakes)
    return preset


def load_policy(rules_dir: Path, school: str) -> Policy:
    """
    Return the policy of *school* from the rule files in *rules_dir*.

    Raises RuleFileErrors with every mistake of every file, and nothing else.
    """
    return load_preset(rules_dir, school).policy


def check_rules(rules_dir: Path, school: str) -> tuple[Mistake, ...]:
    """Return every mistake in the rule files of *school*: none when they can be used."""
    try:
        load_preset(rules_dir, school)
    except RuleFileErrors as errors:
        return errors.mistakes
    return ()


class _SchoolFile:
    """Reads one school's file; whatever is mistaken is noted and the rest is read all the same."""

    def __init__(
        self, rules_dir: Path, entries: Entries, vocabulary: Vocabulary, book: MistakeBook
    ) -> None:
        self._rules_dir = rules_dir
        self._entries = entries
        self._vocabulary = vocabulary
        self._book = book

    def read(self, school: str) -> Preset | None:
        document = self._entries.required("document", _document)
        school_time = self._school_time()
        standing_definitions = Definitions()
        standing = self._entries.optional(
            "standing", list_of(_standing(standing_definitions)), default=()
        )
        social = self._entries.required("social_media", self._social_media)
        context = RuleContext(
            vocabulary=self._vocabulary,
            standing_ids=standing_definitions.ids(_STANDING),
            social_media=frozenset() if social is None else social.ids,
            document=document or _UNREADABLE_DOCUMENT,
            rule_ids=Definitions(),
        )
        rules = self._rules(context)
        if rules is not None and social is not None:
            self._require_coverage(rules, social)
        zone = ZoneInfo("UTC" if school_time is None else school_time.zone)
        notes = read_notes(self._entries, context, zone)
        if document is None or school_time is None or rules is None or social is None:
            return None
        policy = Policy(
            id=school,
            document=document,
            rules=rules,
            catalogue=self._vocabulary.catalogue,
            school_time=school_time,
            social_media=social.ids,
            standing=standing,
        )
        return Preset(
            policy=policy, notes=msgspec.structs.replace(notes, social_media=social.notes)
        )

    def _school_time(self) -> SchoolTime | None:
        zone = self._entries.required("zone", _zone)
        hours = self._entries.required("staff_hours", working_hours)
        timetable_path = self._day_file("timetable")
        timetable = None if timetable_path is None else read_timetable(timetable_path, self._book)
        calendar_path = self._day_file("calendar")
        calendar = None if calendar_path is None else read_calendar(calendar_path, self._book)
        if zone is None or hours is None or timetable is None or calendar is None:
            return None
        return SchoolTime(zone=zone, calendar=calendar, timetable=timetable, staff_hours=hours)

    def _day_file(self, kind: str) -> Path | None:
        """Return the file of the school's timetable or calendar."""
        id_ = self._entries.required(kind, identifier)
        if id_ is None:
            return None
        folder = self._rules_dir / f"{kind}s"
        return file_named(folder, id_, kind, self._entries.place_of(kind), self._book)

    def _social_media(self, node: Node, book: MistakeBook) -> SocialMedia | None:
        return read_social_media(node, self._vocabulary, book)

    def _rules(self, context: RuleContext) -> tuple[Rule, ...] | None:
        """Return the included rules and the school's own, or None if any is mistaken."""
        paths = self._entries.required("include", self._included) or ()
        shared = [self._rules_in(path, context) for path in paths]
        own = rules_of(self._entries, context)
        if own is None or any(rules is None for rules in shared):
            return None
        return (*(rule for rules in shared for rule in rules or ()), *own)

    def _included(self, node: Node, book: MistakeBook) -> tuple[Path, ...] | None:
        known = {
            path.stem: path
            for path in files_in(self._rules_dir, book) or ()
            if path.stem not in _NOT_INCLUDED
        }
        names = list_of(known_id("file of rules in the rules folder", known))(node, book)
        if names is None:
            return None
        if BASELINE not in names:
            message = f"every school includes `{BASELINE}`, what all schools must block: add it"
            book.add(node.place, message)
        return tuple(known[name] for name in names)

    def _rules_in(self, path: Path, context: RuleContext) -> tuple[Rule, ...] | None:
        node = read_nodes(path, self._book)
        entries = None if node is None else mapping(path.name, node, ("rules",), self._book)
        # A shared file cites its own sources: no school's sections are meant.
        shared = dataclasses.replace(context, document=None)
        return None if entries is None else rules_of(entries, shared)

    def _require_coverage(self, rules: tuple[Rule, ...], social: SocialMedia) -> None:
        audiences = uncovered(rules, social.ids)
        if audiences:
            self._book.add(self._entries.place_of("rules"), coverage_message(audiences))


_STANDING = "standing permission"


def _document(node: Node, book: MistakeBook) -> Document | None:
    entries = mapping("a document", node, ("title", "version", "review"), book)
    if entries is None:
        return None
    title = entries.required("title", text)
    version = entries.required("version", text)
    review = entries.optional("review", _year_and_month, default=None)
    if title is None or version is None:
        return None
    return Document(title=title, version=version, review=review)


def _year_and_month(node: Node, book: MistakeBook) -> str | None:
    written = text(node, book)
    if written is None or _YEAR_AND_MONTH.match(written):
        return written
    book.add(node.place, f"{shown(written)} is no year and month: write it as `2024-09`")
    return None


def _zone(node: Node, book: MistakeBook) -> str | None:
    written = text(node, book)
    if written is None:
        return None
    try:
        # The pattern keeps the name inside the folder of zones.
        zone = ZoneInfo(written) if _ZONE.match(written) else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None
    if zone is None:
        book.add(node.place, f"{shown(written)} is no time zone: write one like `Europe/London`")
        return None
    return written


def _standing(definitions: Definitions) -> Reader[StandingDefinition]:
    def read(node: Node, book: MistakeBook) -> StandingDefinition | None:
        entries = mapping("a standing permission", node, ("id", "about"), book)
        if entries is None:
            return None
        id_ = entries.required("id", definitions.defining(_STANDING))
        about = entries.required("about", text)
        if id_ is None or about is None:
            return None
        return StandingDefinition(id=id_, about=about)

    return read
