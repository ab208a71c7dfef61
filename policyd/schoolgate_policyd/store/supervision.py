"""
Supervised sessions, and school devices assigned to pupils: begun by one press, ended for ever.

Both change what the filter does, so each begins and ends with a new version for policyd.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.policy import Register
from schoolgate_policyd.core.rules import Grant
from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import AssignmentRow, SupervisedSessionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import devices_in, member_in
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.restrictions import (
    RestrictionRecord,
    group_of,
    may_supervise,
    session_grant,
)
from schoolgate_policyd.workflow.supervision import (
    Assignment,
    SupervisedSession,
    require_assignable,
    require_session,
)

MAX_PAGE = 500


class Supervision:
    """Sessions and assignments; *at* is machine time, *moment* the school's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sessions(self, moment: datetime) -> tuple[SupervisedSession, ...]:
        """Return the sessions that are going on at *moment*, the first to end first."""
        with self._database.reading() as session:
            rows = session.scalars(_going_on(moment).order_by(SupervisedSessionRow.ends_at))
            return tuple(map(_session_of, rows))

    def open(
        self,
        pupil: str,
        *,
        by: str,
        restrictions: tuple[RestrictionRecord, ...],
        ends_at: datetime,
        at: datetime,
        moment: datetime,
    ) -> SupervisedSession:
        """Open one for *pupil*, whom *restrictions* speak of. Raises NotAllowed, WrongState."""
        with self._database.writing() as session:
            whom = member_in(session, pupil)
            require_session(member_in(session, by), whom, restrictions, moment)
            for row in session.scalars(_not_ended_of(pupil)):
                if row.ends_at > moment:
                    raise WrongState("A supervised session is going on for them already.")
                _end_session(session, row, by=None, at=at)
            row = SupervisedSessionRow(
                person_id=pupil, opened_by=by, opened_at=at, starts_at=moment, ends_at=ends_at
            )
            session.add(row)
            session.flush()
            on = ("supervised-session", row.id)
            note(session, AuditAction.SUPERVISED_SESSION_OPENED, at=at, actor=by, on=on)
            bump_version(session)
            return _session_of(row)

    def end(self, number: int, *, by: str, at: datetime) -> SupervisedSession:
        """End session *number* at once: any member of staff may. Raises NotAllowed, WrongState."""
        with self._database.writing() as session:
            row = session.get(SupervisedSessionRow, number)
            if row is None:
                raise UnknownObject(f"there is no supervised session {number}")
            if not may_supervise(member_in(session, by)):
                raise NotAllowed("Only a member of staff ends a supervised session.")
            if row.ended_at is not None:
                raise WrongState("It has ended already.")
            _end_session(session, row, by=by, at=at)
            bump_version(session)
            return _session_of(row)

    def assignments(self, moment: datetime) -> tuple[Assignment, ...]:
        """Return the assignments in force at *moment*, by device."""
        with self._database.reading() as session:
            return tuple(map(_assignment_of, session.scalars(_assigned(moment))))

    def assign(
        self,
        device: str,
        pupil: str,
        *,
        by: str,
        networks: tuple[Network, ...],
        ends_at: datetime,
        at: datetime,
        moment: datetime,
    ) -> Assignment:
        """Assign *device* to *pupil*; whoever had it before has it no longer."""
        with self._database.writing() as session:
            known = next((each for each in devices_in(session) if each.id == device), None)
            if known is None:
                raise UnknownObject(f"there is no device `{device}`")
            require_assignable(member_in(session, by), member_in(session, pupil), known, networks)
            for row in session.scalars(_not_ended(device)):
                _end_assignment(session, row, by=by, at=at)
            session.flush()
            row = AssignmentRow(
                device_id=device,
                person_id=pupil,
                assigned_by=by,
                assigned_at=at,
                starts_at=moment,
                ends_at=ends_at,
            )
            session.add(row)
            session.flush()
            on = ("assignment", row.id)
            details = {"device": device, "person": pupil}
            note(session, AuditAction.DEVICE_ASSIGNED, at=at, actor=by, on=on, details=details)
            bump_version(session)
            return _assignment_of(row)

    def give_back(self, number: int, *, by: str, at: datetime) -> Assignment:
        """End assignment *number* at once. Raises NotAllowed, WrongState."""
        with self._database.writing() as session:
            row = session.get(AssignmentRow, number)
            if row is None:
                raise UnknownObject(f"there is no assignment {number}")
            if not may_supervise(member_in(session, by)):
                raise NotAllowed("Only a member of staff does this.")
            if row.ended_at is not None:
                raise WrongState("It has ended already.")
            _end_assignment(session, row, by=by, at=at)
            bump_version(session)
            return _assignment_of(row)


