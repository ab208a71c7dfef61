"""Standing permissions: the head's permission and the online safety lead's confirmed controls."""

from datetime import date, datetime

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

DUTY_FOR = {
    StandingRecordKind.HEAD_PERMISSION: Duty.HEAD,
    StandingRecordKind.CONFIRMED_CONTROLS: Duty.ONLINE_SAFETY_LEAD,
}
_ONLY = {
    StandingRecordKind.HEAD_PERMISSION: "Only the headteacher gives or withdraws this.",
    StandingRecordKind.CONFIRMED_CONTROLS: "Only the online safety lead confirms the controls.",
}


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
    if any(
        name == each.name and kind is each.kind
        for permission in permissions_in(session)
        for each in (permission.permission, permission.controls)
        if each is not None
    ):
        raise WrongState("This record stands already: withdraw it first.")
    row = StandingRecordRow(
        name=name, kind=kind, actor_id=by, at=at, reasons=reasons, review_on=review_on
    )
    session.add(row)
    details = {"kind": kind, "review_on": review_on.isoformat()}
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
    )
