"""
Rows of sessions: how they are found, opened and raised, and how long they last.

The functions that end in `_in` work in somebody else's transaction.
"""

from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session, defaultload

from schoolgate_policyd.secret_codes import hash_of
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.models import PersonRow, RetiredTokenRow, SessionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_of
from schoolgate_policyd.store.records import WebSession
from schoolgate_policyd.store.session_tokens import (
    MAX_TOKEN,
    csrf_secret_of,
    new_token,
)
from schoolgate_policyd.workflow.accounts import Lack

IDLE_LIMIT = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)
# Time enough to install an app on a phone and to put a secret into it.
LONGEST_PART_WAY = timedelta(minutes=30)
# Being seen is written down at most this often, so that looking at pages costs few writes; a
# session may end this much before it was idle for IDLE_LIMIT, never after.
SEEN_EVERY = timedelta(seconds=30)
ROTATE_EVERY = timedelta(minutes=15)
# A new token whose answer was lost on the way is replaced by another after this.
ROTATE_AGAIN_AFTER = timedelta(minutes=1)
# Requests that were under way when the browser took its new token still come with the old one.
UNDER_WAY = timedelta(seconds=30)

# Looked for on every page, which asks nothing about anybody's overtime.
_SESSIONS = select(SessionRow).options(defaultload(SessionRow.person).lazyload(PersonRow.overtime))


class KnownAs(Enum):
    """What a browser's token is to its session."""

    CURRENT = "current"
    NEXT = "next"
    RETIRED = "retired"


def open_in(
    session: Session,
    person: str,
    *,
    at: datetime,
    lacks: Lack | None = None,
    device: str = "",
    address: str = "",
) -> tuple[str, WebSession]:
    """
    Open a session in the transaction of *session*; return the browser's token with it.

    One that *lacks* something opens nothing until `raise_in`.
    """
    token = new_token()
    row = SessionRow(
        token_hash=hash_of(token),
        person_id=person,
        created_at=at,
        last_seen_at=at,
        expires_at=at + (LONGEST_SESSION if lacks is None else LONGEST_PART_WAY),
        lacks=lacks,
        device=device[:80],
        address=address[:64],
    )
    session.add(row)
    session.flush()
    if lacks is None:
        note(session, AuditAction.SIGNED_IN, at=at, actor=person, on=("session", row.id))
    return token, session_of(row, token, at)


def raise_in(session: Session, row: SessionRow, *, at: datetime) -> tuple[str, WebSession]:
    """Sign the person of *row* in, who has shown what it lacked; return the browser's token."""
    retired = RetiredTokenRow(
        token_hash=row.token_hash, session_id=row.id, retired_at=at, is_weaker=True
    )
    session.add(retired)
    token = new_token()
    row.token_hash, row.next_hash = hash_of(token), None
    row.lacks = None
    row.rotated_at = row.proven_at = row.last_seen_at = at
    row.expires_at = row.created_at + LONGEST_SESSION
    session.flush()
    note(session, AuditAction.SIGNED_IN, at=at, actor=row.person_id, on=("session", row.id))
    return token, session_of(row, token, at)


def live_session_in(session: Session, session_id: int, at: datetime) -> SessionRow | None:
    """Return the session's row if somebody is signed in with it at *at* (machine time)."""
    row = session.get(SessionRow, session_id)
    if row is None or row.lacks is not None or not is_open(row, at):
        return None
    return row


def part_way_in(session: Session, session_id: int, at: datetime) -> SessionRow | None:
    """Return the session's row if it is open at *at* and lacks something."""
    row = session.get(SessionRow, session_id)
    return row if row is not None and row.lacks is not None and is_open(row, at) else None


def found_in(
    session: Session, token: str
) -> tuple[SessionRow | None, KnownAs | None, RetiredTokenRow | None]:
    """Return the session that *token* was given for, and what the token is to it."""
    if not token or len(token) > MAX_TOKEN:
        return None, None, None
    hashed = hash_of(token)
    row = session.scalar(_SESSIONS.where(SessionRow.token_hash == hashed))
    if row is not None:
        return row, KnownAs.CURRENT, None
    row = session.scalar(_SESSIONS.where(SessionRow.next_hash == hashed))
    if row is not None:
        return row, KnownAs.NEXT, None
    retired = session.get(RetiredTokenRow, hashed)
    if retired is None:
        return None, None, None
    return session.get(SessionRow, retired.session_id), KnownAs.RETIRED, retired


def is_open(row: SessionRow, at: datetime) -> bool:
    """Whether the session is not over at *at*."""
    return row.ended_at is None and at < row.expires_at and at - row.last_seen_at < IDLE_LIMIT


def is_due(row: SessionRow, at: datetime) -> bool:
    """Whether the browser is to be given another token."""
    every = ROTATE_EVERY if row.next_hash is None else ROTATE_AGAIN_AFTER
    return at - (row.rotated_at or row.created_at) >= every


def session_of(row: SessionRow, token: str, at: datetime) -> WebSession:
    """Return the session as the pages know it."""
    return WebSession(
        id=row.id,
        member=member_of(row.person),
        csrf_secret=csrf_secret_of(token),
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        proven_at=row.proven_at or row.created_at,
        lacks=row.lacks,
        is_rotation_due=is_due(row, at),
    )
