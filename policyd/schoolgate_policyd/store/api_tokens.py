"""
API tokens: a program acts for its owner, within scopes and until an end.

Only the hash is kept, and the token is shown once. It is random (256 bits), so a fast hash is
enough. A token that was revoked or is over stays in the list, so that its owner sees what it was.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.secret_codes import hash_of, new_token
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import ApiTokenRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.sign_in_records import ApiCaller, ApiToken
from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_policyd.workflow.errors import WrongState

PREFIX = "sgt_"
LONGEST_LIFE = timedelta(days=366)
MAX_TOKENS = 20
# Being used is written down at most this often, so that a program's questions cost few writes.
USED_EVERY = timedelta(minutes=1)
_MAX_LENGTH = 200


class ApiTokens:
    """Which tokens there are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person: str) -> tuple[ApiToken, ...]:
        """Return the tokens of *person*, newest first."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(ApiTokenRow)
                .where(ApiTokenRow.person_id == person)
                .order_by(ApiTokenRow.id.desc())
            )
            return tuple(_token(row) for row in rows)

    def make(
        self, person: str, name: str, scopes: frozenset[Scope], *, ends_at: datetime, at: datetime
    ) -> str:
        """Return a new token, shown once. Raises WrongState for one that lasts too long."""
        if not at < ends_at <= at + LONGEST_LIFE:
            raise WrongState("A token ends within a year.")
        secret = PREFIX + new_token()
        with self._database.writing() as session:
            _require_room(session, person, at)
            row = ApiTokenRow(
                person_id=person,
                token_hash=hash_of(secret),
                name=name,
                scopes=frozenset(scope.value for scope in scopes),
                made_at=at,
                ends_at=ends_at,
            )
            session.add(row)
            session.flush()
            details = {"scopes": sorted(scopes)}
            on = ("api-token", row.id)
            note(session, AuditAction.API_TOKEN_MADE, at=at, actor=person, on=on, details=details)
        return secret

    def revoke(self, person: str, token: int, *, at: datetime) -> None:
        """Have a token of *person* open nothing any more. Raises UnknownObject."""
        with self._database.writing() as session:
            row = session.get(ApiTokenRow, token)
            if row is None or row.person_id != person:
                raise UnknownObject(f"there is no token `{token}`")
            _revoke(session, row, at=at, by=person)

    def caller(self, secret: str, *, at: datetime) -> ApiCaller | None:
        """Return who asks with the token *secret*, None where it opens nothing."""
        if not secret.startswith(PREFIX) or len(secret) > _MAX_LENGTH:
            return None
        with self._database.reading() as session:
            row = _row_of(session, secret)
            if row is None or not _token(row).works(at):
                return None
            if row.last_used_at is not None and at - row.last_used_at < USED_EVERY:
                return _caller(session, row)
        with self._database.writing() as session:
            row = _row_of(session, secret)
            if row is None or not _token(row).works(at):
                return None
            row.last_used_at = at
            return _caller(session, row)


def revoke_all_in(session: Session, person: str, *, at: datetime, by: str | None) -> None:
    """Have no token of *person* open anything any more."""
    rows = session.scalars(
        select(ApiTokenRow).where(
            ApiTokenRow.person_id == person, ApiTokenRow.revoked_at.is_(None)
        )
    )
    for row in rows:
        _revoke(session, row, at=at, by=by)


def _caller(session: Session, row: ApiTokenRow) -> ApiCaller | None:
    member = member_in(session, row.person_id)
    # Somebody who does not sign in any more has no programs that do.
    return None if member.username is None else ApiCaller(_token(row), member)


def _require_room(session: Session, person: str, at: datetime) -> None:
    living = session.scalar(
        select(func.count())
        .select_from(ApiTokenRow)
        .where(
            ApiTokenRow.person_id == person,
            ApiTokenRow.revoked_at.is_(None),
            ApiTokenRow.ends_at > at,
        )
    )
    if (living or 0) >= MAX_TOKENS:
        raise WrongState(f"There are {MAX_TOKENS} tokens already: revoke one first.")


def _revoke(session: Session, row: ApiTokenRow, *, at: datetime, by: str | None) -> None:
    if row.revoked_at is None:
        row.revoked_at = at
        note(session, AuditAction.API_TOKEN_REVOKED, at=at, actor=by, on=("api-token", row.id))


def _row_of(session: Session, secret: str) -> ApiTokenRow | None:
    return session.scalar(select(ApiTokenRow).where(ApiTokenRow.token_hash == hash_of(secret)))


def _token(row: ApiTokenRow) -> ApiToken:
    return ApiToken(
        id=row.id,
        person=row.person_id,
        name=row.name,
        scopes=row.scopes,
        made_at=row.made_at,
        ends_at=row.ends_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
