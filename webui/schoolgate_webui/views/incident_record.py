"""The safeguarding record of incidents, as PDF and CSV: time, person, address, action, outcome."""

from collections.abc import Iterable

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.workflow.incidents import Evidence, Incident
from schoolgate_webui.paper.csv_text import csv_text
from schoolgate_webui.paper.pdf import Paper
from schoolgate_webui.views import incidents
from schoolgate_webui.views.incident_page import evidence_rows, summary_rows, timeline
from schoolgate_webui.views.moments import Now, day_and_time
from schoolgate_webui.views.requests import Names
from schoolgate_webui.views.restrictions import RestrictionCard

HEADINGS = (
    "Incident",
    "Time",
    "Last time",
    "Person",
    "Address asked for",
    "Device",
    "Device's address",
    "About",
    "Severity",
    "State",
    "What",
    "Action",
    "Outcome",
    "Closed by",
)
MAX_ADDRESSES = 20
EVIDENCE_HEADINGS = ("When", "Address asked for", "What", "Times", "Device", "Rule")


def record_csv(
    found: Iterable[tuple[Incident, tuple[Evidence, ...]]],
    *,
    names: Names,
    policy: Policy,
    now: Now,
) -> str:
    """Return a line for each incident, which comes with its evidence."""
    return csv_text(
        HEADINGS,
        (_line(each, evidence, names, policy, now=now) for each, evidence in found),
    )


def record_pdf(
    incident: Incident,
    evidence: tuple[Evidence, ...],
    restrictions: tuple[RestrictionCard, ...],
    *,
    school: str,
    names: Names,
    policy: Policy,
    now: Now,
) -> bytes:
    """Return the whole of one incident."""
    made = day_and_time(now.local(now.school))
    paper = Paper(footer=f"{school}: confidential, made {made}", at=now.machine)
    paper.title(f"Incident {incident.id}: {incidents.KINDS[incident.kind]}")
    paper.paragraph(f"{school}. For the safeguarding record.")
    paper.fields(
        [
            *((row.label, row.value) for row in summary_rows(incident, names, policy, now)),
            ("Address asked for", addresses_of(evidence)),
            ("Severity", incidents.SEVERITIES[incident.severity].text),
            ("State", incidents.STATES[incident.state].text),
            ("Action", actions_of(incident)),
            ("Outcome", outcome_of(incident)),
        ]
    )
    paper.section("What was done")
    for step in timeline(incident, names, now):
        if step.kind != "ahead":
            paper.paragraph(f"{step.when}  {step.what}\n{step.why}".strip())
    if restrictions:
        paper.section("What followed")
        for card in restrictions:
            lines = (f"{card.tag.text}: {card.what}. {card.window}.", card.cite, *card.history)
            paper.paragraph("\n".join(lines))
    _print_evidence(paper, evidence, now)
    return paper.octets()


def _print_evidence(paper: Paper, evidence: tuple[Evidence, ...], now: Now) -> None:
    paper.section("Evidence")
    paper.table(
        EVIDENCE_HEADINGS,
        [
            (row.when, row.name, row.what, row.times, row.device, row.rule)
            for row in evidence_rows(evidence, now)
        ],
    )


def actions_of(incident: Incident) -> str:
    """Return the actions that were taken, one a line."""
    return "\n".join(each.text for each in incident.actions) or "None recorded yet"


def outcome_of(incident: Incident) -> str:
    """Return the outcome, or that there is none yet."""
    return "Open: no outcome yet" if incident.outcome is None else incident.outcome.text


def addresses_of(evidence: tuple[Evidence, ...]) -> str:
    """Return what was asked for, each once, one a line, the first ones where there are many."""
    asked = list(dict.fromkeys(each.page or each.host for each in evidence))
    shown = asked[:MAX_ADDRESSES]
    if len(asked) > len(shown):
        shown.append(f"and {len(asked) - len(shown)} more")
    return "\n".join(shown)


def _line(
    incident: Incident, evidence: tuple[Evidence, ...], names: Names, policy: Policy, *, now: Now
) -> tuple[str | int, ...]:
    closed_by = None if incident.outcome is None else incident.outcome.actor
    return (
        incident.id,
        f"{now.recorded(incident.first_at):%Y-%m-%d %H:%M}",
        f"{now.recorded(incident.last_at):%Y-%m-%d %H:%M}",
        incidents.who_words(incident.subject, names),
        addresses_of(evidence),
        incident.subject.device or "",
        incident.subject.address or "",
        incidents.KINDS[incident.kind],
        incidents.SEVERITIES[incident.severity].text,
        incidents.STATES[incident.state].text,
        incidents.what_words(incident, policy),
        actions_of(incident),
        outcome_of(incident),
        "" if closed_by is None else names.person(closed_by),
    )
