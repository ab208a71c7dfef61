"""The log's page: what is asked for, its filters, and how far a search came."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec

from schoolgate_policyd.core.moments import MomentSyntaxError, parse_moment
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.events import EventFilter, Found
from schoolgate_webui.views.fields import Field, Option, date_input_type, summary_of
from schoolgate_webui.views.log_rows import LogRow
from schoolgate_webui.views.moments import Now, short_day_and_time
from schoolgate_webui.views.words import AUDIENCES

MAX_ROWS = 30
LONGEST_ENTRY = 253
_LONGEST_MOMENT = 40


class Wanted(msgspec.Struct, frozen=True):
    """The filters as they stand in the page's address; an empty one asks nothing."""

    since: str = ""
    until: str = ""
    audience: str = ""
    who: str = ""
    person: str = ""
    name: str = ""
    rule: str = ""
    category: str = ""
    only_attempts: bool = False
    with_allowed: bool = False

    def query(self) -> dict[str, str]:
        """Return the filters for an address, those that ask nothing left out."""
        asked = {
            "from": self.since,
            "to": self.until,
            "audience": self.audience,
            "who": self.who,
            "person": self.person,
            "name": self.name,
            "rule": self.rule,
            "category": self.category,
            "attempts": "yes" if self.only_attempts else "",
            "allowed": "yes" if self.with_allowed else "",
        }
        return {name: value for name, value in asked.items() if value}


class Who(msgspec.Struct, frozen=True):
    """What the one field for person and device says: each None where it says something else."""

    client: str | None = None
    person: str | None = None
    device: str | None = None


class Asked(msgspec.Struct, frozen=True):
    """The filter for the store, and what is wrong with a field, by its name."""

    filter: EventFilter
    mistakes: dict[str, str]


class Results(msgspec.Struct, frozen=True):
    """
    What was found; *is_first* is the page with the newest.

    *person_name* is of the opened record that the log is narrowed to.
    """

    found: Found
    rows: tuple[LogRow, ...]
    is_first: bool
    person_name: str = ""


class LogPage(msgspec.Struct, frozen=True):
    """
    The page: filters, rows, how far back they go, and where it refreshes from.

    *rows_href* is empty where it is not live; *older_href* and *newest_href* where there is none.
    """

    fields: dict[str, Field]
    mistakes: list[dict[str, str]]
    audience_options: list[dict[str, object]]
    rule_options: list[dict[str, object]]
    category_options: list[dict[str, object]]
    from_type: str
    to_type: str
    wanted: Wanted
    person_name: str
    rows: tuple[LogRow, ...]
    summary: str
    reach: str
    as_of: str
    is_live: bool
    href: str
    rows_href: str
    older_href: str
    older_text: str
    newest_href: str


def asked_of(wanted: Wanted, who: Who, now: Now) -> Asked:
    """Return what to ask the store for; times are entered by the school's clock."""
    mistakes: dict[str, str] = {}
    audiences = {each.value: each for each in Audience}
    # What was recorded is found by the machine's clock.
    ahead = now.school - now.machine
    found = EventFilter(
        audience=audiences.get(wanted.audience),
        client=who.client,
        person=wanted.person or who.person,
        device=who.device,
        host_contains=wanted.name.strip()[:LONGEST_ENTRY] or None,
        rule=wanted.rule or None,
        category=wanted.category or None,
        only_attempts=wanted.only_attempts,
        with_allowed=wanted.with_allowed,
        since=_moment("from", wanted.since, now, ahead, mistakes),
        until=_moment("to", wanted.until, now, ahead, mistakes),
    )
    return Asked(found, mistakes)


def _moment(
    field: str, entered: str, now: Now, ahead: timedelta, mistakes: dict[str, str]
) -> datetime | None:
    if not entered.strip():
        return None
    try:
        return parse_moment(entered.strip()[:_LONGEST_MOMENT], now.zone) - ahead
    except MomentSyntaxError:
        mistakes[field] = "Enter a real date and time, like 2026-11-20T10:30."
        return None


def log_page(
    wanted: Wanted,
    asked: Asked,
    results: Results,
    policy: Policy,
    now: Now,
    *,
    live_until: int,
) -> LogPage:
    """
    Return the page; *live_until* is when its polling ends, in seconds of machine time.

    Only the first page, with the newest, is live.
    """
    found, rows, is_first = results.found, results.rows, results.is_first
    query = wanted.query()
    is_live = is_first and not wanted.until and not asked.mistakes
    older = "" if found.searched_to is None else str(found.searched_to)
    fields = _fields(wanted, asked.mistakes)
    return LogPage(
        fields=fields,
        mistakes=[summary_of(each) for each in fields.values() if each.error],
        audience_options=_options({each.value: AUDIENCES[each] for each in Audience}),
        rule_options=_options({rule.id: rule.id for rule in policy.rules}),
        category_options=_options({each.id: each.name for each in policy.catalogue.categories}),
        from_type=date_input_type(wanted.since),
        to_type=date_input_type(wanted.until),
        wanted=wanted,
        person_name=results.person_name,
        rows=rows,
        summary=_summary(len(rows), is_full=len(rows) >= MAX_ROWS),
        reach=_reach(found, now, is_full=len(rows) >= MAX_ROWS),
        as_of=f"{now.local(now.school):%H:%M:%S}",
        is_live=is_live and now.machine.timestamp() < live_until,
        href=_href("/log", query),
        rows_href=_href("/log/rows", {**query, "until": str(live_until)}) if is_live else "",
        older_href=_href("/log", {**query, "before": older}) if older else "",
        older_text="Older" if len(rows) >= MAX_ROWS else "Look further back",
        newest_href="" if is_first else _href("/log", query),
    )


def _fields(wanted: Wanted, mistakes: dict[str, str]) -> dict[str, Field]:
    labels = {
        "from": ("From", wanted.since),
        "to": ("To", wanted.until),
        "audience": ("Whom", wanted.audience),
        "who": ("Pseudonym, device or address", wanted.who),
        "name": ("Name contains", wanted.name),
        "rule": ("Rule", wanted.rule),
        "category": ("Category", wanted.category),
    }
    return {
        name: Field(name, name, label, value[:LONGEST_ENTRY], mistakes.get(name, ""))
        for name, (label, value) in labels.items()
    }


def _options(choices: Mapping[str, str]) -> list[dict[str, object]]:
    inorder = sorted(choices.items(), key=lambda each: each[1].casefold())
    return [
        each.printed() for each in (Option("", "Any"), *(Option(*choice) for choice in inorder))
    ]


def _summary(count: int, *, is_full: bool) -> str:
    if is_full:
        return f"The newest {MAX_ROWS} that fit"
    return f"{count} found" if count else "Nothing found"


def _reach(found: Found, now: Now, *, is_full: bool) -> str:
    """Return how far back the search came, where it ended before its end."""
    if found.searched_to is None or is_full:
        return ""
    return f"Searched back to {short_day_and_time(now.recorded(found.searched_to.at))} so far."


def _href(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
