"""
Passwords: setting, changing, signing in, and proving again who signs.

How often they may be tried, `attempts` counts.
"""

import threading
from datetime import datetime
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.attempts import begin_in, note_failure_in, succeed_in
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import CredentialRow, PersonRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.records import (
    ProofOutcome,
    Proven,
    SignedIn,
    SignInOutcome,
    TooSoon,
    WrongPassword,
)
from schoolgate_policyd.store.second_factor_rows import second_factors_in
from schoolgate_policyd.store.session_ends import end_others_in, end_replaced_in
from schoolgate_policyd.store.session_rows import live_session_in, open_in
from schoolgate_policyd.workflow.accounts import lack_after_password

MAX_PASSWORD = 1024
MAX_USERNAME = 200
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
        """
        Give *person* a password; they must have a user name. Raises UnknownObject.

        Whoever is signed in as them is so no longer.
        """
        password_hash = self._hasher.hash(password)
        with self._database.writing() as session:
            row = session.get(PersonRow, person)
            if row is None or row.username is None:
                raise UnknownObject(f"there is no person `{person}` who signs in")
            put_password_hash(session, person, password_hash, at=at, by=by)
            end_others_in(session, person, None, at=at, moment=at)

    def change_password(
        self,
        person: str,
        old: str,
        new: str,
        *,
        keeping: int,
        address: str,
        at: datetime,
        moment: datetime,
    ) -> ProofOutcome:
        """
        Change the password of *person* if *old* is right; every session but *keeping* ends.

        Whether *new* is a good one is for the caller to say (`workflow.passwords`).
        """
        outcome, proven_hash = self._prove(person, old, address=address, at=at)
        if isinstance(outcome, Proven):
            password_hash = self._hasher.hash(new)
            with self._database.writing() as session:
                # Two who change it at once, or a fresh start: the second finds another password.
                is_signed_in = live_session_in(session, keeping, at) is not None
                if _hash_in(session, person) != proven_hash or not is_signed_in:
                    return WrongPassword()
                put_password_hash(session, person, password_hash, at=at, by=person)
                end_others_in(session, person, keeping, at=at, moment=moment)
        return outcome

    def sign_in(
        self,
        username: str,
        password: str,
        *,
        address: str,
        at: datetime,
        moment: datetime,
        replacing: str | None = None,
        is_second_factor_required: bool = True,
        device: str = "",
    ) -> SignInOutcome:
        """
        Sign in from *address* at *at* (machine time); *moment* is the school's clock.

        *replacing* is the token that the browser had before: its session ends. The session may
        lack a second factor: then nobody is signed in yet. *device* names the browser in a few
        words of our own.
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
            # Checking takes its time: a fresh start in the meantime has another password.
            if _hash_in(session, person) != password_hash:
                return WrongPassword()
            succeed_in(session, begun)
            end_replaced_in(session, replacing, at=at, moment=moment)
            lacks = lack_after_password(
                member_in(session, person),
                has_one=second_factors_in(session, person).has_one,
                is_required=is_second_factor_required,
            )
            token, opened = open_in(
                session, person, at=at, lacks=lacks, device=device, address=address
            )
            return SignedIn(token, opened)

    def prove(self, person: str, password: str, *, address: str, at: datetime) -> ProofOutcome:
        """Check the password of *person*, who is signed in and about to sign something."""
        return self._prove(person, password, address=address, at=at)[0]

    def _prove(
        self, person: str, password: str, *, address: str, at: datetime
    ) -> tuple[ProofOutcome, str | None]:
        """Return the outcome with the hash that the password was checked against."""
        with self._database.reading() as session:
            account = session.scalar(select(PersonRow.username).where(PersonRow.id == person))
            password_hash = _hash_in(session, person)
        begun = self._begin(account or "", address, at)
        if isinstance(begun, TooSoon):
            return begun, None
        if not self._is_right(password_hash, password):
            self._failed(person, address, at)
            return WrongPassword(), None
        with self._database.writing() as session:
            succeed_in(session, begun)
        return Proven(), password_hash

    def _begin(self, account: str, address: str, at: datetime) -> int | TooSoon:
        with self._database.writing() as session:
            return begin_in(session, account, address, at)

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
            note_failure_in(session, person, address, at)


def put_password_hash(
    session: Session, person: str, password_hash: str, *, at: datetime, by: str | None
) -> None:
    """Set the hash in the transaction of *session*."""
    session.merge(CredentialRow(person_id=person, password_hash=password_hash, changed_at=at))
    note(session, AuditAction.PASSWORD_SET, at=at, actor=by, on=("person", person))


def _hash_in(session: Session, person: str | None) -> str | None:
    if person is None:
        return None
    return session.scalar(
        select(CredentialRow.password_hash).where(CredentialRow.person_id == person)
    )
