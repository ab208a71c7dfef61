"""
Incidents: each move is one transaction with its step and its audit entry.

Whoever an incident is about finds nothing of it here: for them there is none, in lists, counts
and exports alike. The gathering of them from events is `incident_gathering`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import has_noted, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.incident_rows import (
    evidence_in,
    incident_of,
    incident_row_in,
    new_row,
    put_subject,
    row_of_step,
    subject_of,
)
from schoolgate_policyd.store.models import IncidentRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import duty_holders_in, member_in
from schoolgate_policyd.workflow import incident_moves as moves
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.incidents import (
    Evidence,
    Handling,
    Incident,
    IncidentKind,
    IncidentState,
    IncidentSubject,
    Move,
    Severity,
    handling_of,
)

MAX_PAGE = 500
# A look within this time after another of the same person's is one look.
ONE_LOOK = timedelta(hours=1)

_ACTIONS = {
    Move.OPENED: AuditAction.INCIDENT_OPENED,
    Move.TAKEN_UP: AuditAction.INCIDENT_TAKEN_UP,
    Move.NOTED: AuditAction.INCIDENT_NOTED,
    Move.ACTED: AuditAction.INCIDENT_ACTED,
    Move.NAMED: AuditAction.INCIDENT_NAMED,
    Move.CLOSED: AuditAction.INCIDENT_CLOSED,
    Move.REOPENED: AuditAction.INCIDENT_REOPENED,
}
_BY_SEVERITY = case(
    (IncidentRow.severity == Severity.HIGH, 0),
    (IncidentRow.severity == Severity.MEDIUM, 1),
    else_=2,
)

type Moving = Callable[[Session, Incident, Handling], Incident]


class IncidentFilter(msgspec.Struct, frozen=True):
    """Which incidents are wanted; None asks nothing, *is_open* False asks for closed ones."""

    is_open: bool | None = None
    severity: Severity | None = None
    kind: IncidentKind | None = None
    person: str | None = None


class NewIncident(msgspec.Struct, frozen=True):
    """An incident that somebody opens by hand; *happened_at* is machine time (aware)."""

    kind: IncidentKind
    severity: Severity
    subject: IncidentSubject
    summary: str
    happened_at: datetime


class Incidents:
    """
    The incidents; *at* is machine time (aware), people are ids.

    Methods raise UnknownObject for incidents that there are not, or not for *by*, and
    WorkflowError with a sentence for what is refused.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, number: int, *, by: str) -> tuple[Incident, Handling]:
        """Return incident *number* with who handles it, if *by* may see it."""
        with self._database.reading() as session:
            return _visible(session, incident_row_in(session, number), by)

    def evidence(self, number: int, *, by: str) -> tuple[Evidence, ...]:
        """Return what is kept of its events, oldest first; more than these are only counted."""
        with self._database.reading() as session:
            _visible(session, incident_row_in(session, number), by)
            return evidence_in(session, number)

    def seen_by(
        self, person: str, wanted: IncidentFilter | None = None, *, limit: int = MAX_PAGE
    ) -> tuple[Incident, ...]:
        """Return the incidents that *person* may see, the most severe and newest first."""
        wanted = IncidentFilter() if wanted is None else wanted
        query = select(IncidentRow).order_by(
            _BY_SEVERITY, IncidentRow.last_at.desc(), IncidentRow.id.desc()
        )
        if wanted.is_open is not None:
            is_closed = IncidentRow.state == IncidentState.CLOSED
            query = query.where(~is_closed if wanted.is_open else is_closed)
        if wanted.severity is not None:
            query = query.where(IncidentRow.severity == wanted.severity)
        if wanted.kind is not None:
            query = query.where(IncidentRow.kind == wanted.kind)
        if wanted.person is not None:
            query = query.where(IncidentRow.person_id == wanted.person)
        with self._database.reading() as session:
            people = duty_holders_in(session)
            found: list[Incident] = []
            for row in session.scalars(query.execution_options(yield_per=100)):
                if len(found) >= min(limit, MAX_PAGE):
                    break
                if handling_of(subject_of(row), people).is_seen_by(person):
                    found.append(incident_of(row))
            return tuple(found)

    def counts(self, person: str) -> dict[Severity, int]:
        """Return how many open incidents *person* may see, by severity."""
        counted = dict.fromkeys(Severity, 0)
        with self._database.reading() as session:
            found = _counted_in(session, IncidentState.NEW, IncidentState.LOOKED_INTO)
            people = duty_holders_in(session)
        for severity, subject, count in found:
            counted[severity] += count if handling_of(subject, people).is_seen_by(person) else 0
        return counted

    def open(self, new: NewIncident, *, by: str, at: datetime) -> Incident:
        """Open an incident by hand. Raises NotAllowed."""
        with self._database.writing() as session:
            opener = member_in(session, by)
            if not moves.may_open(opener):
                raise NotAllowed("Only staff report a concern here: tell a teacher.")
            moves.require_other(new.subject, by)
            row = new_row(
                new.kind,
                new.subject,
                severity=new.severity,
                summary=new.summary,
                happened_at=new.happened_at,
                opened_by=by,
                at=at,
            )
            session.add(row)
            session.flush()
            note_opened(session, row, at=at)
            return incident_of(row)

    def take_up(self, number: int, *, by: str, at: datetime) -> Incident:
        """Record that *by* looks into it."""
        return self._move(
            number, by, lambda _, found, handling: moves.take_up(found, handling, by=by, at=at)
        )

    def note(self, number: int, *, by: str, text: str, at: datetime) -> Incident:
        """Add a note."""
        return self._move(
            number,
            by,
            lambda _, found, handling: moves.note(found, handling, by=by, text=text, at=at),
        )

    def act(self, number: int, *, by: str, text: str, at: datetime) -> Incident:
        """Record an action that was taken."""
        return self._move(
            number,
            by,
            lambda _, found, handling: moves.act(found, handling, by=by, text=text, at=at),
        )

    def name(self, number: int, *, by: str, person: str, how: str, at: datetime) -> Incident:
        """Record who it was."""

        def move(session: Session, found: Incident, handling: Handling) -> Incident:
            whom = member_in(session, person)
            return moves.name(found, handling, by=by, whom=whom, text=how, at=at)

        return self._move(number, by, move)

    def close(self, number: int, *, by: str, action: str, outcome: str, at: datetime) -> Incident:
        """Close it with an action and an outcome."""
        return self._move(
            number,
            by,
            lambda _, found, handling: moves.close(
                found, handling, by=by, action=action, outcome=outcome, at=at
            ),
        )

    def reopen(self, number: int, *, by: str, why: str, at: datetime) -> Incident:
        """Open it again."""
        return self._move(
            number,
            by,
            lambda _, found, handling: moves.reopen(found, handling, by=by, why=why, at=at),
        )

    def looked_at(self, number: int, *, by: str, at: datetime) -> None:
        """Record that *by* looked at it, once an hour."""
        action, on = AuditAction.INCIDENT_LOOKED_AT, ("incident", number)
        with self._database.reading() as session:
            if has_noted(session, action, on=on, actor=by, since=at - ONE_LOOK):
                return
        with self._database.writing() as session:
            note(session, action, at=at, actor=by, on=on)

    def exported(self, numbers: tuple[int, ...], *, by: str, at: datetime, as_what: str) -> None:
        """Record that *by* took these out of Schoolgate."""
        with self._database.writing() as session:
            for number in numbers:
                on, details = ("incident", number), {"as": as_what}
                note(session, AuditAction.EXPORTED, at=at, actor=by, on=on, details=details)

    def _move(self, number: int, by: str, move: Moving) -> Incident:
        with self._database.writing() as session:
            row = incident_row_in(session, number)
            before, handling = _visible(session, row, by)
            after = move(session, before, handling)
            for step in after.steps[len(before.steps) :]:
                row.steps.append(row_of_step(step))
                on = ("incident", number)
                note(session, _ACTIONS[step.move], at=step.at, actor=step.actor, on=on)
            # The trigger that guards closing looks for the steps, so they come first.
            session.flush()
            row.state = after.state
            row.closed_at = None if after.is_open else after.steps[-1].at
            put_subject(row, after.subject)
            session.flush()
            return incident_of(row)


