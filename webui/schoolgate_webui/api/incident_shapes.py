"""What the API gives and takes of incidents."""

from datetime import datetime

from schoolgate_policyd.workflow.incidents import (
    Evidence,
    Handling,
    Incident,
    IncidentKind,
    IncidentState,
    Move,
    Severity,
)
from schoolgate_webui.api.guard import names_of
from schoolgate_webui.api.shapes import Entered, Named, Shape, Text, Word, named
from schoolgate_webui.desk import Desk
from schoolgate_webui.views.incidents import who_words


class NewIncidentEntry(Entered):
    """A concern: *who* is a person's id, or unknown-pupil and the like."""

    who: Word = ""
    kind: Word = ""
    severity: Word = ""
    summary: Text = ""
    happened_at: Word = ""


class TextEntry(Entered):
    """A note, or an action that was taken."""

    text: Text = ""


class NameEntry(Entered):
    """Who it was, as an id, and how that is known."""

    person: Word = ""
    how: Text = ""


class CloseEntry(Entered):
    """The action that was taken, unless one is recorded, and the outcome."""

    taken: Text = ""
    outcome: Text = ""


class ProposalEntry(Entered):
    """What is proposed to follow; nothing is in force by that."""

    what: Word = ""
    service: Word = ""
    site: Text = ""
    ends_on: Word = ""
    why: Text = ""
    section: Word = ""


class IncidentLine(Shape):
    """An incident in a list; *person* is null where nobody knows who it was."""

    number: int
    kind: IncidentKind
    severity: Severity
    state: IncidentState
    who: str
    person: Named | None
    first_at: datetime
    last_at: datetime
    tries: int


class IncidentStepShown(Shape):
    """What was done; *by* is null for Schoolgate itself."""

    move: Move
    by: Named | None
    at: datetime
    text: str


class EvidenceShown(Shape):
    """What one event said."""

    at: datetime
    last_at: datetime
    count: int
    name: str
    client: str
    device: str
    network: str
    rules: list[str]
    categories: list[str]
    attempt: str | None
    evidence: str | None


class IncidentShown(IncidentLine):
    """An incident as its page shows it."""

    summary: str
    device: str | None
    address: str | None
    categories: list[str]
    opened_by: Named | None
    opened_at: datetime
    handled_by: list[Named]
    why_they: str
    steps: list[IncidentStepShown]
    evidence: list[EvidenceShown]
    page: str


def line_of(found: Incident, desk: Desk) -> IncidentLine:
    """Return *found* as a line of a list."""
    names, now = names_of(desk), desk.now
    return IncidentLine(
        number=found.id,
        kind=found.kind,
        severity=found.severity,
        state=found.state,
        who=who_words(found.subject, names),
        person=named(found.subject.person, names.people),
        first_at=now.recorded(found.first_at),
        last_at=now.recorded(found.last_at),
        tries=found.tries,
    )


def whole_of(
    found: Incident, handling: Handling, evidence: tuple[Evidence, ...], desk: Desk
) -> IncidentShown:
    """Return *found* with everything that its page shows."""
    people, now = names_of(desk).people, desk.now
    return IncidentShown(
        **line_of(found, desk).model_dump(),
        summary=found.summary,
        device=found.subject.device,
        address=found.subject.address,
        categories=sorted(found.categories),
        opened_by=named(found.opened_by, people),
        opened_at=now.recorded(found.opened_at),
        handled_by=[Named(id=each.id, name=each.name) for each in handling.handlers],
        why_they=handling.why,
        steps=[
            IncidentStepShown(
                move=each.move,
                by=named(each.actor, people),
                at=now.recorded(each.at),
                text=each.text,
            )
            for each in found.steps
        ],
        evidence=[_evidence(each, desk) for each in evidence],
        page=f"/incidents/{found.id}",
    )


def _evidence(each: Evidence, desk: Desk) -> EvidenceShown:
    now = desk.now
    return EvidenceShown(
        at=now.local(each.school_at),
        last_at=now.recorded(each.last_at),
        count=each.count,
        name=each.page or each.host,
        client=each.client,
        device=each.device_id or each.device,
        network=each.network,
        rules=list(each.rules),
        categories=list(each.categories),
        attempt=each.attempt,
        evidence=each.evidence,
    )
