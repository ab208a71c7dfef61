"""The forms about incidents and what follows from them: what was typed in, every mistake."""

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import MAX_URL_LENGTH, Host, parse_host, parse_url
from schoolgate_policyd.core.rules import Citation, RestrictionKind
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import local_date, moment_of, require_aware
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.incidents import IncidentKind, IncidentSubject, Severity
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.restrictions import LONGEST, Proposal
from schoolgate_policyd.workflow.scopes import is_local, whole_site_of

NEW_FIELDS = ("who", "kind", "severity", "summary", "happened_at")
NOTE_FIELDS = ("text",)
NAME_FIELDS = ("person", "how")
CLOSE_FIELDS = ("taken", "outcome")
REOPEN_FIELDS = ("why",)
PROPOSAL_FIELDS = ("what", "service", "site", "ends_on", "why", "section")
DECISION_FIELDS = ("approved", "reasons")
# What the field for whom an incident is about holds where nobody knows who it was.
UNKNOWN: Mapping[str, Audience] = {f"unknown-{each.value}": each for each in Audience}
OLDEST = timedelta(days=366)

OWN_DECISION = "The school's own decision"
NO_SECTION = "which no section of its policy asks for"

_YES_NO = {"yes": "yes", "no": "no"}


class NewForm(msgspec.Struct, frozen=True):
    """What somebody reports by hand; *happened_at* is the school's clock (aware)."""

    subject: IncidentSubject
    kind: IncidentKind
    severity: Severity
    summary: str
    happened_at: datetime


def parse_new(
    raw: Mapping[str, str], *, people: tuple[Member, ...], moment: datetime, zone: ZoneInfo
) -> NewForm:
    """Return the incident that was typed in at *moment* (the school's). Raises InvalidForm."""
    entry = Entry(raw, NEW_FIELDS)
    subjects = {each.id: IncidentSubject(each.audience, each.id) for each in people}
    subjects |= {name: IncidentSubject(audience) for name, audience in UNKNOWN.items()}
    who = entry.choice("who", {each: each for each in subjects}, "Choose whom it is about.")
    kind = entry.choice("kind", _values(IncidentKind), "Choose what it is about.")
    severity = entry.choice("severity", _values(Severity), "Choose how severe it is.")
    summary = entry.text("summary", "Say what happened.")
    happened_at = entry.moment("happened_at", zone, "Enter when it happened.")
    if happened_at is not None and happened_at > require_aware(moment):
        entry.mistake("happened_at", "It cannot have happened later than now.")
    elif happened_at is not None and happened_at < moment - OLDEST:
        entry.mistake("happened_at", "Enter a time within the last year.")
    entry.raise_mistakes()
    return NewForm(
        subject=subjects[_known(who)],
        kind=IncidentKind(_known(kind)),
        severity=Severity(_known(severity)),
        summary=summary,
        happened_at=_known(happened_at),
    )


def parse_text(raw: Mapping[str, str], missing: str) -> str:
    """Return a note, or an action that was taken. Raises InvalidForm."""
    entry = Entry(raw, NOTE_FIELDS)
    text = entry.text("text", missing)
    entry.raise_mistakes()
    return text


def parse_name(raw: Mapping[str, str], people: tuple[Member, ...]) -> tuple[str, str]:
    """Return who it was, as an id, and how that is known. Raises InvalidForm."""
    entry = Entry(raw, NAME_FIELDS)
    person = entry.choice("person", {each.id: each.id for each in people}, "Choose who it was.")
    how = entry.text("how", "Say how you know.")
    entry.raise_mistakes()
    return _known(person), how


def parse_close(raw: Mapping[str, str], *, has_action: bool) -> tuple[str, str]:
    """Return the action, which may be empty where one is recorded, and the outcome."""
    entry = Entry(raw, CLOSE_FIELDS)
    action = ""
    if raw.get("taken", "").strip() or not has_action:
        action = entry.text("taken", "Say which action was taken.")
    outcome = entry.text("outcome", "Say what came of it.")
    entry.raise_mistakes()
    return action, outcome


def parse_why(raw: Mapping[str, str], missing: str) -> str:
    """Return a reason. Raises InvalidForm."""
    entry = Entry(raw, REOPEN_FIELDS)
    why = entry.text("why", missing)
    entry.raise_mistakes()
    return why


def parse_proposal(
    raw: Mapping[str, str],
    *,
    person: str,
    incident: int,
    services: Collection[str],
    document: str,
    moment: datetime,
    zone: ZoneInfo,
) -> Proposal:
    """
    Return what is proposed about *person*, from *moment* on until the end of a day.

    *services* are what can be withdrawn; *document* is the title of the school's policy. Without
    a section it cites the school's own decision. Raises InvalidForm.
    """
    entry = Entry(raw, PROPOSAL_FIELDS)
    what = entry.choice("what", _values(RestrictionKind), "Choose what is proposed.")
    service, site = None, None
    if what == RestrictionKind.WITHDRAWN_SERVICE and raw.get("site", "").strip():
        site = _site(entry)
        if raw.get("service"):
            entry.mistake("site", "Choose a service or enter a site, not both.")
    elif what == RestrictionKind.WITHDRAWN_SERVICE:
        missing = "Choose what is withdrawn, or enter the site below."
        service = entry.choice("service", {each: each for each in services}, missing)
    day = entry.day("ends_on", "Enter the last day: every restriction has an end.")
    why = entry.text("why", "Give your reasons.")
    section = ""
    if raw.get("section", "").strip():
        section = entry.line("section", "")
    ends_at = None
    if day is not None:
        ends_at = moment_of(day + timedelta(days=1), time(0), zone)
        if day < local_date(require_aware(moment), zone):
            entry.mistake("ends_on", "The last day must not be in the past.")
        elif ends_at - moment > LONGEST:
            entry.mistake("ends_on", f"Choose a day within {LONGEST.days} days.")
    entry.raise_mistakes()
    cite = Citation(document, section) if section else Citation(OWN_DECISION, NO_SECTION)
    return Proposal(
        kind=RestrictionKind(_known(what)),
        person=person,
        starts_at=moment,
        ends_at=_known(ends_at),
        why=why,
        cite=cite,
        service=service,
        site=site,
        incident=incident,
    )


def parse_decision(raw: Mapping[str, str]) -> tuple[bool, str]:
    """Return whether it is approved, and the reasons. Raises InvalidForm."""
    entry = Entry(raw, DECISION_FIELDS)
    approved = entry.choice("approved", _YES_NO, "Say whether it comes into force.")
    reasons = entry.text("reasons", "Give your reasons, for either outcome.")
    entry.raise_mistakes()
    return approved == "yes", reasons


def _site(entry: Entry) -> Host | None:
    """Return the whole site that an address or a name in the field `site` is on."""
    text = entry.line("site", "", limit=MAX_URL_LENGTH)
    if not text:
        return None
    try:
        host = parse_url(text).host if "://" in text else parse_host(text)
    except NameSyntaxError:
        entry.mistake("site", "Enter a name such as www.site.example, or a page's address.")
        return None
    site = None if is_local(host) else whole_site_of(host)
    if site is None:
        entry.mistake("site", "That is no site of its own that could be withdrawn.")
    return site


def _values(of: type[IncidentKind | Severity | RestrictionKind]) -> dict[str, str]:
    return {each.value: each.value for each in of}


def _known[T](value: T | None) -> T:
    if value is None:
        raise AssertionError("a missing value was noted as a mistake")
    return value
