"""
Restrictions: proposed, decided, ended, each in one transaction with its audit entry.

What is decided is in force within a second: the decision counts as a change that policyd must
see. Times of a restriction are the school's clock, who did what when is machine time.
"""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.rules import Citation, Restriction
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import PersonRow, RestrictionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import duty_holders_in, member_in
from schoolgate_policyd.workflow import restrictions as moves
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.incidents import Handling, IncidentSubject, handling_of
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.restrictions import (
    Proposal,
    RestrictionRecord,
    RestrictionState,
    restriction_of,
)

MAX_PAGE = 500
MAX_OPEN = 20

_PROPOSED = (
    select(RestrictionRow, PersonRow.audience)
    .outerjoin(PersonRow, PersonRow.id == RestrictionRow.person_id)
    .where(RestrictionRow.state == RestrictionState.PROPOSED)
    .limit(MAX_PAGE)
)
_OPEN = (RestrictionState.PROPOSED, RestrictionState.DECIDED)
_ACTIONS = {
    RestrictionState.PROPOSED: AuditAction.RESTRICTION_PROPOSED,
    RestrictionState.DECIDED: AuditAction.RESTRICTION_DECIDED,
    RestrictionState.REFUSED: AuditAction.RESTRICTION_REFUSED,
    RestrictionState.ENDED_EARLY: AuditAction.RESTRICTION_ENDED_EARLY,
    RestrictionState.OVER: AuditAction.RESTRICTION_OVER,
}