def session_grants_in(session: Session, moment: datetime) -> tuple[Grant, ...]:
    """Return the sessions in force at *moment* as the grants that they are."""
    return tuple(
        session_grant(row.id, row.person_id, row.starts_at, row.ends_at)
        for row in session.scalars(_going_on(moment).order_by(SupervisedSessionRow.id))
    )


def with_assigned(session: Session, register: Register) -> Register:
    """Return *register* with the devices that are assigned to pupils in their groups."""
    rows = session.scalars(select(AssignmentRow).where(AssignmentRow.ended_at.is_(None)))
    groups: Mapping[str, str] = {row.device_id: group_of(row.person_id) for row in rows}
    if not groups:
        return register
    devices = tuple(
        msgspec.structs.replace(each, groups=each.groups | {groups[each.id]})
        if each.id in groups
        else each
        for each in register.devices
    )
    return msgspec.structs.replace(register, devices=devices)


def is_any_over(session: Session, moment: datetime) -> bool:
    """Whether the time of one is over at *moment*, and it is not marked so yet."""
    found = (session.scalar(each.limit(1)) for each in _overdue(moment))
    return any(each is not None for each in found)


def end_overdue_in(session: Session, moment: datetime, *, at: datetime) -> int:
    """Mark those whose time is over at *moment* as ended, for ever; return how many."""
    of_sessions, of_assignments = _overdue(moment)
    sessions = session.scalars(of_sessions).all()
    for row in sessions:
        _end_session(session, row, by=None, at=at)
    assignments = session.scalars(of_assignments).all()
    for assigned in assignments:
        _end_assignment(session, assigned, by=None, at=at)
    return len(sessions) + len(assignments)


def _overdue(
    moment: datetime,
) -> tuple[Select[SupervisedSessionRow], Select[AssignmentRow]]:
    return (
        select(SupervisedSessionRow).where(
            SupervisedSessionRow.ended_at.is_(None), SupervisedSessionRow.ends_at <= moment
        ),
        select(AssignmentRow).where(
            AssignmentRow.ended_at.is_(None), AssignmentRow.ends_at <= moment
        ),
    )


def _going_on(moment: datetime) -> Select[SupervisedSessionRow]:
    return (
        select(SupervisedSessionRow)
        .where(SupervisedSessionRow.ended_at.is_(None), SupervisedSessionRow.ends_at > moment)
        .limit(MAX_PAGE)
    )


def _not_ended_of(pupil: str) -> Select[SupervisedSessionRow]:
    return select(SupervisedSessionRow).where(
        SupervisedSessionRow.person_id == pupil, SupervisedSessionRow.ended_at.is_(None)
    )


def _assigned(moment: datetime) -> Select[AssignmentRow]:
    return (
        select(AssignmentRow)
        .where(AssignmentRow.ended_at.is_(None), AssignmentRow.ends_at > moment)
        .order_by(AssignmentRow.device_id)
    )


def _not_ended(device: str) -> Select[AssignmentRow]:
    return select(AssignmentRow).where(
        AssignmentRow.device_id == device, AssignmentRow.ended_at.is_(None)
    )


def _end_session(
    session: Session, row: SupervisedSessionRow, *, by: str | None, at: datetime
) -> None:
    row.ended_at, row.ended_by = at, by
    on = ("supervised-session", row.id)
    note(session, AuditAction.SUPERVISED_SESSION_ENDED, at=at, actor=by, on=on)
    session.flush()


def _end_assignment(session: Session, row: AssignmentRow, *, by: str | None, at: datetime) -> None:
    row.ended_at, row.ended_by = at, by
    note(session, AuditAction.ASSIGNMENT_ENDED, at=at, actor=by, on=("assignment", row.id))
    session.flush()


def _session_of(row: SupervisedSessionRow) -> SupervisedSession:
    return SupervisedSession(
        id=row.id,
        person=row.person_id,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )


def _assignment_of(row: AssignmentRow) -> Assignment:
    return Assignment(
        id=row.id,
        device=row.device_id,
        person=row.person_id,
        assigned_by=row.assigned_by,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
    )
