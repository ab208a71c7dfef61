"""What somebody looks for in the audit, as typed into its form."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.people import Member, meant_by

SEARCH_FIELDS = ("action", "person", "object", "since", "until")
_SHOWN = 5
_OBJECT = re.compile(r"[a-z][a-z0-9-]{0,39}(?:/[^\s/]{1,80})?")


class Search[A: StrEnum](msgspec.Struct, frozen=True):
    """A search; what is None or empty asks nothing. *object* is a kind, or `kind/id`."""

    action: A | None = None
    person: str = ""
    object: str = ""
    since: date | None = None
    until: date | None = None


def read_person(entry: Entry, field: str, people: Sequence[Member], missing: str) -> str:
    """Return the id of whom *field* names, "" after noting a mistake."""
    typed = entry.line(field, missing)
    if not typed:
        return ""
    found = meant_by(typed, people)
    if len(found) == 1:
        return found[0].id
    if found:
        some = ", ".join(f"{each.name} ({each.id})" for each in found[:_SHOWN])
        entry.mistake(field, f"It may be several people: {some}. Enter a pseudonym.")
    else:
        entry.mistake(field, "Nobody has that name or pseudonym.")
    return ""


def parse_search[A: StrEnum](
    raw: Mapping[str, str], *, actions: type[A], people: Sequence[Member]
) -> Search[A]:
    """Return what the form asks for. Raises InvalidForm."""
    entry = Entry(raw, SEARCH_FIELDS)

    def has(field: str) -> bool:
        return bool(raw.get(field, "").strip())

    action = person = object_ = since = until = None
    if has("action"):
        known = {each.value: each.value for each in actions}
        action = entry.choice("action", known, "Choose one of the list.")
    if has("person"):
        person = read_person(entry, "person", people, "Enter a name.")
    if has("object"):
        object_ = entry.line("object", "Enter an object.")
        if object_ and not _OBJECT.fullmatch(object_):
            entry.mistake("object", "Write its kind, or its kind and number: request/17.")
    if has("since"):
        since = entry.day("since", "Enter a date.")
    if has("until"):
        until = entry.day("until", "Enter a date.")
    if since and until and until < since:
        entry.mistake("until", "The last day is before the first.")
    entry.raise_mistakes()
    return Search(
        action=None if action is None else actions(action),
        person=person or "",
        object=object_ or "",
        since=since,
        until=until,
    )