class Restrictions:
    """
    The restrictions; *at* is machine time, *moment* the school's clock, people are ids.

    Methods raise UnknownObject for those that there are not, or not for *by*, and WorkflowError
    with a sentence for what is refused.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, number: int, *, by: str) -> tuple[RestrictionRecord, Handling]:
        """Return restriction *number* with who decides it, if *by* may see it."""
        with self._database.reading() as session:
            return _visible(session, _row_in(session, number), by)

    def seen_by(
        self, person: str, *, incident: int | None = None, about: str | None = None
    ) -> tuple[tuple[RestrictionRecord, Handling], ...]:
        """Return the restrictions that *person* may see, newest first, each with who decides."""
        query = select(RestrictionRow).order_by(RestrictionRow.id.desc()).limit(MAX_PAGE)
        if incident is not None:
            query = query.where(RestrictionRow.incident_id == incident)
        if about is not None:
            query = query.where(RestrictionRow.person_id == about)
        with self._database.reading() as session:
            people = duty_holders_in(session)
            found = [
                (_record(row), _handling(session, row, people)) for row in session.scalars(query)
            ]
            return tuple(pair for pair in found if pair[1].is_seen_by(person))

    def in_force(self, moment: datetime) -> tuple[RestrictionRecord, ...]:
        """Return every restriction in force at *moment*, for staff who supervise."""
        with self._database.reading() as session:
            rows = session.scalars(
                _live(moment).where(RestrictionRow.starts_at <= moment).limit(MAX_PAGE)
            )
            return tuple(map(_record, rows))

    def propose(self, proposal: Proposal, *, by: str, at: datetime) -> RestrictionRecord:
        """Propose *proposal*: nothing is in force by that."""
        with self._database.writing() as session:
            about = member_in(session, proposal.person)
            handling = handling_of(
                IncidentSubject(about.audience, about.id), duty_holders_in(session)
            )
            moves.require_proposable(proposal, about, handling, by)
            open_ones = select(RestrictionRow).where(
                RestrictionRow.person_id == about.id, RestrictionRow.state.in_(_OPEN)
            )
            if len(session.scalars(open_ones.limit(MAX_OPEN)).all()) >= MAX_OPEN:
                raise WrongState(f"There are {MAX_OPEN} for them already: end some first.")
            row = _row_of(RestrictionRecord(0, proposal, by, at))
            session.add(row)
            session.flush()
            return _moved(session, row, by, at)

    def decide(
        self,
        number: int,
        *,
        by: str,
        is_approved: bool,
        reasons: str,
        at: datetime,
        moment: datetime,
    ) -> RestrictionRecord:
        """Decide or refuse a proposal; a decided one is in force from its start."""
        with self._database.writing() as session:
            row = _row_in(session, number)
            before, handling = _visible(session, row, by)
            after = moves.decide(
                before,
                handling,
                by=by,
                is_approved=is_approved,
                reasons=reasons,
                at=at,
                moment=moment,
            )
            row.state, row.decided_by = after.state, after.decided_by
            row.decided_at, row.reasons = after.decided_at, after.reasons
            if after.state is RestrictionState.DECIDED:
                bump_version(session)
            return _moved(session, row, by, at)

    def end_early(
        self, number: int, *, by: str, why: str, at: datetime, moment: datetime
    ) -> RestrictionRecord:
        """End one that was decided, at once and for ever."""
        with self._database.writing() as session:
            row = _row_in(session, number)
            before, handling = _visible(session, row, by)
            after = moves.end_early(before, handling, by=by, why=why, at=at, moment=moment)
            row.state, row.ended_by = after.state, after.ended_by
            row.ended_at, row.ended_why = after.ended_at, after.ended_why
            bump_version(session)
            return _moved(session, row, by, at)


def proposed_in(session: Session) -> tuple[tuple[RestrictionRecord, IncidentSubject], ...]:
    """Return the proposals that nobody has decided yet, each with whom it is about."""
    return tuple(
        (_record(row), _subject(row, audience)) for row, audience in session.execute(_PROPOSED)
    )


def restrictions_in(session: Session, moment: datetime) -> tuple[Restriction, ...]:
    """Return what is in force at *moment* (the school's clock), or will be later."""
    return tuple(restriction_of(_record(row)) for row in session.scalars(_live(moment)))


def is_any_over(session: Session, moment: datetime) -> bool:
    """Whether the time of one is over at *moment*, and it is not marked so yet."""
    return session.scalar(_overdue(moment).limit(1)) is not None


def end_overdue_in(session: Session, moment: datetime, *, at: datetime) -> int:
    """Mark those whose time is over at *moment* as over, for ever; return how many."""
    rows = session.scalars(_overdue(moment)).all()
    for row in rows:
        row.state = RestrictionState.OVER
        _moved(session, row, None, at)
    return len(rows)


def _live(moment: datetime) -> Select[RestrictionRow]:
    return (
        select(RestrictionRow)
        .where(RestrictionRow.state == RestrictionState.DECIDED, RestrictionRow.ends_at > moment)
        .order_by(RestrictionRow.id)
    )


def _overdue(moment: datetime) -> Select[RestrictionRow]:
    return select(RestrictionRow).where(
        RestrictionRow.state == RestrictionState.DECIDED, RestrictionRow.ends_at <= moment
    )


def _row_in(session: Session, number: int) -> RestrictionRow:
    row = session.get(RestrictionRow, number)
    if row is None:
        raise UnknownObject(f"there is no restriction {number}")
    return row


def _handling(session: Session, row: RestrictionRow, people: tuple[Member, ...]) -> Handling:
    audience = session.scalar(select(PersonRow.audience).where(PersonRow.id == row.person_id))
    return handling_of(_subject(row, audience), people)


def _subject(row: RestrictionRow, audience: Audience | None) -> IncidentSubject:
    # Nobody of that name any more: the matter is as that of a pupil.
    return IncidentSubject(Audience.PUPIL if audience is None else audience, row.person_id)


def _visible(session: Session, row: RestrictionRow, by: str) -> tuple[RestrictionRecord, Handling]:
    """Return the restriction; for those who may not see it there is none."""
    handling = _handling(session, row, duty_holders_in(session))
    if not handling.is_seen_by(by):
        raise UnknownObject(f"there is no restriction {row.id} for them")
    return _record(row), handling


def _moved(
    session: Session, row: RestrictionRow, by: str | None, at: datetime
) -> RestrictionRecord:
    details = {"kind": row.kind}
    on = ("restriction", row.id)
    note(session, _ACTIONS[row.state], at=at, actor=by, on=on, details=details)
    session.flush()
    return _record(row)


def _row_of(record: RestrictionRecord) -> RestrictionRow:
    proposal = record.proposal
    return RestrictionRow(
        kind=proposal.kind,
        person_id=proposal.person,
        service=proposal.service,
        site=None if proposal.site is None else proposal.site.text,
        starts_at=proposal.starts_at,
        ends_at=proposal.ends_at,
        why=proposal.why,
        document=proposal.cite.document,
        section=proposal.cite.section,
        is_ours=proposal.cite.is_ours,
        incident_id=proposal.incident,
        proposed_by=record.proposed_by,
        proposed_at=record.proposed_at,
        state=record.state,
        reasons="",
        ended_why="",
    )


def _record(row: RestrictionRow) -> RestrictionRecord:
    return RestrictionRecord(
        id=row.id,
        proposal=Proposal(
            kind=row.kind,
            person=row.person_id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            why=row.why,
            cite=Citation(row.document, row.section, row.is_ours),
            service=row.service,
            site=None if row.site is None else parse_host(row.site),
            incident=row.incident_id,
        ),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        state=row.state,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reasons=row.reasons,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
        ended_why=row.ended_why,
    )
