"""Conditions as rule files write them: a closed set of atoms, each under its own key."""

from collections.abc import Collection
from typing import Any

from schoolgate_policyd.core.rules import Condition
from schoolgate_policyd.core.subjects import OLDEST_YEAR, YOUNGEST_YEAR, Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.rulefiles.catalogue_files import Vocabulary
from schoolgate_policyd.rulefiles.fields import (
    Entries,
    Reader,
    choice,
    identifier,
    mapping,
    one_of,
    one_or_more_in_set,
    truth,
    whole_number,
)
from schoolgate_policyd.rulefiles.folders import known_id
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import ListNode, Node
from schoolgate_policyd.rulefiles.survey import accepts, schema_of

CONDITION_KEYS = (
    "audience",
    "duty",
    "platform",
    "device",
    "network",
    "period",
    "own_hours",
    "overtime",
    "year_groups",
    "age",
    "standing",
)

_year: Reader[int] = whole_number(YOUNGEST_YEAR, OLDEST_YEAR)


def condition(vocabulary: Vocabulary, standing_ids: Collection[str]) -> Reader[Condition]:
    """Return a reader of conditions that may name these services and standing permissions."""

    def read(node: Node, book: MistakeBook) -> Condition | None:
        noted = book.noted
        entries = mapping("a condition", node, CONDITION_KEYS, book)
        if entries is None:
            return None
        if entries.is_empty:
            # As an exception it would hold always and empty the rule.
            book.add(node.place, "the condition is empty: name at least one thing it asks")
            return None
        found = atoms(entries, vocabulary, standing_ids, book)
        # Without its mistaken atom the condition would hold for more than was meant.
        return found if book.noted == noted else None

    return read


def atoms(
    entries: Entries, vocabulary: Vocabulary, standing_ids: Collection[str], book: MistakeBook
) -> Condition:
    """Return the condition that *entries* make; keys of others are left alone."""
    if "platform" in entries and "duty" not in entries:
        message = "`platform` narrows a duty: name the `duty` beside it"
        book.add(entries.place_of("platform"), message)
    standing = known_id("standing permission of this school", standing_ids)
    readers: dict[str, Reader[Any]] = {
        "audience": one_or_more_in_set(choice("audience", Audience)),
        "duty": one_or_more_in_set(choice("duty", Duty)),
        "platform": one_or_more_in_set(vocabulary.service()),
        "device": one_or_more_in_set(choice("kind of device", DeviceKind)),
        "network": one_or_more_in_set(identifier),
        "period": one_or_more_in_set(choice("period", Period)),
        "own_hours": one_of("side of one's own hours", {"inside": True, "outside": False}),
        "overtime": truth,
        "year_groups": year_groups,
        "standing": one_or_more_in_set(standing),
    }
    found = {key: entries.optional(key, read, default=None) for key, read in readers.items()}
    below = one_of("bound of age", {"below-minimum": True})
    return Condition(below_minimum_age=entries.optional("age", below, default=None), **found)


@accepts(lambda: {"type": "array", "items": schema_of(_year), "minItems": 2, "maxItems": 2})
def year_groups(node: Node, book: MistakeBook) -> tuple[int, int] | None:
    """Return the first and the last of a range of year groups."""
    if not isinstance(node, ListNode) or len(node.items) != 2:  # noqa: PLR2004 - first and last
        book.add(node.place, "year groups are written `[first, last]`, as `[3, 6]`")
        return None
    first, last = (_year(item, book) for item in node.items)
    if first is None or last is None:
        return None
    if first > last:
        book.add(node.place, f"year {first} is after year {last}: exchange them")
        return None
    return first, last
