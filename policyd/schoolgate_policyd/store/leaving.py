"""
Somebody leaves: everything that they could do or open ends in one transaction.

Their name stays for the records that name it; their account, duties (R16: running the school's
accounts among them), classes, devices, claims and permissions do not.
"""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.models import (
    ApiTokenRow,
    CredentialRow,
    DeviceRow,
    EmailAddressRow,
    OneTimeCodeRow,
    PasskeyRow,
    PersonRow,
    RecoveryCodeRow,
    RequestRow,
    SetupCodeRow,
)
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.requests import GrantState
from schoolgate_policyd.store.people import member_of
from schoolgate_policyd.store.request_rows import request_of, row_of_step
from schoolgate_policyd.store.session_ends import end_others_in
from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.errors import WrongState

_WHY = "They left the school."


def leave_in(
    session: Session, row: PersonRow, *, by: str | None, at: datetime, moment: datetime
) -> None:
    """
    Have the person of *row* leave now, in the transaction of *session*.

    *by* None: a leaving that was planned came due. *at* is machine time, *moment* the school's
    clock.
    """
    requests = _withdraw_requests(session, row, by=by, at=at, moment=moment)
    sessions = end_others_in(session, row.id, None, at=at, moment=moment)
    close_account(session, row.id, at=at)
    on = ("person", row.id)
    for held in row.duties:
        taken = {"duty": held.duty, "why": "left"}
        note(session, AuditAction.DUTY_TAKEN, at=at, actor=by, on=on, details=taken)
    devices = session.scalars(
        update(DeviceRow)
        .where(DeviceRow.owner_id == row.id)
        .values(owner_id=None, version=DeviceRow.version + 1)
        .returning(DeviceRow.id)
    ).all()
    row.duties, row.classes, row.overtime = [], [], []
    row.username = None
    row.has_left = True
    row.leaves_at = min(row.leaves_at or moment, moment)
    details = {
        "sessions": sessions,
        "requests": sorted(requests),
        "devices": sorted(devices),
    }
    note(session, AuditAction.PERSON_LEFT, at=at, actor=by, on=on, details=details)


def leave_due(session: Session, *, at: datetime, moment: datetime) -> int:
    """Have everybody leave whose time has come at *moment*; return how many did."""
    rows = session.scalars(
        select(PersonRow).where(PersonRow.has_left.is_(False), PersonRow.leaves_at <= moment)
    ).all()
    for row in rows:
        # Whoever planned it was asked then who would keep Schoolgate; a day that came must hold.
        leave_in(session, row, by=None, at=at, moment=moment)
        row.version += 1
    if rows:
        bump_version(session)
    return len(rows)


def close_account(session: Session, person: str, *, at: datetime) -> None:
    """Take away everything with which *person* could sign in or let a program act for them."""
    for table in (CredentialRow, PasskeyRow, OneTimeCodeRow, RecoveryCodeRow, EmailAddressRow):
        session.execute(delete(table).where(table.person_id == person))
    session.execute(
        update(ApiTokenRow)
        .where(ApiTokenRow.person_id == person, ApiTokenRow.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    session.execute(
        update(SetupCodeRow)
        .where(SetupCodeRow.person_id == person, SetupCodeRow.used_at.is_(None))
        .values(used_at=at)
    )


def _withdraw_requests(
    session: Session, row: PersonRow, *, by: str | None, at: datetime, moment: datetime
) -> list[int]:
    """Withdraw what they asked for, undecided or open, and return the requests' numbers."""
    withdrawn = []
    theirs = select(RequestRow).where(RequestRow.requester_id == row.id).order_by(RequestRow.id)
    for request in session.scalars(theirs).all():
        try:
            moved = moves.withdraw(
                request_of(request), by=member_of(row), why=_WHY, at=at, moment=moment
            )
        except WrongState:
            continue  # it is over, so there is nothing that could stay open
        step = moved.steps[-1]
        request.state = step.state
        request.steps.append(row_of_step(step))
        if request.grant is not None and request.grant.state is GrantState.LIVE:
            request.grant.state = GrantState.WITHDRAWN
        on = ("request", request.id)
        details = {"why": "left"}
        note(session, AuditAction.REQUEST_WITHDRAWN, at=at, actor=by, on=on, details=details)
        withdrawn.append(request.id)
    return withdrawn
