"""
Attempts to sign in, to prove and to sign, counted so that guessing takes for ever.

An attempt counts as failed from the moment it begins until it is seen to have succeeded, so that
a hundred attempts at once are a hundred failures. Attempts made too soon are not looked at and
do not count, so nobody is kept out by being impatient.
"""

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.secret_codes import hash_of
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.models import SignInAttemptRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import TooSoon
from schoolgate_policyd.workflow.signin import (
    FAILURES_COUNT_FOR,
    FAILURES_OF_CODE_COUNT_FOR,
    wait_before_attempt,
    wait_before_code,
)


def begin_in(session: Session, account: str, address: str, at: datetime) -> int | TooSoon:
    """Begin an attempt to enter the password of *account*, or say how long to wait."""
    account_hash, source = hash_of(account), counted_as(address)
    of_account, of_address = _failures(session, account_hash, source, at)
    wait = wait_before_attempt(of_account, of_address, at)
    return TooSoon(wait) if wait > timedelta() else _begun(session, account_hash, source, at)


def begin_code_in(session: Session, person: str, address: str, at: datetime) -> int | TooSoon:
    """
    Begin an attempt to enter a one-time code of *person*, or say how long to wait.

    Six digits are few: failures count from every address together. Only somebody who knew the
    password comes this far, and the longest wait is short.
    """
    # A typed user name is in lower case, so it never counts as this.
    account_hash, source = hash_of(f"CODE OF {person}"), counted_as(address)
    _, of_address = _failures(session, account_hash, source, at)
    rows = session.execute(
        select(SignInAttemptRow.at, SignInAttemptRow.has_succeeded)
        .where(
            SignInAttemptRow.account_hash == account_hash,
            SignInAttemptRow.at > at - FAILURES_OF_CODE_COUNT_FOR,
        )
        .order_by(SignInAttemptRow.id.desc())
    ).all()
    everywhere = []
    for row in rows:
        if row.has_succeeded:
            break
        everywhere.append(row.at)
    wait = wait_before_code(everywhere, of_address, at)
    return TooSoon(wait) if wait > timedelta() else _begun(session, account_hash, source, at)


def begin_recovery_in(session: Session, person: str, address: str, at: datetime) -> int | TooSoon:
    """Begin an attempt to enter a recovery code of *person*, which nobody can guess."""
    return begin_in(session, f"RECOVERY CODE OF {person}", address, at)


def begin_passkey_in(session: Session, address: str, at: datetime) -> int | TooSoon:
    """Begin an attempt to use a passkey: nobody can guess one, so the address alone counts."""
    account_hash, source = hash_of("PASSKEY"), counted_as(address)
    _, of_address = _failures(session, account_hash, source, at)
    wait = wait_before_attempt((), of_address, at)
    return TooSoon(wait) if wait > timedelta() else _begun(session, account_hash, source, at)


def succeed_in(session: Session, attempt: int) -> None:
    """Have an attempt count as no failure."""
    row = session.get(SignInAttemptRow, attempt)
    if row is not None:
        row.has_succeeded = True


def note_failure_in(session: Session, person: str | None, address: str, at: datetime) -> None:
    """Write down that somebody did not prove to be *person*."""
    note(
        session,
        AuditAction.SIGN_IN_FAILED,
        at=at,
        actor=None,
        on=("person", person or "unknown"),
        details={"address": address[:64]},
    )


def _begun(session: Session, account_hash: str, counted_as: str, at: datetime) -> int:
    row = SignInAttemptRow(at=at, account_hash=account_hash, address=counted_as)
    session.add(row)
    session.flush()
    return row.id


def counted_as(address: str) -> str:
    """Return under what attempts from *address* count: every IPv6 device has a /64 to itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))
    return address[:64]


def _failures(
    session: Session, account_hash: str, address: str, at: datetime
) -> tuple[list[datetime], list[datetime]]:
    """Return the failures of the account from *address* since it succeeded, and the address's."""
    rows = session.execute(
        select(SignInAttemptRow.at, SignInAttemptRow.account_hash, SignInAttemptRow.has_succeeded)
        .where(SignInAttemptRow.address == address, SignInAttemptRow.at > at - FAILURES_COUNT_FOR)
        .order_by(SignInAttemptRow.id.desc())
    ).all()
    of_account = []
    for row in rows:
        if row.account_hash == account_hash:
            if row.has_succeeded:
                break
            of_account.append(row.at)
    return of_account, [row.at for row in rows if not row.has_succeeded]
