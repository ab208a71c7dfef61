"""Incidents between their rows and the workflow's values."""

from datetime import UTC, date, datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.ipc.messages import Blocked
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import (
    IncidentEvidenceRow,
    IncidentRow,
    IncidentStepRow,
)
from schoolgate_policyd.workflow.incidents import (
    Evidence,
    Incident,
    IncidentKind,
    IncidentState,
    IncidentStep,
    IncidentSubject,
    Move,
    Severity,
)

# A flood must not fill the database: beyond these an incident only counts.
MAX_EVIDENCE = 200
_LONGEST = 2000


def incident_row_in(session: Session, number: int) -> IncidentRow:
    """Return the row of incident *number*. Raises UnknownObject."""
    row = session.get(IncidentRow, number)
    if row is None:
        raise UnknownObject(f"there is no incident {number}")
    return row


def subject_of(row: IncidentRow) -> IncidentSubject:
    """Return whom *row* is about."""
    return IncidentSubject(row.audience, row.person_id, row.device_id, row.address)


def incident_of(row: IncidentRow) -> Incident:
    """Return the incident that *row* keeps, with its steps."""
    return Incident(
        id=row.id,
        kind=row.kind,
        severity=row.severity,
        state=row.state,
        subject=subject_of(row),
        summary=row.summary,
        first_at=row.first_at,
        last_at=row.last_at,
        tries=row.tries,
        days=row.days,
        categories=row.categories,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        steps=tuple(
            IncidentStep(each.move, each.actor_id, each.at, each.text) for each in row.steps
        ),
    )


def new_row(
    kind: IncidentKind,
    subject: IncidentSubject,
    *,
    severity: Severity,
    summary: str,
    happened_at: datetime,
    opened_by: str | None,
    at: datetime,
) -> IncidentRow:
    """Return the row of an incident that is opened at *at* (machine time)."""
    row = IncidentRow(
        kind=kind,
        severity=severity,
        state=IncidentState.NEW,
        summary=summary,
        first_at=happened_at,
        last_at=happened_at,
        last_day=day_of(happened_at),
        tries=0,
        days=1,
        categories=frozenset(),
        opened_at=at,
        opened_by=opened_by,
        steps=[row_of_step(IncidentStep(Move.OPENED, opened_by, at, summary))],
    )
    put_subject(row, subject)
    return row


def put_subject(row: IncidentRow, subject: IncidentSubject) -> None:
    """Have *row* be about *subject*."""
    row.audience = subject.audience
    row.person_id = subject.person
    row.device_id = subject.device
    row.address = subject.address
    row.subject_key = subject.key


def row_of_step(step: IncidentStep) -> IncidentStepRow:
    """Return the row of a step."""
    return IncidentStepRow(move=step.move, actor_id=step.actor, at=step.at, text=step.text)


def facts_of(event: Blocked) -> str:
    """Return the facts of *event*, as evidence keeps them; no text of it is without a bound."""
    evidence = Evidence(
        at=event.at,
        school_at=event.school_at,
        last_at=event.last_at,
        client=event.client,
        host=event.host,
        point=event.point.value,
        device=event.device.value,
        network=event.network,
        device_id=event.device_id,
        page=None if event.page is None else event.page[:_LONGEST],
        rules=event.rules[:20],
        citations=tuple(each[:_LONGEST] for each in event.citations[:20]),
        services=event.services[:20],
        categories=event.categories[:20],
        attempt=event.attempt,
        count=event.count,
        evidence=None if event.evidence is None else event.evidence[:_LONGEST],
    )
    return msgspec.json.encode(evidence).decode()


def evidence_in(session: Session, number: int) -> tuple[Evidence, ...]:
    """Return the evidence of incident *number*, oldest first."""
    rows = session.scalars(
        select(IncidentEvidenceRow)
        .where(IncidentEvidenceRow.incident_id == number)
        .order_by(IncidentEvidenceRow.id)
        .limit(MAX_EVIDENCE)
    )
    found = [msgspec.json.decode(row.facts, type=Evidence) for row in rows]
    return tuple(sorted(found, key=lambda each: each.at))


def day_of(moment: datetime) -> date:
    """Return the UTC day of *moment* (aware)."""
    return moment.astimezone(UTC).date()
