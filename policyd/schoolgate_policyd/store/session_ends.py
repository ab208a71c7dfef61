"""Ending sessions, in the transaction of whoever ends them: one, the others, the replaced."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.models import DeviceClaimRow, SessionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import ClaimEnd
from schoolgate_policyd.store.session_rows import found_in


def end_in(
    session: Session,
    row: SessionRow,
    *,
    at: datetime,
    moment: datetime,
    action: AuditAction = AuditAction.SIGNED_OUT,
) -> None:
    """End the session *row* and its device claims in the transaction of *session*."""
    row.ended_at = at
    note(session, action, at=at, actor=row.person_id, on=("session", row.id))
    ended = session.scalars(
        update(DeviceClaimRow)
        .where(DeviceClaimRow.session_id == row.id, DeviceClaimRow.ended_at.is_(None))
        .values(ended_at=moment, ended_why=ClaimEnd.SIGNED_OUT)
        .returning(DeviceClaimRow.id)
    ).all()
    for claim in ended:
        note(
            session,
            AuditAction.CLAIM_ENDED,
            at=at,
            actor=row.person_id,
            on=("claim", claim),
            details={"why": ClaimEnd.SIGNED_OUT},
        )
    if ended:
        bump_version(session)


def end_others_in(
    session: Session, person: str, but: int | None, *, at: datetime, moment: datetime
) -> int:
    """End every session of *person* but one, in the transaction of *session*."""
    rows = session.scalars(
        select(SessionRow).where(SessionRow.person_id == person, SessionRow.ended_at.is_(None))
    )
    ended = [row for row in rows if row.id != but]
    for row in ended:
        end_in(session, row, at=at, moment=moment, action=AuditAction.SESSION_REVOKED)
    return len(ended)


def end_replaced_in(
    session: Session, token: str | None, *, at: datetime, moment: datetime
) -> None:
    """End the session that a browser had before it signed in anew."""
    if token is None:
        return
    row, _, _ = found_in(session, token)
    if row is not None and row.ended_at is None:
        end_in(session, row, at=at, moment=moment)
