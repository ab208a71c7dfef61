"""Incidents in a list: what needs somebody, the most severe first."""

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.store.incidents import IncidentFilter
from schoolgate_policyd.workflow.incidents import (
    Incident,
    IncidentKind,
    IncidentState,
    IncidentSubject,
    Severity,
)
from schoolgate_webui.views.fields import Field, Option
from schoolgate_webui.views.moments import Now, in_words, short_day_and_time
from schoolgate_webui.views.requests import Names
from schoolgate_webui.views.stages import Tag
from schoolgate_webui.views.words import joined

KINDS: Mapping[IncidentKind, str] = {
    IncidentKind.CIRCUMVENTION: "Getting round the filter",
    IncidentKind.HARMFUL_CONTENT: "Harmful content",
}
SEVERITIES: Mapping[Severity, Tag] = {
    Severity.HIGH: Tag("High", "govuk-tag--red"),
    Severity.MEDIUM: Tag("Medium", "govuk-tag--orange"),
    Severity.LOW: Tag("Low", "govuk-tag--grey"),
}
STATES: Mapping[IncidentState, Tag] = {
    IncidentState.NEW: Tag("New"),
    IncidentState.LOOKED_INTO: Tag("Being looked into", "govuk-tag--yellow"),
    IncidentState.CLOSED: Tag("Closed", "govuk-tag--green"),
}
UNKNOWN_PEOPLE = {
    "pupil": "A pupil, not known who",
    "staff": "A member of staff, not known who",
    "visitor": "A visitor, not known who",
}
_OPEN, _CLOSED, _ALL = "open", "closed", "all"
_SHOWN = {_OPEN: "Open", _CLOSED: "Closed", _ALL: "All"}


class Wanted(msgspec.Struct, frozen=True):
    """The filters as they stand in the page's address."""

    state: str = _OPEN
    severity: str = ""
    kind: str = ""
    person: str = ""

    def query(self) -> str:
        """Return the filters for an address."""
        asked = {
            "state": "" if self.state == _OPEN else self.state,
            "severity": self.severity,
            "kind": self.kind,
            "person": self.person,
        }
        return urlencode({name: value for name, value in asked.items() if value})


class IncidentRow(msgspec.Struct, frozen=True):
    """A line of the list."""

    number: int
    href: str
    severity: Tag
    state: Tag
    kind: str
    who: str
    what: str
    when: str


class Count(msgspec.Struct, frozen=True):
    """How many there are of one severity, with the list of them."""

    tag: Tag
    count: int
    href: str


class IncidentsPage(msgspec.Struct, frozen=True):
    """The page: counts, filters, rows."""

    counts: tuple[Count, ...]
    state: Field
    states: list[dict[str, object]]
    severity: Field
    severities: list[dict[str, object]]
    kind: Field
    kinds: list[dict[str, object]]
    person: str
    person_name: str
    rows: tuple[IncidentRow, ...]
    export_href: str


def filter_of(wanted: Wanted) -> IncidentFilter:
    """Return what to ask the store; a word that means nothing asks nothing."""
    return IncidentFilter(
        is_open={_OPEN: True, _CLOSED: False}.get(wanted.state),
        severity={each.value: each for each in Severity}.get(wanted.severity),
        kind={each.value: each for each in IncidentKind}.get(wanted.kind),
        person=wanted.person or None,
    )


def incidents_page(
    wanted: Wanted,
    found: tuple[Incident, ...],
    counts: Mapping[Severity, int],
    *,
    names: Names,
    policy: Policy,
    now: Now,
) -> IncidentsPage:
    """Return the page of what was *found*."""
    query = wanted.query()
    severities = [Option("", "Any"), *(Option(e.value, SEVERITIES[e].text) for e in SEVERITIES)]
    kinds = [Option("", "Any"), *(Option(each.value, KINDS[each]) for each in KINDS)]
    return IncidentsPage(
        counts=tuple(
            Count(SEVERITIES[each], counts[each], f"/incidents?severity={each.value}")
            for each in SEVERITIES
        ),
        state=Field("state", "state", "Which", wanted.state),
        states=[Option(value, text).printed() for value, text in _SHOWN.items()],
        severity=Field("severity", "severity", "Severity", wanted.severity),
        severities=[each.printed() for each in severities],
        kind=Field("kind", "kind", "About", wanted.kind),
        kinds=[each.printed() for each in kinds],
        person=wanted.person,
        person_name=names.person(wanted.person) if wanted.person else "",
        rows=tuple(_row(each, names, policy, now) for each in found),
        export_href=f"/incidents/record.csv?{query}" if query else "/incidents/record.csv",
    )


def who_words(subject: IncidentSubject, names: Names) -> str:
    """Return whom it is about, as far as that is known."""
    if subject.person is not None:
        return names.person(subject.person)
    where = subject.device or subject.address
    unknown = UNKNOWN_PEOPLE[subject.audience.value]
    return unknown if where is None else f"{unknown} ({where})"


def what_words(incident: Incident, policy: Policy) -> str:
    """Return what was tried or asked for, in words."""
    if incident.opened_by is not None and not incident.tries:
        return incident.summary
    named = {each.id: each.name for each in policy.catalogue.categories}
    about = joined(sorted(named.get(each, each) for each in incident.categories))
    times = "once" if incident.tries == 1 else f"{incident.tries:,} times"
    verb = "Tried" if incident.kind is IncidentKind.CIRCUMVENTION else "Asked"
    days = "" if incident.days == 1 else f" on {incident.days} days"
    return f"{verb} {times}{days}{f': {about}' if about else ''}"


def when_words(incident: Incident, now: Now) -> str:
    """Return when it last happened."""
    age = now.age(incident.last_at)
    local = short_day_and_time(now.recorded(incident.last_at))
    return f"{local} ({in_words(age)} ago)" if incident.is_open else local


def _row(incident: Incident, names: Names, policy: Policy, now: Now) -> IncidentRow:
    what = what_words(incident, policy)
    return IncidentRow(
        number=incident.id,
        href=f"/incidents/{incident.id}",
        severity=SEVERITIES[incident.severity],
        state=STATES[incident.state],
        kind=KINDS[incident.kind],
        who=who_words(incident.subject, names),
        what=what if len(what) <= 160 else f"{what[:159]}…",  # noqa: PLR2004 - two lines
        when=when_words(incident, now),
    )
