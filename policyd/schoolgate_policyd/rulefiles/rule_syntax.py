"""Rules as rule files write them: block what, for whom, unless what, citing which clause."""

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from schoolgate_policyd.core.policy import Document
from schoolgate_policyd.core.rules import SOCIAL_MEDIA, Citation, Condition, GrantKind, Rule
from schoolgate_policyd.rulefiles.catalogue_files import Vocabulary
from schoolgate_policyd.rulefiles.conditions import condition
from schoolgate_policyd.rulefiles.fields import (
    TEXT,
    Entries,
    Reader,
    choice,
    identifier,
    list_of,
    mapping,
    one_of,
    one_or_more,
    one_or_more_in_set,
    text,
    truth,
)
from schoolgate_policyd.rulefiles.folders import Definitions
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import MappingNode, Node
from schoolgate_policyd.rulefiles.survey import accepts, any_of, schema_of

RULE_KEYS = (
    "id",
    "block",
    "for",
    "unless",
    "lifted_by",
    "locked",
    "uninspected",
    "cite",
    "ours",
    "topic",
)
EVERYBODY = (Condition(),)
OPENNESS = one_of("verdict", {"allow": True, "block": False})
"""Reads what becomes of parts of sites where nothing can look inside."""


@dataclass(frozen=True, slots=True)
class RuleContext:
    """
    What the rules of one file may speak of.

    *social_media* is what the school counts as such, *document* the one that a bare section is
    of: None in a file that every school includes. *rule_ids* are shared by all files.
    """

    vocabulary: Vocabulary
    standing_ids: Collection[str]
    social_media: frozenset[str]
    document: Document | None
    rule_ids: Definitions

    def condition(self) -> Reader[Condition]:
        """Return a reader of one condition."""
        return condition(self.vocabulary, self.standing_ids)


def rule(context: RuleContext) -> Reader[Rule]:
    """Return a reader of rules."""

    def read(node: Node, book: MistakeBook) -> Rule | None:
        entries = mapping("a rule", node, RULE_KEYS, book)
        if entries is None:
            return None
        id_ = entries.required("id", context.rule_ids.defining("rule"))
        block = entries.required("block", blocked(context))
        some = one_or_more(context.condition())
        applies_to = entries.optional("for", some, default=EVERYBODY)
        unless = entries.optional("unless", some, default=())
        locked, lifted_by = _what_lifts(entries, book)
        cite = cited(entries, context.document)
        is_open_uninspected = entries.optional("uninspected", OPENNESS, default=False)
        topic = entries.optional("topic", identifier, default="")
        if id_ is None or block is None or cite is None:
            return None
        return Rule(
            id=id_,
            block=block,
            applies_to=applies_to,
            cite=cite,
            unless=unless,
            lifted_by=lifted_by,
            locked=locked,
            is_open_uninspected=is_open_uninspected,
            topic=topic,
        )

    return read


def blocked(context: RuleContext) -> Reader[frozenset[str]]:
    """Return a reader of what a rule blocks, with `social-media` spelt out."""
    names = one_or_more(context.vocabulary.blockable())

    def read(node: Node, book: MistakeBook) -> frozenset[str] | None:
        found = names(node, book)
        if found is None:
            return None
        rest = frozenset(found) - {SOCIAL_MEDIA}
        return rest | context.social_media if SOCIAL_MEDIA in found else rest

    return read


def cited(entries: Entries, document: Document | None) -> Citation | None:
    """Return what the entries `cite` and `ours` say, in words that pages print."""
    is_ours = entries.optional("ours", truth, default=False)

    @accepts(lambda: any_of([TEXT, schema_of(_other_document)]))
    def read(node: Node, book: MistakeBook) -> Citation | None:
        if isinstance(node, MappingNode):
            other = _other_document(node, book)
            return other and msgspec.structs.replace(other, is_ours=is_ours)
        section = text(node, book)
        if section is None:
            return None
        if document is None:
            message = "no document is this file's own: write `cite: {document: …, section: …}`"
            book.add(node.place, message)
            return None
        title = document.name
        return Citation(document=title, section=section, is_ours=is_ours)

    return entries.required("cite", read)


def _other_document(node: Node, book: MistakeBook) -> Citation | None:
    entries = mapping("a citation", node, ("document", "section"), book)
    if entries is None:
        return None
    title = entries.required("document", text)
    section = entries.required("section", text)
    if title is None or section is None:
        return None
    return Citation(document=title, section=section)


def _what_lifts(entries: Entries, book: MistakeBook) -> tuple[bool, frozenset[GrantKind]]:
    """Return whether the rule is locked, and the kinds of grant that lift it."""
    locked = entries.optional("locked", truth, default=False)
    kinds = one_or_more_in_set(choice("kind of grant", GrantKind))
    lifted_by = entries.optional("lifted_by", kinds, default=frozenset[GrantKind]())
    if locked and "lifted_by" in entries:
        message = "nothing lifts a locked rule: remove `lifted_by` or `locked`"
        book.add(entries.place_of("lifted_by"), message)
        return locked, frozenset()
    if not locked and "lifted_by" not in entries:
        message = "the rule does not say what lifts it: add `lifted_by`, or `locked: true`"
        book.add(entries.place, message)
    return locked, lifted_by


def rules_of(entries: Entries, context: RuleContext) -> tuple[Rule, ...] | None:
    """Return the rules under the key `rules`, or None if any of them is mistaken."""
    return entries.required("rules", list_of(rule(context)))


def rules_file(context: RuleContext) -> Reader[tuple[Rule, ...]]:
    """Return a reader of a file of rules that schools include."""
    # It cites its own sources: no school's sections are meant.
    shared = dataclasses.replace(context, document=None)

    def read(node: Node, book: MistakeBook) -> tuple[Rule, ...] | None:
        entries = mapping("a file of rules", node, ("rules",), book)
        return None if entries is None else rules_of(entries, shared)

    return read
