"""The audit as a page: who did what, when, with what; searched and turned page by page."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.store.audit import AuditFilter
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import AuditEntry
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.record_search import SEARCH_FIELDS, Search
from schoolgate_webui.views.fields import Form, Option
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.words import DUTIES

PAGE = 50
DELETED = "deleted, its time is over"
_LABELS = {
    "action": "What was done",
    "person": "Who, or about whom",
    "object": "Object, like request/17",
    "since": "From",
    "until": "Until",
}
_MAX_DETAIL = 300
# Details whose values are people's ids; an id elsewhere is a word that looks like one.
_NAMED = frozenset({"by", "deputy", "for", "owner", "person", "target", "to"})
_DUTIES = {each.value: DUTIES[each] for each in Duty}


class EntryLine(msgspec.Struct, frozen=True):
    """A line of the table."""

    number: int
    time: str
    action: str
    who: str
    object: str
    details: tuple[str, ...]


class RecordsPage(msgspec.Struct, frozen=True):
    """The page: the search, the lines, where the older ones are."""

    form: Form
    mistakes: list[dict[str, str]]
    actions: list[dict[str, object]]
    lines: tuple[EntryLine, ...]
    older_href: str
    is_searched: bool


def names_shown(people: tuple[Member, ...]) -> Mapping[str, str]:
    """Return the names of those who work here; of pupils the audit shows pseudonyms alone."""
    return {each.id: each.name for each in people if each.audience is not Audience.PUPIL}


def filter_of(search: Search[AuditAction], now: Now, seen_by: str) -> AuditFilter:
    """Return what to ask the store for; days are the school's."""
    kind, _, id_ = search.object.partition("/")
    return AuditFilter(
        action=search.action,
        person=search.person or None,
        object_kind=kind or None,
        object_id=id_ or None,
        since=_midnight(search.since, now),
        until=_midnight(None if search.until is None else search.until + timedelta(days=1), now),
        seen_by=seen_by,
    )


def records_page(
    entries: tuple[AuditEntry, ...],
    raw: Mapping[str, str],
    names: Mapping[str, str],
    now: Now,
    invalid: InvalidForm | None = None,
) -> RecordsPage:
    """Return the page of *entries*, found with what stands in *raw*; *names* are by id."""
    asked = {name: raw[name] for name in SEARCH_FIELDS if raw.get(name)}
    form = Form(_LABELS, asked, invalid)
    older = ""
    if len(entries) == PAGE:
        older = f"/records?{urlencode({**asked, 'before': entries[-1].id})}"
    return RecordsPage(
        form=form,
        mistakes=form.mistakes,
        actions=_options("Anything", ((each.value, in_words(each)) for each in AuditAction)),
        lines=tuple(line_of(each, names, now) for each in entries),
        older_href=older,
        is_searched=bool(asked),
    )


def line_of(entry: AuditEntry, names: Mapping[str, str], now: Now) -> EntryLine:
    """Return the line of *entry*; *names* are of people, by id."""
    at = now.recorded(entry.at)
    who = "Schoolgate" if entry.actor is None else names.get(entry.actor, entry.actor)
    id_ = names.get(entry.object_id, entry.object_id) if _is_person(entry) else entry.object_id
    kind = entry.object_kind.replace("-", " ")
    return EntryLine(
        number=entry.id,
        time=f"{at:%a} {at.day} {at:%b %Y, %H:%M:%S}",
        action=in_words(entry.action),
        who=who if entry.is_whole else DELETED,
        object=f"{kind} {id_}" if entry.is_whole else kind,
        details=tuple(
            f"{name.replace('_', ' ')}: {_shown(value, _words_for(name, names))}"
            for name, value in sorted(entry.details.items())
        ),
    )


def in_words(action: AuditAction) -> str:
    """Return an action as a page says it: `Password set`."""
    return action.value.replace("-", " ").capitalize()


def _is_person(entry: AuditEntry) -> bool:
    return entry.object_kind == "person"


def _words_for(detail: str, names: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the values of *detail* are called by their ids, where they have other names."""
    if detail == "duties":
        return _DUTIES
    return names if detail in _NAMED else {}


def _shown(value: object, names: Mapping[str, str]) -> str:
    if isinstance(value, list):
        text = ", ".join(_shown(each, names) for each in value) or "none"
    elif isinstance(value, dict):
        text = ", ".join(f"{name} {_shown(each, names)}" for name, each in value.items())
    elif value is None or value == "":
        text = "none"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    else:
        text = names.get(str(value), str(value))
    return text if len(text) <= _MAX_DETAIL else f"{text[:_MAX_DETAIL]}…"


def _options(anything: str, pairs: Iterable[tuple[str, str]]) -> list[dict[str, object]]:
    options = [Option("", anything)]
    options += [Option(value, text) for value, text in sorted(pairs, key=lambda each: each[1])]
    return [each.printed() for each in options]


def _midnight(day: date | None, now: Now) -> datetime | None:
    """Return the machine's moment at which the school's clock began *day*."""
    if day is None:
        return None
    return datetime.combine(day, time(), now.zone) - (now.school - now.machine)
