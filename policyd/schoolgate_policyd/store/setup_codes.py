"""
Codes with which people set their accounts up: a new account, or a fresh start.

Whoever makes the code never knows the password. Until the code is used nothing changes; then the
password is the new one, everything beside it is taken off, and every session ends.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from schoolgate_policyd.secret_codes import hash_of_code, new_code
from schoolgate_policyd.store.api_tokens import revoke_all_in
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.credentials import Credentials, put_password_hash
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import CredentialRow, DelegationRow, SetupCodeRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.records import SignedIn
from schoolgate_policyd.store.second_factor_rows import take_off_in
from schoolgate_policyd.store.session_ends import end_others_in
from schoolgate_policyd.store.session_rows import open_in
from schoolgate_policyd.store.sign_in_records import SetupCode
from schoolgate_policyd.workflow.accounts import lack_after_password, require_may_invite
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.people import Member

LASTS = timedelta(days=3)
# About 123 bits.
_GROUPS, _GROUP_LENGTH = 5, 5


class SetupCodes:
    """Who was invited."""

    def __init__(self, database: Database, credentials: Credentials) -> None:
        self._database = database
        self._credentials = credentials

    def invite(self, person: str, *, by: str | None, at: datetime) -> SetupCode:
        """
        Return a code with which *person* sets their account up; those from before work no longer.

        *by* None is whoever administrates the machine. Raises UnknownObject, NotAllowed.
        """
        code = new_code(_GROUPS, _GROUP_LENGTH)
        with self._database.writing() as session:
            member = member_in(session, person)
            if by is not None:
                _require_may(session, by, member)
            elif member.username is None:
                raise UnknownObject(f"there is no person `{person}` who signs in")
            forget_codes_in(session, person, at)
            ends_at = at + LASTS
            row = SetupCodeRow(
                person_id=person,
                code_hash=hash_of_code(code),
                made_at=at,
                made_by=by,
                ends_at=ends_at,
            )
            session.add(row)
            note(session, AuditAction.SETUP_CODE_MADE, at=at, actor=by, on=("person", person))
        return SetupCode(code, person, ends_at)

    def who(self, code: str, *, at: datetime) -> Member | None:
        """Return whose account *code* sets up, None where it is no code, used or over."""
        with self._database.reading() as session:
            row = _row_of(session, code, at)
            return None if row is None else _invited(session, row)

    def is_invited(self, person: str, *, at: datetime) -> bool:
        """Whether a code of *person* waits to be used."""
        with self._database.reading() as session:
            waiting = select(SetupCodeRow.id).where(
                SetupCodeRow.person_id == person,
                SetupCodeRow.used_at.is_(None),
                SetupCodeRow.ends_at > at,
            )
            return session.scalar(waiting.limit(1)) is not None

    def has_account(self, person: str) -> bool:
        """Whether *person* has a password."""
        with self._database.reading() as session:
            return session.get(CredentialRow, person) is not None

    def set_up(
        self,
        code: str,
        password: str,
        *,
        at: datetime,
        moment: datetime,
        is_second_factor_required: bool = True,
        device: str = "",
        address: str = "",
    ) -> SignedIn | None:
        """
        Begin the account anew with *password* and open a session; None where the code is over.

        Whether the password is a good one is for the caller to say (`workflow.passwords`).
        """
        # Hashing is slow on purpose, so it is done before the database is locked.
        password_hash = self._credentials.hash(password)
        with self._database.writing() as session:
            row = _row_of(session, code, at)
            if row is None or _invited(session, row) is None:
                return None
            row.used_at = at
            person = row.person_id
            take_off_in(session, person, at=at, by=person)
            revoke_all_in(session, person, at=at, by=person)
            end_others_in(session, person, None, at=at, moment=moment)
            put_password_hash(session, person, password_hash, at=at, by=person)
            note(session, AuditAction.ACCOUNT_SET_UP, at=at, actor=person, on=("person", person))
            lacks = lack_after_password(
                member_in(session, person), has_one=False, is_required=is_second_factor_required
            )
            return SignedIn(
                *open_in(session, person, at=at, lacks=lacks, device=device, address=address)
            )


def _invited(session: Session, row: SetupCodeRow) -> Member | None:
    """
    Return whose code it is, None for somebody who does not sign in any more.

    Whoever made it must be one who still may: duties may have been given since.
    """
    member = member_in(session, row.person_id)
    if member.username is None:
        return None
    if row.made_by is not None:
        try:
            _require_may(session, row.made_by, member)
        except NotAllowed:
            return None
    return member


def _require_may(session: Session, by: str, member: Member) -> None:
    """Raise NotAllowed unless *by* may give *member* a code."""
    was_deputy = select(DelegationRow.id).where(DelegationRow.deputy_id == member.id)
    require_may_invite(
        member_in(session, by),
        member,
        has_account=session.get(CredentialRow, member.id) is not None,
        # Once a deputy, always one here: the head's own clock need not be asked.
        is_deputy=session.scalar(was_deputy.limit(1)) is not None,
    )


def forget_codes_in(session: Session, person: str, at: datetime) -> None:
    """Have no code of *person* work any more: there is a newer one, or they may do more now."""
    session.execute(
        update(SetupCodeRow)
        .where(SetupCodeRow.person_id == person, SetupCodeRow.used_at.is_(None))
        .values(used_at=at)
    )


def _row_of(session: Session, code: str, at: datetime) -> SetupCodeRow | None:
    row = session.scalar(select(SetupCodeRow).where(SetupCodeRow.code_hash == hash_of_code(code)))
    return None if row is None or row.used_at is not None or at >= row.ends_at else row
