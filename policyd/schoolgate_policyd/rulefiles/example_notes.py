"""A preset's examples: requests as `schoolgate check` takes them, with their verdicts."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import parse_host, parse_url
from schoolgate_policyd.core.rules import GrantKind, RestrictionKind
from schoolgate_policyd.core.subjects import OLDEST_YEAR, YOUNGEST_YEAR, Audience, DeviceKind, Duty
from schoolgate_policyd.rulefiles.day_fields import FIRST_YEAR, LAST_YEAR, working_hours
from schoolgate_policyd.rulefiles.fields import (
    Reader,
    choice,
    mapping,
    one_or_more,
    one_or_more_in_set,
    text,
    truth,
    whole_number,
)
from schoolgate_policyd.rulefiles.folders import known_id
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, shown
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.preset import Example
from schoolgate_policyd.rulefiles.rule_syntax import RuleContext
from schoolgate_policyd.rulefiles.survey import accepts

_OLDEST = 120
_YOUNGEST = 2
_ASSUMED = (*GrantKind, RestrictionKind.SUPERVISED_ONLY)


def example(context: RuleContext, zone: ZoneInfo) -> Reader[Example]:
    """Return a reader of one example; a moment without an offset is of *zone*."""
    known = Example.__struct_fields__
    assumed = known_id(
        "standing permission of this school, kind of grant or restriction",
        (*context.standing_ids, *(each.value for each in _ASSUMED)),
    )
    optional: dict[str, Reader[Any]] = {
        "audience": choice("audience", Audience),
        "duty": one_or_more(choice("duty", Duty)),
        "platform": one_or_more_in_set(context.vocabulary.service()),
        "device": choice("kind of device", DeviceKind),
        "assume": one_or_more_in_set(assumed),
        "uninspectable": truth,
        "age": whole_number(_YOUNGEST, _OLDEST),
        "year_group": whole_number(YOUNGEST_YEAR, OLDEST_YEAR),
        "school_class": one_or_more_in_set(text),
        "hours": working_hours,
        "overtime": truth,
    }

    def read(node: Node, book: MistakeBook) -> Example | None:
        entries = mapping("an example", node, known, book)
        if entries is None:
            return None
        url = entries.required("url", _url)
        at = entries.required("at", _moment(zone))
        verdict = entries.required("verdict", choice("verdict", Verdict))
        said = {
            key: entries.optional(key, reader, default=None) for key, reader in optional.items()
        }
        if url is None or at is None or verdict is None:
            return None
        given = {key: value for key, value in said.items() if value is not None}
        return Example(url=url, at=at, verdict=verdict, **given)

    return read


def _moment(zone: ZoneInfo) -> Reader[datetime]:
    @accepts({"title": "a moment", "type": "string", "pattern": "^20[0-9]{2}|^2100"})
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


@accepts({"title": "a web address", "type": "string", "pattern": r"\S"})
def _url(node: Node, book: MistakeBook) -> str | None:
    written = text(node, book)
    if written is None:
        return None
    for parse in (parse_url, parse_host):
        try:
            parse(written)
        except NameSyntaxError:
            continue
        return written
    book.add(node.place, f"{shown(written)} is no web address: write `https://…`")
    return None
