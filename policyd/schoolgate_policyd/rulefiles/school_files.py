"""A school's file, with everything it draws in: the root of reading."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.policy import Document, Policy, StandingDefinition
from schoolgate_policyd.core.rules import Rule
from schoolgate_policyd.core.safe_search import SafeSearch
from schoolgate_policyd.rulefiles.catalogue_files import Vocabulary, read_catalogue
from schoolgate_policyd.rulefiles.circumvention import unlocked
from schoolgate_policyd.rulefiles.fields import Entries, Reader, list_of, mapping, text
from schoolgate_policyd.rulefiles.folders import (
    Definitions,
    file_named,
    files_in,
    known_id,
    overlay_of,
)
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
from schoolgate_policyd.rulefiles.rule_syntax import RuleContext, rules_file, rules_of
from schoolgate_policyd.rulefiles.safe_search import safe_search
from schoolgate_policyd.rulefiles.school_days import DAY_KEYS, read_school_time
from schoolgate_policyd.rulefiles.social_media import (
    SocialMedia,
    coverage_message,
    read_social_media,
    uncovered,
)
from schoolgate_policyd.rulefiles.subscription_files import locked_rules
from schoolgate_policyd.rulefiles.survey import accepts

NO_TEXTS: Mapping[str, str] = MappingProxyType({})
BASELINE = "baseline"
SCHOOL_KEYS = (
    "document",
    "include",
    *DAY_KEYS,
    "standing",
    "social_media",
    "safe_search",
    "rules",
    *NOTE_KEYS,
)

_YEAR_AND_MONTH = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])\Z", re.ASCII)
_NOT_INCLUDED = frozenset({"essentials", "help-lines", "never-inspected", "safe-search"})
# Stands in where the school's own document is mistaken, so that no rule is blamed for it.
_UNREADABLE_DOCUMENT = Document(title="unreadable", version="unreadable")


def load_preset(rules_dir: Path, school: str, overlay: Mapping[str, str] = NO_TEXTS) -> Preset:
    """
    Return what the rule files in *rules_dir* say for *school*, with its notes.

    The texts of *overlay*, by their paths below *rules_dir*, are read in place of the school's
    own files there, or beside them. Raises RuleFileErrors with every mistake of every file, and
    nothing else.
    """
    book = MistakeBook(overlay_of(rules_dir, school, overlay))
    preset = None
    if rules_dir.is_dir():
        vocabulary = read_catalogue(rules_dir, book)
        schools = rules_dir / "schools"
        path = file_named(schools, school, "school", Place(schools), book)
        node = None if path is None else read_nodes(path, book)
        if node is not None:
            preset = school_file(rules_dir, school, vocabulary)(node, book)
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


def school_file(rules_dir: Path, school: str, vocabulary: Vocabulary) -> Reader[Preset]:
    """Return a reader of the file of *school*, with what it draws in from *rules_dir*."""

    def read(node: Node, book: MistakeBook) -> Preset | None:
        entries = mapping("a school's file", node, SCHOOL_KEYS, book)
        if entries is None:
            return None
        return _SchoolFile(rules_dir, entries, vocabulary, book).read(school)

    return read


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
        school_time = read_school_time(self._entries, self._rules_dir, self._book)
        standing_definitions = Definitions()
        standing = self._entries.optional(
            "standing", list_of(_standing(standing_definitions)), default=()
        )
        social = self._entries.required("social_media", self._social_media)
        searches = self._entries.optional("safe_search", safe_search, default=SafeSearch())
        # Whatever the school's file says, locked lists are blocked for everybody.
        locked = locked_rules(self._vocabulary.subscriptions)
        context = RuleContext(
            vocabulary=self._vocabulary,
            standing_ids=standing_definitions.ids(_STANDING),
            social_media=frozenset() if social is None else social.ids,
            document=document or _UNREADABLE_DOCUMENT,
            rule_ids=Definitions(rule.id for rule in locked),
        )
        rules = self._rules(context)
        if rules is not None and social is not None:
            self._require_coverage(rules, social)
        if rules is not None:
            self._require_locks(rules)
        zone = ZoneInfo("UTC" if school_time is None else school_time.zone)
        notes = read_notes(self._entries, context, zone)
        if document is None or school_time is None or rules is None or social is None:
            return None
        policy = Policy(
            id=school,
            document=document,
            rules=(*rules, *locked),
            catalogue=self._vocabulary.catalogue,
            school_time=school_time,
            social_media=social.ids,
            standing=standing,
            safe_search=searches,
        )
        return Preset(
            policy=policy, notes=msgspec.structs.replace(notes, social_media=social.notes)
        )

    def _social_media(self, node: Node, book: MistakeBook) -> SocialMedia | None:
        return read_social_media(node, self._vocabulary, book)

    def _rules(self, context: RuleContext) -> tuple[Rule, ...] | None:
        """Return the included rules and the school's own, or None if any is mistaken."""
        paths = self._entries.required("include", self._included)
        shared = [self._rules_in(path, context) for path in paths or ()]
        own = rules_of(self._entries, context)
        if paths is None or own is None or any(rules is None for rules in shared):
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
        return None if node is None else rules_file(context)(node, self._book)

    def _require_coverage(self, rules: tuple[Rule, ...], social: SocialMedia) -> None:
        audiences = uncovered(rules, social.ids)
        if audiences:
            self._book.add(self._entries.place_of("rules"), coverage_message(audiences))

    def _require_locks(self, rules: tuple[Rule, ...]) -> None:
        for category in unlocked(rules, self._vocabulary.catalogue.categories):
            message = (
                f"no rule shuts `{category}`, a way round the filter, for everybody: block it in "
                f"`{BASELINE}` with `locked: true` and nothing else"
            )
            self._book.add(self._entries.place_of("include"), message)


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


@accepts({"title": "a month", "type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$"})
def _year_and_month(node: Node, book: MistakeBook) -> str | None:
    written = text(node, book)
    if written is None or _YEAR_AND_MONTH.match(written):
        return written
    book.add(node.place, f"{shown(written)} is no year and month: write it as `2024-09`")
    return None


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
