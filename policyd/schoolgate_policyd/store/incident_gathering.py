"""
Events made into incidents: one transaction for a run of them and for how far it has come.

So an event is gathered once, whatever stops between: where the transaction was not written the
same events come again, and where it was the position is behind them.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from schoolgate_policyd.ipc.messages import Blocked
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.event_tail import Place, Tailed
from schoolgate_policyd.store.incident_rows import (
    MAX_EVIDENCE,
    day_of,
    facts_of,
    new_row,
    put_subject,
    subject_of,
)
from schoolgate_policyd.store.incidents import note_opened
from schoolgate_policyd.store.models import (
    AssignmentRow,
    BackgroundTallyRow,
    GatherPositionRow,
    IncidentEvidenceRow,
    IncidentRow,
)
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.gathering import (
    GatheringRules,
    Tally,
    kind_of,
    severity_of,
)
from schoolgate_policyd.workflow.incidents import (
    IncidentKind,
    IncidentState,
    IncidentSubject,
    Severity,
)

# What follows within this time of an open incident belongs to it; later it is another one.
ONE_MATTER = timedelta(days=14)
RECENTLY = timedelta(days=30)
_TALLIES_KEPT = timedelta(days=2)
_POSITIONS_KEPT = timedelta(days=400)

SUMMARIES = {
    IncidentKind.CIRCUMVENTION: "Gathered from the log: attempts to get round the filter",
    IncidentKind.HARMFUL_CONTENT: "Gathered from the log: asked for harmful content",
}


class IncidentGathering:
    """Makes incidents of events by *rules*; *at* is machine time (aware)."""

    def __init__(self, database: Database, rules: GatheringRules) -> None:
        self._database = database
        self._rules = rules

    def positions(self) -> dict[Place, int]:
        """Return how far each sender's sequence has been gathered."""
        with self._database.reading() as session:
            rows = session.scalars(select(GatherPositionRow))
            return {(row.sender, row.boot): row.sequence for row in rows}

    def gather(
        self, events: Iterable[Tailed], positions: Mapping[Place, int], *, at: datetime
    ) -> int:
        """
        Take in *events*, up to *positions*; return how many became part of an incident.

        Those that were taken in before are passed over.
        """
        with self._database.writing() as session:
            run = _Run(session, self._rules, at)
            for each in events:
                run.take(each)
            run.finish()
            _put_positions(session, positions, at)
            days = day_of(at)
            session.execute(
                delete(BackgroundTallyRow).where(BackgroundTallyRow.day < days - _TALLIES_KEPT)
            )
            session.execute(
                delete(GatherPositionRow).where(GatherPositionRow.at < at - _POSITIONS_KEPT)
            )
            return run.taken


