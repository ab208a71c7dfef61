"""The forms that open an incident by hand and propose what follows from one."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.incident_forms import UNKNOWN
from schoolgate_policyd.workflow.incidents import Incident, IncidentKind, Severity
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.views.fields import (
    Field,
    Form,
    Option,
    date_input_type,
    day_input_type,
)
from schoolgate_webui.views.incidents import KINDS, UNKNOWN_PEOPLE, who_words
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.people_options import person_options
from schoolgate_webui.views.requests import Names
from schoolgate_webui.views.restrictions import proposal_fields

USUAL_LENGTH = timedelta(days=14)

NEW_LABELS = {
    "who": "Whom is it about?",
    "kind": "What is it about?",
    "severity": "How severe is it?",
    "summary": "What happened?",
    "happened_at": "When did it happen?",
}
_SEVERITIES = (
    Option(Severity.LOW.value, "Low", "Once, and no harm seen."),
    Option(Severity.MEDIUM.value, "Medium", "Again and again, or somebody was upset."),
    Option(
        Severity.HIGH.value,
        "High",
        "Extremism, self-harm, adult content seen by a pupil, or somebody is at risk: those who "
        "handle it are told at once.",
    ),
)


class NewPage(msgspec.Struct, frozen=True):
    """The form of a concern."""

    mistakes: list[dict[str, str]]
    who: Field
    people: list[dict[str, object]]
    kind: Field
    kinds: list[dict[str, object]]
    severity: Field
    severities: list[dict[str, object]]
    summary: Field
    happened_at: Field
    moment_type: str


class ProposalPage(msgspec.Struct, frozen=True):
    """The form of a proposal."""

    number: int
    href: str
    who: str
    mistakes: list[dict[str, str]]
    what: Field
    kinds: list[dict[str, object]]
    service: Field
    services: list[dict[str, object]]
    site: Field
    ends_on: Field
    day_type: str
    why: Field
    section: Field
    document: str


def prefilled(now: Now, person: str) -> dict[str, str]:
    """Return what stands in the form of a concern before anybody typed."""
    return {"who": person, "happened_at": f"{now.local(now.school):%Y-%m-%dT%H:%M}"}


def new_page(
    values: Mapping[str, str],
    people: tuple[Member, ...],
    member: str,
    invalid: InvalidForm | None = None,
) -> NewPage:
    """Return the form; nobody reports a concern about themselves here."""
    form = Form(NEW_LABELS, values, invalid)
    choose, *known = person_options(people, but=member)
    unknown = [
        Option(name, UNKNOWN_PEOPLE[each.value]).printed() for name, each in UNKNOWN.items()
    ]
    return NewPage(
        mistakes=form.mistakes,
        who=form["who"],
        people=[choose, *unknown, *known],
        kind=form["kind"],
        kinds=[Option(each.value, KINDS[each]).printed() for each in IncidentKind],
        severity=form["severity"],
        severities=[each.printed() for each in _SEVERITIES],
        summary=form["summary"],
        happened_at=form["happened_at"],
        moment_type=date_input_type(form["happened_at"].value),
    )


def proposal_values(section: str, now: Now) -> dict[str, str]:
    """Return what stands in the form of a proposal before anybody typed."""
    return {"section": section, "ends_on": f"{now.local(now.school) + USUAL_LENGTH:%Y-%m-%d}"}


def proposal_page(
    incident: Incident,
    values: Mapping[str, str],
    policy: Policy,
    names: Names,
    invalid: InvalidForm | None = None,
) -> ProposalPage:
    """Return the form of a proposal about whom *incident* is about."""
    form, kinds, services = proposal_fields(values, invalid, policy)
    return ProposalPage(
        number=incident.id,
        href=f"/incidents/{incident.id}",
        who=who_words(incident.subject, names),
        mistakes=form.mistakes,
        what=form["what"],
        kinds=kinds,
        service=form["service"],
        services=services,
        site=form["site"],
        ends_on=form["ends_on"],
        day_type=day_input_type(form["ends_on"].value),
        why=form["why"],
        section=form["section"],
        document=policy.document.title,
    )
