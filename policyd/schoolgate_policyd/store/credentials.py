"""
Passwords: setting, signing in, and proving again who signs.

An attempt counts as failed from the moment it begins until it is seen to have succeeded, so that
a hundred attempts at once are a hundred failures. Attempts made too soon are not looked at and
do not count, so nobody is kept out by being impatient.
"""

import hashlib
import ipaddress
import threading
from datetime import datetime, timedelta
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import (
    CredentialRow,
    PersonRow,
    SessionRow,
    SignInAttemptRow,
)
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import (
    ProofOutcome,
    Proven,
    SignedIn,
    SignInOutcome,
    TooSoon,
    WrongPassword,
)
from schoolgate_policyd.store.sessions import end_in, hash_of, open_in
from schoolgate_policyd.workflow.signin import FAILURES_COUNT_FOR, wait_before_attempt

MAX_PASSWORD = 1024
MAX_USERNAME = 200
ATTEMPTS_KEPT_FOR = timedelta(days=1)
# Each check takes 64 MiB with argon2's defaults: more at once would be an attack on memory.
CHECKS_AT_ONCE = 2


class Hasher(Protocol):
    """What is needed of argon2's `PasswordHasher`."""

    def hash(self, password: str | bytes, /) -> str:
        """Return a salted hash."""

    def verify(self, hash: str | bytes, password: str | bytes, /) -> bool:  # noqa: A002 - argon2's
        """Return True, or raise VerificationError."""


class Credentials:
    """Who people prove to be."""

    def __init__(self, database: Database, hasher: Hasher | None = None) -> None:
        self._database = database
        self._hasher: Hasher = PasswordHasher() if hasher is None else hasher
        self._checks = threading.BoundedSemaphore(CHECKS_AT_ONCE)
        # An unknown name is checked against this, so that it takes as long as a known one.
        self._nobodys_hash = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return a salted hash of *password*."""
        return self._hasher.hash(password)

    def set_password(self, person: str, password: str, *, at: datetime, by: str | None) -> None:
        """Give *person* a password; they must have a user name. Raises UnknownObject."""
        password_hash = self._hasher.hash(password)
        with self._database.writing() as session:
            row = session.get(PersonRow, person)
            if row is None or row.username is None:
                raise UnknownObject(f"there is no person `{person}` who signs in")
            put_password_hash(session, person, password_hash, at=at, by=by)

    def sign_in(
        self,
        username: str,
        password: str,
        *,
        address: str,
        at: datetime,
        moment: datetime,
        replacing: str | None = None,
    ) -> SignInOutcome:
        """
        Sign in from *address* at *at* (machine time); *moment* is the school's clock.

        *replacing* is the token that the browser had before: its session ends.
        """
        # What is no text (lone surrogates) cannot be asked of a database; it is nobody's name.
        typed = username.encode("utf-8", "replace").decode("utf-8")
        account = typed.strip().lower()[:MAX_USERNAME]
        begun = self._begin(account, address, at)
        if isinstance(begun, TooSoon):
            return begun
        with self._database.reading() as session:
            person = session.scalar(select(PersonRow.id).where(PersonRow.username == account))
            password_hash = _hash_in(session, person)
        if not self._is_right(password_hash, password) or person is None:
            self._failed(person, address, at)
            return WrongPassword()
        with self._database.writing() as session:
            _succeed(session, begun)
            _end_replaced(session, replacing, at=at, moment=moment)
            token, opened = open_in(session, person, at=at)
            return SignedIn(token, opened)

    def prove(self, person: str, password: str, *, address: str, at: datetime) -> ProofOutcome:
        """Check the password of *person*, who is signed in and about to sign something."""
        with self._database.reading() as session:
            account = session.scalar(select(PersonRow.username).where(PersonRow.id == person))
            password_hash = _hash_in(session, person)
        begun = self._begin(account or "", address, at)
        if isinstance(begun, TooSoon):
            return begun
        if not self._is_right(password_hash, password):
            self._failed(person, address, at)
            return WrongPassword()
        with self._database.writing() as session:
            _succeed(session, begun)
        return Proven()

    def _begin(self, account: str, address: str, at: datetime) -> int | TooSoon:
        account_hash = hashlib.sha256(account.encode("utf-8", "surrogateescape")).hexdigest()
        with self._database.writing() as session:
            session.execute(
                delete(SignInAttemptRow).where(SignInAttemptRow.at < at - ATTEMPTS_KEPT_FOR)
            )
            counted_as = _counted_as(address)
            wait = _wait_in(session, account_hash, counted_as, at)
            if wait > timedelta():
                return TooSoon(wait)
            row = SignInAttemptRow(at=at, account_hash=account_hash, address=counted_as)
            session.add(row)
            session.flush()
            return row.id

    def _is_right(self, password_hash: str | None, password: str) -> bool:
        # A password that is too long is checked all the same, cut, so that it takes as long.
        tried = password[:MAX_PASSWORD].encode("utf-8", "surrogateescape")
        with self._checks:
            try:
                self._hasher.verify(password_hash or self._nobodys_hash, tried)
            except (VerificationError, InvalidHashError):
                return False
        return password_hash is not None and len(password) <= MAX_PASSWORD

    def _failed(self, person: str | None, address: str, at: datetime) -> None:
        with self._database.writing() as session:
            note(
                session,
                AuditAction.SIGN_IN_FAILED,
                at=at,
                actor=None,
                on=("person", person or "unknown"),
                details={"address": address[:64]},
            )


def put_password_hash(
    session: Session, person: str, password_hash: str, *, at: datetime, by: str | None
) -> None:
    """Set the hash in the transaction of *session*."""
    session.merge(CredentialRow(person_id=person, password_hash=password_hash, changed_at=at))
    note(session, AuditAction.PASSWORD_SET, at=at, actor=by, on=("person", person))


def _counted_as(address: str) -> str:
    """Return under what attempts from *address* count: every IPv6 device has a /64 to itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))
    return address[:64]


def _hash_in(session: Session, person: str | None) -> str | None:
    if person is None:
        return None
    return session.scalar(
        select(CredentialRow.password_hash).where(CredentialRow.person_id == person)
    )


def _wait_in(session: Session, account_hash: str, address: str, at: datetime) -> timedelta:
    rows = session.execute(
        select(SignInAttemptRow.at, SignInAttemptRow.account_hash, SignInAttemptRow.has_succeeded)
        .where(SignInAttemptRow.address == address, SignInAttemptRow.at > at - FAILURES_COUNT_FOR)
        .order_by(SignInAttemptRow.id.desc())
    ).all()
    of_address = [row.at for row in rows if not row.has_succeeded]
    of_account = []
    for row in rows:
        if row.account_hash == account_hash:
            if row.has_succeeded:
                break
            of_account.append(row.at)
    return wait_before_attempt(of_account, of_address, at)


def _succeed(session: Session, attempt: int) -> None:
    row = session.get(SignInAttemptRow, attempt)
    if row is not None:
        row.has_succeeded = True


def _end_replaced(session: Session, token: str | None, *, at: datetime, moment: datetime) -> None:
    if token is None:
        return
    row = session.scalar(
        select(SessionRow).where(
            SessionRow.token_hash == hash_of(token), SessionRow.ended_at.is_(None)
        )
    )
    if row is not None:
        end_in(session, row, at=at, moment=moment)
