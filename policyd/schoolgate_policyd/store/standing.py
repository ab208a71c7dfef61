"""Standing permissions: the head's permission and the online safety lead's confirmed controls."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import StandingRecordRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import StandingRecordKind
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.records import StandingPermission, StandingRecord
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.standing_requests import is_past

DUTY_FOR = {
    StandingRecordKind.HEAD_PERMISSION: Duty.HEAD,
    StandingRecordKind.CONFIRMED_CONTROLS: Duty.ONLINE_SAFETY_LEAD,
}
_ONLY = {
    StandingRecordKind.HEAD_PERMISSION: "Only the headteacher gives or withdraws this.",
    StandingRecordKind.CONFIRMED_CONTROLS: "Only the online safety lead confirms the controls.",
}
_NOTHING: Mapping[str, object] = MappingProxyType({})


class Standing:
    """Standing permissions; *at* is machine time, people are ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def permissions(self) -> tuple[StandingPermission, ...]:
        """Return those of which a record stands, by name."""
        with self._database.reading() as session:
            return permissions_in(session)

    def history(self, name: str) -> tuple[StandingRecord, ...]:
        """Return every record of a standing permission, newest first."""
        query = (
            select(StandingRecordRow)
            .where(StandingRecordRow.name == name)
            .order_by(StandingRecordRow.id.desc())
        )
        with self._database.reading() as session:
            return tuple(_record(row) for row in session.scalars(query))

    def record(
        self,
        name: str,
        kind: StandingRecordKind,
        *,
        by: str,
        reasons: str,
        review_on: date,
        at: datetime,
    ) -> StandingRecord:
        """Put one of the two records on file. Raises NotAllowed, WrongState if it stands."""
        with self._database.writing() as session:
            return put_record(
                session, name, kind, by=by, reasons=reasons, review_on=review_on, at=at
            )

    def withdraw(self, record: int, *, by: str, at: datetime) -> StandingRecord:
        """Withdraw a record: the permission is no longer in force. Raises NotAllowed."""
        with self._database.writing() as session:
            row = session.get(StandingRecordRow, record)
            if row is None:
                raise UnknownObject(f"there is no standing record {record}")
            if not member_in(session, by).holds(DUTY_FOR[row.kind]):
                raise NotAllowed(_ONLY[row.kind])
            if row.withdrawn_at is not None:
                raise WrongState("It has been withdrawn already.")
            row.withdrawn_at, row.withdrawn_by = at, by
            note(
                session,
                AuditAction.STANDING_WITHDRAWN,
                at=at,
                actor=by,
                on=("standing", row.name),
                details={"kind": row.kind},
            )
            bump_version(session)
            return _record(row)


def permissions_in(session: Session) -> tuple[StandingPermission, ...]:
    """Return those of which a record stands, by name."""
    rows = session.scalars(
        select(StandingRecordRow)
        .where(StandingRecordRow.withdrawn_at.is_(None))
        .order_by(StandingRecordRow.name)
    )
    standing: dict[str, dict[StandingRecordKind, StandingRecord]] = {}
    for row in rows:
        standing.setdefault(row.name, {})[row.kind] = _record(row)
    return tuple(
        StandingPermission(
            name,
            records.get(StandingRecordKind.HEAD_PERMISSION),
            records.get(StandingRecordKind.CONFIRMED_CONTROLS),
        )
        for name, records in standing.items()
    )


def put_record(
    session: Session,
    name: str,
    kind: StandingRecordKind,
    *,
    by: str,
    reasons: str,
    review_on: date,
    at: datetime,
) -> StandingRecord:
    """Put a record on file in the transaction of *session*."""
    if not member_in(session, by).holds(DUTY_FOR[kind]):
        raise NotAllowed(_ONLY[kind])
    if _standing_row(session, name, kind) is not None:
        raise WrongState("This record stands already: withdraw it first.")
    return _put(session, name, kind, by=by, reasons=reasons, review_on=review_on, at=at)


def renew_record(
    session: Session,
    name: str,
    kind: StandingRecordKind,
    *,
    by: str,
    reasons: str,
    review_on: date,
    at: datetime,
    came_of: Mapping[str, object],
) -> StandingRecord:
    """
    Put a record in the place of the one that stands, in the transaction of *session*.

    Who may is the matter of the steps that led here (`workflow.standing_requests`); the entry
    says what it *came_of*, a signature's digest among it.
    """
    before = _standing_row(session, name, kind)
    if before is not None:
        before.withdrawn_at, before.withdrawn_by = at, by
        session.flush()
    return _put(
        session,
        name,
        kind,
        by=by,
        reasons=reasons,
        review_on=review_on,
        at=at,
        came_of=came_of,
    )


def is_any_overdue(session: Session, moment: datetime) -> bool:
    """Whether some record's review date is past at *moment* (school's clock) and not noted yet."""
    return bool(_overdue(session, moment))


def lapse_overdue_in(session: Session, moment: datetime, *, at: datetime) -> int:
    """Note that records whose review date is past are in force no longer; return how many."""
    lapsed = 0
    for row in _overdue(session, moment):
        row.lapsed_at = at
        details = {"kind": row.kind, "review_on": row.review_on.isoformat()}
        on = ("standing", row.name)
        note(session, AuditAction.STANDING_LAPSED, at=at, actor=None, on=on, details=details)
        lapsed += 1
    return lapsed


def _overdue(session: Session, moment: datetime) -> list[StandingRecordRow]:
    rows = session.scalars(
        select(StandingRecordRow)
        .where(StandingRecordRow.withdrawn_at.is_(None), StandingRecordRow.lapsed_at.is_(None))
        .order_by(StandingRecordRow.id)
    )
    return [row for row in rows if is_past(row.review_on, moment)]


def _standing_row(
    session: Session, name: str, kind: StandingRecordKind
) -> StandingRecordRow | None:
    return session.scalar(
        select(StandingRecordRow).where(
            StandingRecordRow.name == name,
            StandingRecordRow.kind == kind,
            StandingRecordRow.withdrawn_at.is_(None),
        )
    )


def _put(
    session: Session,
    name: str,
    kind: StandingRecordKind,
    *,
    by: str,
    reasons: str,
    review_on: date,
    at: datetime,
    came_of: Mapping[str, object] = _NOTHING,
) -> StandingRecord:
    row = StandingRecordRow(
        name=name, kind=kind, actor_id=by, at=at, reasons=reasons, review_on=review_on
    )
    session.add(row)
    details = {**came_of, "kind": kind, "review_on": review_on.isoformat()}
    note(
        session,
        AuditAction.STANDING_RECORDED,
        at=at,
        actor=by,
        on=("standing", name),
        details=details,
    )
    bump_version(session)
    session.flush()
    return _record(row)


def _record(row: StandingRecordRow) -> StandingRecord:
    return StandingRecord(
        id=row.id,
        name=row.name,
        kind=row.kind,
        actor=row.actor_id,
        at=row.at,
        reasons=row.reasons,
        review_on=row.review_on,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
        lapsed_at=row.lapsed_at,
    )