def new_in(session: Session) -> tuple[tuple[IncidentSubject, int], ...]:
    """Return whom those are about that nobody has looked into yet, with how many they are."""
    return tuple((subject, count) for _, subject, count in _counted_in(session, IncidentState.NEW))


def _counted_in(
    session: Session, *states: IncidentState
) -> tuple[tuple[Severity, IncidentSubject, int], ...]:
    """Return how many stand in *states*, by their severity and whom they are about."""
    row = IncidentRow
    told_apart = (row.severity, row.audience, row.person_id)
    query = select(*told_apart, func.count()).where(row.state.in_(states)).group_by(*told_apart)
    return tuple(
        (severity, IncidentSubject(audience, person), count)
        for severity, audience, person, count in session.execute(query)
    )


def note_opened(session: Session, row: IncidentRow, *, at: datetime) -> None:
    """Write the audit entry of a new incident; its severity says whether it is told at once."""
    note(
        session,
        AuditAction.INCIDENT_OPENED,
        at=at,
        actor=row.opened_by,
        on=("incident", row.id),
        details={"severity": row.severity, "kind": row.kind},
    )


def _visible(session: Session, row: IncidentRow, by: str) -> tuple[Incident, Handling]:
    """Return the incident; for those who may not see it there is none."""
    handling = handling_of(subject_of(row), duty_holders_in(session))
    if not handling.is_seen_by(by):
        raise UnknownObject(f"there is no incident {row.id} for them")
    return incident_of(row), handling
