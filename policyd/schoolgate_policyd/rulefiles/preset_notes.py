"""The parts of a school's file that only pages, reports, the workflow and `prove` read."""

from zoneinfo import ZoneInfo

from schoolgate_policyd.core.invariants import Invariant
from schoolgate_policyd.core.rules import GrantKind, RestrictionKind
from schoolgate_policyd.rulefiles.change_terms import change_terms
from schoolgate_policyd.rulefiles.conditions import CONDITION_KEYS, atoms
from schoolgate_policyd.rulefiles.example_notes import example
from schoolgate_policyd.rulefiles.fields import (
    Entries,
    Reader,
    choice,
    list_of,
    mapping,
    one_of,
    one_or_more,
    one_or_more_in_set,
    text,
)
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.preset import (
    Attempts,
    ChangeTerms,
    Contradiction,
    Hearer,
    Misuser,
    NotEnforced,
    PresetNotes,
    Report,
)
from schoolgate_policyd.rulefiles.rule_syntax import OPENNESS, RuleContext, blocked, cited

NOTE_KEYS = (
    "invariants",
    "not_enforced",
    "contradictions",
    "attempts",
    "reports",
    "examples",
    "changes",
)


def read_notes(entries: Entries, context: RuleContext, zone: ZoneInfo) -> PresetNotes:
    """Return what stands under NOTE_KEYS; times without an offset are of *zone*."""
    return PresetNotes(
        invariants=entries.optional("invariants", list_of(_invariant(context)), default=()),
        not_enforced=entries.optional("not_enforced", list_of(_not_enforced), default=()),
        contradictions=entries.optional("contradictions", list_of(_contradiction), default=()),
        attempts=entries.optional("attempts", _attempts(context), default=None),
        reports=entries.optional("reports", list_of(_report(context)), default=()),
        examples=entries.optional("examples", list_of(example(context, zone)), default=()),
        changes=entries.optional("changes", change_terms(context.document), default=ChangeTerms()),
    )


def _invariant(context: RuleContext) -> Reader[Invariant]:
    known = (*CONDITION_KEYS, "reaches", "without", "unless", "uninspected")
    kinds = one_or_more_in_set(choice("kind of grant", GrantKind))

    def read_never(node: Node, book: MistakeBook) -> Invariant | None:
        never = mapping("what never happens", node, known, book)
        if never is None:
            return None
        reaches = never.required("reaches", blocked(context))
        invariant = Invariant(
            who=atoms(never, context.vocabulary, context.standing_ids, book),
            reaches=reaches or frozenset(),
            without=never.optional("without", kinds, default=frozenset[GrantKind]()),
            unless=never.optional("unless", one_or_more(context.condition()), default=()),
            is_open_uninspected=never.optional("uninspected", OPENNESS, default=False),
        )
        return None if reaches is None else invariant

    def read(node: Node, book: MistakeBook) -> Invariant | None:
        entries = mapping("an invariant", node, ("never",), book)
        return None if entries is None else entries.required("never", read_never)

    return read


def _not_enforced(node: Node, book: MistakeBook) -> NotEnforced | None:
    entries = mapping("what is not enforced", node, ("clause", "what", "why"), book)
    if entries is None:
        return None
    clause, what, why = (entries.required(key, text) for key in ("clause", "what", "why"))
    if clause is None or what is None or why is None:
        return None
    return NotEnforced(clause=clause, what=what, why=why)


def _contradiction(node: Node, book: MistakeBook) -> Contradiction | None:
    entries = mapping("a contradiction", node, ("clauses", "text"), book)
    if entries is None:
        return None
    clauses = entries.required("clauses", list_of(text))
    words = entries.required("text", text)
    if clauses is None or words is None:
        return None
    return Contradiction(clauses=clauses, text=words)


def _attempts(context: RuleContext) -> Reader[Attempts]:
    # No school asks that a service be withdrawn for an attempt.
    meanings = {
        RestrictionKind.SUPERVISED_ONLY.value: (RestrictionKind.SUPERVISED_ONLY,),
        "none": (),
    }

    def read(node: Node, book: MistakeBook) -> Attempts | None:
        known = ("restriction", "cite", "ours")
        entries = mapping("what follows an attempt", node, known, book)
        if entries is None:
            return None
        kinds = entries.required("restriction", one_of("restriction", meanings))
        cite = cited(entries, context.document)
        if kinds is None or cite is None:
            return None
        return Attempts(cite=cite, restriction=kinds[0] if kinds else None)

    return read


def _report(context: RuleContext) -> Reader[Report]:
    def read(node: Node, book: MistakeBook) -> Report | None:
        entries = mapping("a report", node, ("by", "to", "cite", "ours"), book)
        if entries is None:
            return None
        by = entries.required("by", choice("misuser", Misuser))
        to = entries.required("to", one_or_more(choice("hearer of misuse", Hearer)))
        cite = cited(entries, context.document)
        return None if by is None or to is None or cite is None else Report(by, to, cite)

    return read
