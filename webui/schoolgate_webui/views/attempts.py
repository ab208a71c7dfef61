"""Blocked attempts: who, on what, which name, by which rule, when."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ipc.messages import Blocked, PointKind
from schoolgate_policyd.store.events import EventFilter, StoredEvent
from schoolgate_webui.views.fields import Field, Option
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.why_form import moment_entry
from schoolgate_webui.views.words import AUDIENCE, AUDIENCES, DEVICES

MAX_ROWS = 50
_LONGEST_ENTRY = 253
_NOTICED = "Noticed by the filter itself"
_REFUSED = "Refused by the firewall"

_ATTEMPTS: Mapping[str, str] = {
    "circumvention": "Tried to get round the filter",
    "name-mismatch": "Disguised the name it asked for",
    "tunnel": "Tried to tunnel through the proxy",
    "no-name": "Opened a connection without a name",
    "encrypted-name": "Hid the name it asked for",
    "dns-tunnel": "Tried to tunnel through DNS",
    "other-resolver": "Asked DNS of somebody else",
    "encrypted-dns": "Asked encrypted DNS of somebody else",
    "unknown-address": "Went to an address without asking for its name",
    "other-protocol": "Disguised something else as web traffic",
    "other-port": "Tried a port that is closed",
    "foreign-source": "Used an address of another network",
    "dns-flood": "Asked DNS more than any device does",
}
# The same kind of attempt as it looks to the firewall, which sees addresses and ports.
_AT_THE_FIREWALL: Mapping[str, str] = {"tunnel": "Tried a VPN or another tunnel"}


class Wanted(msgspec.Struct, frozen=True):
    """The filters as they stand in the page's address; an empty one asks nothing."""

    audience: str = ""
    who: str = ""
    name: str = ""
    rule: str = ""
    only_circumvention: bool = False

    def query(self) -> str:
        """Return the filters for an address, those that ask nothing left out."""
        asked = {
            "audience": self.audience,
            "who": self.who,
            "name": self.name,
            "rule": self.rule,
            "circumvention": "yes" if self.only_circumvention else "",
        }
        return urlencode({name: value for name, value in asked.items() if value})


class AttemptRow(msgspec.Struct, frozen=True):
    """
    A line of the table; *attempt* is set for attempts to get round the filter.

    *evidence* is what was seen of one beside the name. *why_href* asks "Why?" for whoever it was,
    the same name and moment; it is empty where no rule decided, so that evidence is the answer.
    """

    time: str
    count: str
    who: str
    device: str
    name: str
    rule: str
    citation: str
    attempt: str
    evidence: str
    why_href: str


class AttemptsPage(msgspec.Struct, frozen=True):
    """The page: filters, rows, and where it refreshes from."""

    audience: Field
    audience_options: list[dict[str, object]]
    who: Field
    name: Field
    rule: Field
    rule_options: list[dict[str, object]]
    only_circumvention: bool
    rows: tuple[AttemptRow, ...]
    summary: str
    as_of: str
    is_live: bool
    href: str
    rows_href: str


def filter_of(wanted: Wanted) -> EventFilter:
    """Return what to ask the store; a person's pseudonym and an address share one field."""
    who = wanted.who.strip()[:_LONGEST_ENTRY]
    is_address = "." in who or ":" in who
    audiences = {each.value: each for each in Audience}
    return EventFilter(
        audience=audiences.get(wanted.audience),
        client=who if who and is_address else None,
        person=who if who and not is_address else None,
        host_contains=wanted.name.strip()[:_LONGEST_ENTRY] or None,
        rule=wanted.rule or None,
        only_attempts=wanted.only_circumvention,
    )


def attempts_page(
    wanted: Wanted,
    found: tuple[StoredEvent, ...],
    policy: Policy,
    now: Now,
    live_until: int,
    *,
    uninspectable: frozenset[str] = frozenset(),
) -> AttemptsPage:
    """
    Return the page; *live_until* is when its polling ends, in seconds of machine time.

    *uninspectable* are the networks whose devices lack the school's certificate authority.
    """
    query = wanted.query()
    ruled = sorted({rule.id for rule in policy.rules})
    rules = [Option("", "Any"), *(Option(each, each) for each in ruled)]
    audiences = [Option("", "Any"), *(Option(each, AUDIENCES[each]) for each in Audience)]
    live = urlencode({"until": live_until})
    return AttemptsPage(
        audience=Field("audience", "audience", "Whom", wanted.audience),
        audience_options=[each.printed() for each in audiences],
        who=Field("who", "who", "Pseudonym or address", wanted.who[:_LONGEST_ENTRY]),
        name=Field("name", "name", "Name contains", wanted.name[:_LONGEST_ENTRY]),
        rule=Field("rule", "rule", "Rule", wanted.rule),
        rule_options=[each.printed() for each in rules],
        only_circumvention=wanted.only_circumvention,
        rows=tuple(_row(each.event, now, uninspectable) for each in found),
        summary=_summary(len(found)),
        as_of=f"{now.local(now.school):%H:%M:%S}",
        is_live=now.machine.timestamp() < live_until,
        href=f"/attempts?{query}" if query else "/attempts",
        rows_href=f"/attempts/rows?{'&'.join(part for part in (query, live) if part)}",
    )


def _summary(count: int) -> str:
    if count >= MAX_ROWS:
        return f"The newest {MAX_ROWS}"
    return f"{count} blocked" if count else "Nothing so far"


def _row(event: Blocked, now: Now, uninspectable: frozenset[str]) -> AttemptRow:
    at, last = now.local(event.school_at), now.recorded(event.last_at)
    is_noticed = not event.rules and (
        event.evidence is not None or event.point is PointKind.FIREWALL
    )
    count = ""
    if event.count > 1:
        count = f"{event.count} times, last at {last:%H:%M:%S}"
    is_today = at.date() == now.local(now.school).date()
    return AttemptRow(
        time=f"{at:%H:%M:%S}" if is_today else f"{at:%a} {at.day} {at:%b, %H:%M:%S}",
        count=count,
        who=f"{AUDIENCE[event.audience]} {event.person or '(not known)'}",
        device=f"{DEVICES[event.device].capitalize()}, {event.device_id or event.client}",
        name=event.page or event.host,
        rule=_noticed_by(event) if is_noticed else ", ".join(event.rules),
        citation="; ".join(event.citations),
        attempt=_attempt_of(event),
        evidence=event.evidence or "",
        why_href=(
            "" if is_noticed else _why_href(event, at, is_blind=event.network in uninspectable)
        ),
    )


def _noticed_by(event: Blocked) -> str:
    return _REFUSED if event.point is PointKind.FIREWALL else _NOTICED


def _attempt_of(event: Blocked) -> str:
    if event.attempt is None:
        return ""
    if event.point is PointKind.FIREWALL and event.attempt in _AT_THE_FIREWALL:
        return _AT_THE_FIREWALL[event.attempt]
    return _ATTEMPTS.get(event.attempt, _ATTEMPTS["circumvention"])


def _why_href(event: Blocked, at: datetime, *, is_blind: bool) -> str:
    """Return the address of "Why?"; a person is named only where the event names one."""
    asked = {
        "url": event.page or event.host,
        "audience": event.audience.value,
        "device": event.device.value,
        "at": moment_entry(at),
        "person": event.person or "",
        "uninspectable": "yes" if is_blind else "",
    }
    return f"/why?{urlencode({name: value for name, value in asked.items() if value})}"
