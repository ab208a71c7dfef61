"""
Sessions of the pages: a random token in the browser, only its hash here.

The token is replaced at intervals and with every gain of rights. The one before is retired once
the browser is seen to have its successor; whoever comes with it long after has a copy, so the
session ends for both. Machine time throughout: a shifted school clock must not lengthen a session.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.secret_codes import hash_of
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import RetiredTokenRow, SessionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import WebSession
from schoolgate_policyd.store.session_ends import end_in, end_others_in
from schoolgate_policyd.store.session_rows import (
    SEEN_EVERY,
    UNDER_WAY,
    KnownAs,
    found_in,
    is_due,
    is_open,
    session_of,
)
from schoolgate_policyd.store.session_tokens import next_token
from schoolgate_policyd.store.sign_in_records import SessionLine


class Sessions:
    """Who is signed in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def resume(
        self, token: str, *, at: datetime, moment: datetime | None = None
    ) -> WebSession | None:
        """
        Return the session that *token* opens at *at* (machine time), and note it as seen.

        A token that was retired long ago ends its session; *moment* is then the school's clock,
        for the device claims that end with it.
        """
        with self._database.reading() as session:
            row, known_as, _ = found_in(session, token)
            if row is None or row.ended_at is not None:
                return None
            is_plain = known_as is KnownAs.CURRENT and is_open(row, at)
            if is_plain and at - row.last_seen_at < SEEN_EVERY:
                return session_of(row, token, at)
        with self._database.writing() as session:
            return _resume_in(session, token, at=at, moment=moment or at)

    def rotate(self, session_id: int, token: str, *, at: datetime) -> str | None:
        """Return the token that the browser is to use from now on, None where it is not due."""
        with self._database.writing() as session:
            row = session.get(SessionRow, session_id)
            if row is None or row.token_hash != hash_of(token) or not is_due(row, at):
                return None
            return _replaced(row, token, at)

    def of(self, person: str, *, at: datetime) -> tuple[SessionLine, ...]:
        """Return the sessions of *person* that are open at *at*, last used first."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(SessionRow)
                .where(SessionRow.person_id == person, SessionRow.ended_at.is_(None))
                .order_by(SessionRow.last_seen_at.desc(), SessionRow.id.desc())
            )
            return tuple(_line(row) for row in rows if is_open(row, at) and row.lacks is None)

    def proven_again(self, session_id: int, token: str, *, at: datetime) -> str | None:
        """
        Keep that whoever is signed in has just proved who they are.

        Return the token that the browser is to use from now on: with what it may do now nobody
        else shall be, who had a copy of the one before.
        """
        with self._database.writing() as session:
            row = session.get(SessionRow, session_id)
            if row is None or row.ended_at is not None:
                return None
            row.proven_at = at
            return _replaced(row, token, at) if row.token_hash == hash_of(token) else None

    def end(self, session_id: int, *, at: datetime, moment: datetime) -> None:
        """Sign out: the session and its device claims end for ever. *moment*: school clock."""
        with self._database.writing() as session:
            row = session.get(SessionRow, session_id)
            if row is None or row.ended_at is not None:
                return
            end_in(session, row, at=at, moment=moment)

    def revoke(self, person: str, session_id: int, *, at: datetime, moment: datetime) -> None:
        """End one session of *person*. Raises UnknownObject for anybody else's."""
        with self._database.writing() as session:
            row = session.get(SessionRow, session_id)
            if row is None or row.person_id != person:
                raise UnknownObject(f"there is no session `{session_id}`")
            if row.ended_at is None:
                end_in(session, row, at=at, moment=moment, action=AuditAction.SESSION_REVOKED)

    def revoke_others(
        self, person: str, but: int | None, *, at: datetime, moment: datetime
    ) -> int:
        """End every session of *person* but one; return how many."""
        with self._database.writing() as session:
            return end_others_in(session, person, but, at=at, moment=moment)


def _replaced(row: SessionRow, token: str, at: datetime) -> str:
    """Return what replaces *token*, which stays good until the browser is seen to use it."""
    replacing = next_token(token)
    row.next_hash = hash_of(replacing)
    row.rotated_at = at
    return replacing


def _resume_in(
    session: Session, token: str, *, at: datetime, moment: datetime
) -> WebSession | None:
    row, known_as, retired = found_in(session, token)
    if row is None or row.ended_at is not None:
        return None
    if not is_open(row, at):
        # Seen to be over, it stays over, even if the clock is set back.
        row.ended_at = at
        return None
    if retired is not None and at - retired.retired_at >= UNDER_WAY:
        end_in(session, row, at=at, moment=moment, action=AuditAction.SESSION_STOLEN)
        return None
    if retired is not None and retired.is_weaker:
        return None
    if known_as is KnownAs.NEXT:
        session.add(
            RetiredTokenRow(
                token_hash=row.token_hash, session_id=row.id, retired_at=at, is_weaker=False
            )
        )
        row.token_hash, row.next_hash = hash_of(token), None
        row.rotated_at = at
    row.last_seen_at = at
    return session_of(row, token, at)


def _line(row: SessionRow) -> SessionLine:
    return SessionLine(
        id=row.id,
        device=row.device or "",
        address=row.address or "",
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
    )
