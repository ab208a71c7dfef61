"""Delegations: the head names a deputy, and either ends it; each with its audit entry."""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import DelegationRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import actors_in, member_in, members_in
from schoolgate_policyd.workflow import delegations
from schoolgate_policyd.workflow.delegations import Delegation, DelegationForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.request_rights import Staffing
from schoolgate_policyd.workflow.requests import Signature

MAX_SHOWN = 200


class Delegations:
    """
    Who decides in whose name, and when.

    *at* is machine time, *moment* the school's clock, both aware; people are ids.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def every(self) -> tuple[Delegation, ...]:
        """Return every delegation, newest first."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(DelegationRow).order_by(DelegationRow.id.desc()).limit(MAX_SHOWN)
            )
            return tuple(map(_delegation, rows))

    def live(self, moment: datetime) -> tuple[Delegation, ...]:
        """Return those that hold at *moment*."""
        with self._database.reading() as session:
            return staffing_in(session, moment).delegations

    def end(self, number: int, *, by: str, why: str, at: datetime, moment: datetime) -> Delegation:
        """Withdraw a delegation at once. Raises UnknownObject, NotAllowed, WrongState."""
        with self._database.writing() as session:
            row = session.get(DelegationRow, number)
            if row is None:
                raise UnknownObject(f"there is no delegation {number}")
            member = member_in(session, by)
            ended = delegations.end(_delegation(row), by=member, why=why, at=at, moment=moment)
            row.withdrawn_at, row.withdrawn_by = ended.withdrawn_at, ended.withdrawn_by
            row.withdrawn_why = ended.withdrawn_why
            note(
                session,
                AuditAction.DEPUTY_WITHDRAWN,
                at=at,
                actor=by,
                on=("delegation", row.id),
                details={"deputy": row.deputy_id},
            )
            return ended


def staffing_in(session: Session, moment: datetime) -> Staffing:
    """Return who may act on requests at *moment* (aware, the school's clock)."""
    return staffing_of(session, actors_in(session), moment)


def staffing_of(session: Session, people: tuple[Member, ...], moment: datetime) -> Staffing:
    """Return who of *people*, which are all of `actors_in`, may act on requests at *moment*."""
    rows = session.scalars(
        select(DelegationRow).where(is_standing_at(moment)).order_by(DelegationRow.id)
    )
    live = delegations.live_at(map(_delegation, rows), people, moment)
    return Staffing(people, moment, live)


def is_standing_at(moment: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition that a delegation stands at *moment*; `live_at` says if it holds."""
    return and_(
        DelegationRow.withdrawn_at.is_(None),
        DelegationRow.starts_at <= moment,
        DelegationRow.ends_at > moment,
    )


def given_in(
    session: Session,
    form: DelegationForm,
    *,
    by: str,
    signature: Signature,
    at: datetime,
    moment: datetime,
) -> Delegation:
    """Return the delegation that head *by* gives. Raises NotAllowed, InvalidForm, WrongState."""
    rows = session.scalars(
        select(DelegationRow).where(
            DelegationRow.withdrawn_at.is_(None), DelegationRow.ends_at > moment
        )
    )
    return delegations.give(
        form,
        by=member_in(session, by),
        people=members_in(session),
        standing=tuple(map(_delegation, rows)),
        signature=signature,
        at=at,
        moment=moment,
    )


def keep_in(session: Session, given: Delegation, *, at: datetime) -> None:
    """Keep a delegation that was signed just now, with its audit entry."""
    row = _row(given)
    session.add(row)
    session.flush()
    details = {
        "deputy": given.deputy,
        "from": given.starts_at.isoformat(),
        "until": given.ends_at.isoformat(),
        "signed": given.signature.digest,
        "signature": given.signature.number,
    }
    note(
        session,
        AuditAction.DEPUTY_NAMED,
        at=at,
        actor=given.head,
        on=("delegation", row.id),
        details=details,
    )


def _row(given: Delegation) -> DelegationRow:
    return DelegationRow(
        head_id=given.head,
        deputy_id=given.deputy,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        reasons=given.reasons,
        given_at=given.given_at,
        signed_name=given.signature.name,
        signed_on=given.signature.signed_on,
        signed_digest=given.signature.digest,
    )


def _delegation(row: DelegationRow) -> Delegation:
    return Delegation(
        id=row.id,
        head=row.head_id,
        deputy=row.deputy_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reasons=row.reasons,
        given_at=row.given_at,
        signature=Signature(row.signed_name, row.signed_on, row.signed_digest),
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
        withdrawn_why=row.withdrawn_why,
    )
