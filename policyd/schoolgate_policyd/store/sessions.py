"""
Sessions of the pages: a random token in the browser, only its hash here.

Machine time throughout: a shifted school clock must not lengthen a session.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import DeviceClaimRow, SessionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import ClaimEnd
from schoolgate_policyd.store.people import member_of
from schoolgate_policyd.store.records import WebSession

IDLE_LIMIT = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)
# Being seen is written down at most this often, so that looking at pages costs few writes; a
# session may end this much before it was idle for IDLE_LIMIT, never after.
SEEN_EVERY = timedelta(seconds=30)
KEPT_AFTER_END = timedelta(days=1)
MAX_TOKEN = 200


class Sessions:
    """Who is signed in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def resume(self, token: str, *, at: datetime) -> WebSession | None:
        """Return the session that *token* opens at *at* (machine time), and note it as seen."""
        with self._database.reading() as session:
            row = _row_of(session, token)
            if row is None or row.ended_at is not None:
                return None
            if _is_open(row, at) and at - row.last_seen_at < SEEN_EVERY:
                return _session_of(row, token)
        with self._database.writing() as session:
            row = _row_of(session, token)
            if row is None or row.ended_at is not None:
                return None
            if not _is_open(row, at):
                # Seen to be over, it stays over, even if the clock is set back.
                row.ended_at = at
                return None
            row.last_seen_at = at
            return _session_of(row, token)

    def end(self, session_id: int, *, at: datetime, moment: datetime) -> None:
        """Sign out: the session and its device claims end for ever. *moment*: school clock."""
        with self._database.writing() as session:
            row = session.get(SessionRow, session_id)
            if row is None or row.ended_at is not None:
                return
            end_in(session, row, at=at, moment=moment)


def open_in(session: Session, person: str, *, at: datetime) -> tuple[str, WebSession]:
    """Open a session in the transaction of *session*; return the browser's token with it."""
    session.execute(delete(SessionRow).where(SessionRow.expires_at < at - KEPT_AFTER_END))
    token = secrets.token_urlsafe(32)
    row = SessionRow(
        token_hash=hash_of(token),
        person_id=person,
        created_at=at,
        last_seen_at=at,
        expires_at=at + LONGEST_SESSION,
    )
    session.add(row)
    session.flush()
    note(session, AuditAction.SIGNED_IN, at=at, actor=person, on=("session", row.id))
    return token, _session_of(row, token)


def end_in(session: Session, row: SessionRow, *, at: datetime, moment: datetime) -> None:
    """End the session *row* and its device claims in the transaction of *session*."""
    row.ended_at = at
    note(session, AuditAction.SIGNED_OUT, at=at, actor=row.person_id, on=("session", row.id))
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


def live_session_in(session: Session, session_id: int, at: datetime) -> SessionRow | None:
    """Return the session's row if it is still open at *at* (machine time)."""
    row = session.get(SessionRow, session_id)
    return row if row is not None and _is_open(row, at) else None


def hash_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _row_of(session: Session, token: str) -> SessionRow | None:
    if not token or len(token) > MAX_TOKEN:
        return None
    return session.scalar(select(SessionRow).where(SessionRow.token_hash == hash_of(token)))


def _is_open(row: SessionRow, at: datetime) -> bool:
    return row.ended_at is None and at < row.expires_at and at - row.last_seen_at < IDLE_LIMIT


def _session_of(row: SessionRow, token: str) -> WebSession:
    # One way from the token, so the secret that forms carry says nothing about the cookie.
    csrf_secret = hmac.new(
        token.encode("utf-8", "surrogateescape"), b"schoolgate csrf", hashlib.sha256
    ).hexdigest()
    return WebSession(
        id=row.id,
        member=member_of(row.person),
        csrf_secret=csrf_secret,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
    )
