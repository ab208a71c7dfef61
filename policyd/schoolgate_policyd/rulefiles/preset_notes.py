"""The parts of a school's file that only pages, reports, the workflow and `prove` read."""

from datetime import datetime
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.rules import GrantKind, RestrictionKind
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.rulefiles.conditions import CONDITION_KEYS, atoms
from schoolgate_policyd.rulefiles.day_files import FIRST_YEAR, LAST_YEAR
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
    truth,
)
from schoolgate_policyd.rulefiles.folders import known_id
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, shown
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.preset import (
    Attempts,
    Contradiction,
    Example,
    Hearer,
    Invariant,
    Misuser,
    NotEnforced,
    PresetNotes,
    Report,
)
from schoolgate_policyd.rulefiles.rule_syntax import RuleContext, blocked, cited

NOTE_KEYS = (
    "invariants",
    "not_enforced",
    "contradictions",
    "attempts",
    "reports",
    "examples",
)


def read_notes(entries: Entries, context: RuleContext, zone: ZoneInfo) -> PresetNotes:
    """Return what stands under NOTE_KEYS; times without an offset are of *zone*."""
    return PresetNotes(
        invariants=entries.optional("invariants", list_of(_invariant(context)), default=()),
        not_enforced=entries.optional("not_enforced", list_of(_not_enforced), default=()),
        contradictions=entries.optional("contradictions", list_of(_contradiction), default=()),
        attempts=entries.optional("attempts", _attempts(context), default=None),
        reports=entries.optional("reports", list_of(_report(context)), default=()),
        examples=entries.optional("examples", list_of(_example(context, zone)), default=()),
    )


def _invariant(context: RuleContext) -> Reader[Invariant]:
    known = (*CONDITION_KEYS, "reaches", "without", "unless")
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


def _example(context: RuleContext, zone: ZoneInfo) -> Reader[Example]:
    known = Example.__struct_fields__
    standing = known_id("standing permission of this school", context.standing_ids)
    assumed = one_or_more_in_set(standing)
    audiences = choice("audience", Audience)
    devices = choice("kind of device", DeviceKind)
    duties = one_or_more(choice("duty", Duty))

    def read(node: Node, book: MistakeBook) -> Example | None:
        entries = mapping("an example", node, known, book)
        if entries is None:
            return None
        url = entries.required("url", _url)
        at = entries.required("at", _moment(zone))
        verdict = entries.required("verdict", choice("verdict", Verdict))
        audience = entries.optional("audience", audiences, default=Audience.PUPIL)
        duty = entries.optional("duty", duties, default=())
        device = entries.optional("device", devices, default=DeviceKind.UNKNOWN)
        assume = entries.optional("assume", assumed, default=frozenset[str]())
        uninspectable = entries.optional("uninspectable", truth, default=False)
        if url is None or at is None or verdict is None:
            return None
        return Example(
            url=url,
            at=at,
            verdict=verdict,
            audience=audience,
            duty=duty,
            device=device,
            assume=assume,
            uninspectable=uninspectable,
        )

    return read


def _moment(zone: ZoneInfo) -> Reader[datetime]:
    def read(node: Node, book: MistakeBook) -> datetime | None:
        written = text(node, book)
        if written is None:
            return None
        try:
            moment = datetime.fromisoformat(written)
        except ValueError:
            moment = None
        if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
            book.add(node.place, f"{shown(written)} is no time: write `2026-11-20T10:35`")
            return None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)

    return read


def _url(node: Node, book: MistakeBook) -> str | None:
    written = text(node, book)
    if written is None:
        return None
    try:
        parse_url(written)
    except NameSyntaxError:
        book.add(node.place, f"{shown(written)} is no web address: write `https://…`")
        return None
    return written
