"""
One-time codes (TOTP, RFC 6238) and the recovery codes for when the phone is lost.

A code works once: the time step of the last one that was taken is kept, and no code of it or of
an earlier one is taken again (RFC 6238, 5.2). Whoever checks codes limits how often
(`second_factor`); the functions that end in `_in` work in somebody else's transaction.
"""

import base64
import re
import secrets
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.secret_codes import as_made, hash_of_code, new_code
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import OneTimeCodeRow, RecoveryCodeRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.sealing import CannotUnseal, Seal
from schoolgate_policyd.workflow.errors import WrongState

STEP_S = 30
# Clocks of phones differ: one step before and one after are taken too.
STEPS_EITHER_WAY = 1
RECOVERY_CODES = 10
# A secret that was shown and not confirmed is not shown for ever.
PENDING_FOR = timedelta(minutes=30)
_SECRET_OCTETS = 20
# About 118 bits.
_RECOVERY_GROUPS, _RECOVERY_GROUP_LENGTH = 6, 4
_SIX_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)

log = structlog.get_logger(__name__)


class OneTimeCodes:
    """Who has one-time codes; their secrets are sealed with the key in the file *key_path*."""

    def __init__(self, database: Database, key_path: Path | None) -> None:
        self._database = database
        self._seal = Seal(key_path)

    def begin(self, person: str, session_id: int, *, at: datetime) -> str:
        """
        Return the secret (base32) that *person* is to put into their app, not in force yet.

        Asked again in the same session within half an hour it is the same; in another it is a new
        one, so that nobody is shown what somebody else confirms. Raises StoreError without a key.
        """
        with self._database.writing() as session:
            row = session.get(OneTimeCodeRow, (person, False))
            if (
                row is not None
                and row.session_id == session_id
                and timedelta() <= at - row.made_at < PENDING_FOR
            ):
                try:
                    return _base32(self._seal.unseal(row.sealed_secret, person))
                except CannotUnseal:
                    log.warning("a secret that was begun cannot be read and is made anew")
            secret = secrets.token_bytes(_SECRET_OCTETS)
            session.merge(
                OneTimeCodeRow(
                    person_id=person,
                    is_confirmed=False,
                    sealed_secret=self._seal.seal(secret, person),
                    made_at=at,
                    last_step=None,
                    session_id=session_id,
                )
            )
            return _base32(secret)

    def confirm_in(
        self, session: Session, person: str, session_id: int, code: str, at: datetime
    ) -> bool:
        """
        Put the secret that was begun in this session in force if *code* is right for it.

        It takes the place of the one before. The caller limits how often this is tried.
        """
        begun = session.get(OneTimeCodeRow, (person, False))
        if begun is None or not timedelta() <= at - begun.made_at < PENDING_FOR:
            raise WrongState("Setting up took too long: begin again.")
        if begun.session_id != session_id:
            raise WrongState("Setting up was begun in another browser since: begin again here.")
        step = self._step_of(begun, code, at)
        if step is None:
            return False
        session.execute(
            delete(OneTimeCodeRow).where(
                OneTimeCodeRow.person_id == person, OneTimeCodeRow.is_confirmed.is_(True)
            )
        )
        begun.is_confirmed = True
        begun.last_step = step
        note(session, AuditAction.CODES_SET_UP, at=at, actor=person, on=("person", person))
        return True

    def code_is_right_in(self, session: Session, person: str, code: str, at: datetime) -> bool:
        """Whether *code* is right for *person* at *at* and was not used before; it is used now."""
        row = session.get(OneTimeCodeRow, (person, True))
        if row is None:
            return False
        step = self._step_of(row, code, at)
        if step is None or (row.last_step is not None and step <= row.last_step):
            return False
        row.last_step = step
        return True

    def _step_of(self, row: OneTimeCodeRow, code: str, at: datetime) -> int | None:
        """Return the time step that *code* is of, None for a wrong one."""
        digits = "".join(code.split())
        if not _SIX_DIGITS.fullmatch(digits):
            return None
        try:
            secret = _base32(self._seal.unseal(row.sealed_secret, row.person_id))
        except CannotUnseal as error:
            # Nobody gets in with a code then; recovery codes and passkeys still work.
            log.warning("one-time codes cannot be checked", cause=str(error))
            return None
        codes = pyotp.TOTP(secret, interval=STEP_S)
        now = codes.timecode(at)
        # Every step is compared, so that how long it takes says nothing; the newest wins.
        found = None
        for step in range(max(now - STEPS_EITHER_WAY, 0), now + STEPS_EITHER_WAY + 1):
            if secrets.compare_digest(codes.generate_otp(step), digits):
                found = step
        return found


def codes_since_in(session: Session, person: str) -> datetime | None:
    """Return since when *person* has one-time codes, None without."""
    row = session.get(OneTimeCodeRow, (person, True))
    return None if row is None else row.made_at


def remove_codes_in(session: Session, person: str) -> None:
    """Take the codes of *person* off, those that were begun too."""
    session.execute(delete(OneTimeCodeRow).where(OneTimeCodeRow.person_id == person))


def make_recovery_codes_in(session: Session, person: str, at: datetime) -> tuple[str, ...]:
    """Return new recovery codes, shown once; those from before work no longer."""
    remove_recovery_codes_in(session, person)
    codes = tuple(
        new_code(_RECOVERY_GROUPS, _RECOVERY_GROUP_LENGTH) for _ in range(RECOVERY_CODES)
    )
    session.add_all(
        RecoveryCodeRow(person_id=person, code_hash=hash_of_code(code, salt=person), made_at=at)
        for code in codes
    )
    note(session, AuditAction.RECOVERY_CODES_MADE, at=at, actor=person, on=("person", person))
    return codes


def recovery_codes_left_in(session: Session, person: str) -> int:
    """Return how many recovery codes *person* has left."""
    return (
        session.scalar(
            select(func.count())
            .select_from(RecoveryCodeRow)
            .where(RecoveryCodeRow.person_id == person, RecoveryCodeRow.used_at.is_(None))
        )
        or 0
    )


def remove_recovery_codes_in(session: Session, person: str) -> None:
    """Forget the recovery codes of *person*."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person))


def recovery_code_is_right_in(session: Session, person: str, code: str, at: datetime) -> bool:
    """Whether *code* is a recovery code of *person* that was not used; it is used now."""
    row = session.scalar(
        select(RecoveryCodeRow).where(
            RecoveryCodeRow.person_id == person,
            RecoveryCodeRow.code_hash == hash_of_code(code, salt=person),
            RecoveryCodeRow.used_at.is_(None),
        )
    )
    if row is None:
        return False
    row.used_at = at
    note(session, AuditAction.RECOVERY_CODE_USED, at=at, actor=person, on=("person", person))
    return True


def is_like_a_recovery_code(code: str) -> bool:
    """Whether *code*, as typed, has the length of a recovery code and not of a one-time code."""
    return len(as_made(code)) == _RECOVERY_GROUPS * _RECOVERY_GROUP_LENGTH


def _base32(secret: bytes) -> str:
    return base64.b32encode(secret).decode("ascii")