class _Run:
    """One transaction's run over events."""

    def __init__(self, session: Session, rules: GatheringRules, at: datetime) -> None:
        self.taken = 0
        self._session = session
        self._rules = rules
        self._at = at
        self._touched: dict[int, tuple[IncidentRow, Severity | None]] = {}
        self._positions = {
            (row.sender, row.boot): row.sequence
            for row in session.scalars(select(GatherPositionRow))
        }

    def take(self, tailed: Tailed) -> None:
        if tailed.sequence <= self._positions.get((tailed.sender, tailed.boot), 0):
            return
        event = tailed.event
        kind = kind_of(event, self._rules)
        if kind is None:
            return
        subject = self._subject(event)
        if kind is IncidentKind.CIRCUMVENTION and self._is_background(event, subject):
            return
        row = self._incident(kind, subject, event)
        self._count(row, event)
        self._keep(row, tailed)
        self.taken += 1

    def finish(self) -> None:
        """Write how severe each incident now is, and what of it the audit must say."""
        for row, before in self._touched.values():
            tally = Tally(row.audience, row.tries, row.days, row.categories, self._earlier(row))
            found = severity_of(row.kind, tally, self._rules)
            # What a person judged to be severe is not made less so by counting.
            if before is None or found.rank > row.severity.rank:
                row.severity = found
            if before is None:
                note_opened(self._session, row, at=self._at)
            elif row.severity is not before:
                note(
                    self._session,
                    AuditAction.INCIDENT_MORE_SEVERE,
                    at=self._at,
                    actor=None,
                    on=("incident", row.id),
                    details={"severity": row.severity, "kind": row.kind},
                )

    def _subject(self, event: Blocked) -> IncidentSubject:
        person = event.person
        if person is None and event.device_id is not None:
            person = self._session.scalar(
                select(AssignmentRow.person_id)
                .where(
                    AssignmentRow.device_id == event.device_id,
                    AssignmentRow.starts_at <= event.school_at,
                    AssignmentRow.ends_at > event.school_at,
                    AssignmentRow.ended_at.is_(None) | (AssignmentRow.ended_at > event.at),
                )
                .order_by(AssignmentRow.id.desc())
                .limit(1)
            )
        return IncidentSubject(event.audience, person, event.device_id, event.client)

    def _is_background(self, event: Blocked, subject: IncidentSubject) -> bool:
        probe = self._rules.probe_of(event)
        if probe is None or probe.up_to is None:
            return probe is not None
        key = {"subject_key": subject.key, "probe": probe.id, "day": day_of(event.at)}
        counted = self._session.scalar(
            insert(BackgroundTallyRow)
            .values(**key, count=event.count)
            .on_conflict_do_update(
                index_elements=list(key), set_={"count": BackgroundTallyRow.count + event.count}
            )
            .returning(BackgroundTallyRow.count)
        )
        return (counted or 0) <= probe.up_to

    def _incident(
        self, kind: IncidentKind, subject: IncidentSubject, event: Blocked
    ) -> IncidentRow:
        row = self._session.scalar(
            select(IncidentRow)
            .where(
                IncidentRow.subject_key == subject.key,
                IncidentRow.kind == kind,
                IncidentRow.state != IncidentState.CLOSED,
                IncidentRow.last_at > event.at - ONE_MATTER,
            )
            .order_by(IncidentRow.id.desc())
            .limit(1)
        )
        if row is None:
            row = new_row(
                kind,
                subject,
                severity=Severity.LOW,
                summary=SUMMARIES[kind],
                happened_at=event.at,
                opened_by=None,
                at=self._at,
            )
            self._session.add(row)
            self._session.flush()
            self._touched[row.id] = (row, None)
        elif row.id not in self._touched:
            self._touched[row.id] = (row, row.severity)
        return row

    def _count(self, row: IncidentRow, event: Blocked) -> None:
        row.tries += event.count
        row.first_at = min(row.first_at, event.at)
        row.last_at = max(row.last_at, event.last_at)
        day = day_of(event.at)
        if day > row.last_day:
            row.last_day = day
            row.days += 1
        harmful = {each.category for each in self._rules.harm_of(event)}
        row.categories = row.categories | (harmful or set(event.categories[:20]))
        # The newest device and address are where to look for whoever it is.
        known = subject_of(row)
        put_subject(
            row, msgspec.structs.replace(known, device=event.device_id, address=event.client)
        )

    def _keep(self, row: IncidentRow, tailed: Tailed) -> None:
        kept = self._session.scalar(
            select(func.count())
            .select_from(IncidentEvidenceRow)
            .where(IncidentEvidenceRow.incident_id == row.id)
        )
        if (kept or 0) < MAX_EVIDENCE:
            self._session.add(
                IncidentEvidenceRow(
                    incident_id=row.id,
                    sender=tailed.sender,
                    boot=tailed.boot,
                    sequence=tailed.sequence,
                    facts=facts_of(tailed.event),
                )
            )
            self._session.flush()

    def _earlier(self, row: IncidentRow) -> int:
        """Return how many incidents of this kind the same subject had lately, before this."""
        if row.person_id is None:
            return 0
        count = self._session.scalar(
            select(func.count())
            .select_from(IncidentRow)
            .where(
                IncidentRow.person_id == row.person_id,
                IncidentRow.kind == row.kind,
                IncidentRow.id < row.id,
                IncidentRow.last_at > row.first_at - RECENTLY,
            )
        )
        return count or 0


def _put_positions(session: Session, positions: Mapping[Place, int], at: datetime) -> None:
    for (sender, boot), sequence in positions.items():
        added = insert(GatherPositionRow).values(
            sender=sender, boot=boot, sequence=sequence, at=at
        )
        session.execute(
            added.on_conflict_do_update(
                index_elements=["sender", "boot"],
                set_={
                    "sequence": func.max(GatherPositionRow.sequence, added.excluded.sequence),
                    "at": at,
                },
            )
        )


def oldest_to_gather(at: datetime, *, is_first: bool) -> date:
    """Return the first day whose events are gathered at *at*: at the first start only lately."""
    return day_of(at) - (timedelta(days=1) if is_first else ONE_MATTER)
