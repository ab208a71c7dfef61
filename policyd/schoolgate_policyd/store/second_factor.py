"""
The second factor: what a person has, proving it, and being signed in by it.

A code is taken only from an attempt that was counted before it was looked at (`attempts`).
"""

from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from schoolgate_policyd.store.attempts import (
    begin_code_in,
    begin_passkey_in,
    begin_recovery_in,
    note_failure_in,
    succeed_in,
)
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.one_time_codes import (
    OneTimeCodes,
    is_like_a_recovery_code,
    make_recovery_codes_in,
    recovery_code_is_right_in,
    recovery_codes_left_in,
    remove_codes_in,
)
from schoolgate_policyd.store.passkeys import add_in, remove_passkey_in, used_in
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.records import (
    SignedIn,
    SignInOutcome,
    TooSoon,
    WrongPassword,
)
from schoolgate_policyd.store.second_factor_rows import (
    TOO_LATE,
    require_may_add_in,
    require_one_stays_in,
    second_factors_in,
    take_off_in,
)
from schoolgate_policyd.store.session_ends import end_others_in, end_replaced_in
from schoolgate_policyd.store.session_rows import (
    open_in,
    part_way_in,
    raise_in,
)
from schoolgate_policyd.store.sign_in_records import NewPasskey, SecondFactors, StoredPasskey
from schoolgate_policyd.workflow.accounts import Lack
from schoolgate_policyd.workflow.errors import WrongState


class UsedPasskey(msgspec.Struct, frozen=True):
    """A passkey that was used, as its answer was checked; *attempt* is what that counted as."""

    passkey: StoredPasskey
    attempt: int
    sign_count: int
    is_backed_up: bool


class SetUp(msgspec.Struct, frozen=True):
    """
    A second factor was set up.

    *recovery_codes* are shown once; none where the person has some left. *signed_in* when this
    was what the session lacked.
    """

    recovery_codes: tuple[str, ...]
    signed_in: SignedIn | None

    def __repr__(self) -> str:
        return f"SetUp({len(self.recovery_codes)} recovery codes)"


class SecondFactor:
    """What people have beside a password."""

    def __init__(self, database: Database, codes: OneTimeCodes) -> None:
        self._database = database
        self._codes = codes

    def of(self, person: str) -> SecondFactors:
        """Return what *person* has."""
        with self._database.reading() as session:
            return second_factors_in(session, person)

    def sign_in_with_code(
        self, session_id: int, code: str, *, address: str, at: datetime
    ) -> SignInOutcome:
        """Sign in whoever's password was right before. Raises WrongState when it is too late."""
        person = self._person_part_way(session_id, Lack.SECOND_FACTOR, at)
        begun = self._begin(person, code, address, at)
        if isinstance(begun, TooSoon):
            return begun
        with self._database.writing() as session:
            if not self._take(session, person, code, begun, at):
                note_failure_in(session, person, address, at)
                return WrongPassword()
            row = part_way_in(session, session_id, at)
            if row is None:
                raise WrongState(TOO_LATE)
            return SignedIn(*raise_in(session, row, at=at))

    def sign_in_with_passkey_too(
        self, session_id: int, used: UsedPasskey, *, at: datetime
    ) -> SignedIn:
        """Sign in whoever's password was right before, by a passkey of theirs."""
        person = self._person_part_way(session_id, Lack.SECOND_FACTOR, at)
        if used.passkey.person != person:
            raise WrongState("This passkey is somebody else’s.")
        with self._database.writing() as session:
            _use(session, used, at)
            row = part_way_in(session, session_id, at)
            if row is None:
                raise WrongState(TOO_LATE)
            return SignedIn(*raise_in(session, row, at=at))

    def sign_in_with_passkey(
        self,
        used: UsedPasskey,
        *,
        at: datetime,
        moment: datetime,
        replacing: str | None,
        device: str,
        address: str,
    ) -> SignedIn:
        """Sign in by a passkey alone: the authenticator saw to it that it is its person."""
        with self._database.writing() as session:
            person = used.passkey.person
            if member_in(session, person).username is None:
                raise WrongState("This passkey is of somebody who does not sign in any more.")
            _use(session, used, at)
            end_replaced_in(session, replacing, at=at, moment=moment)
            return SignedIn(*open_in(session, person, at=at, device=device, address=address))

    def begin_passkey(self, address: str, *, at: datetime) -> int | TooSoon:
        """Begin an attempt to use a passkey from *address*, or say how long to wait."""
        with self._database.writing() as session:
            return begin_passkey_in(session, address, at)

    def passkey_failed(self, address: str, *, at: datetime) -> None:
        """Write down that an answer of an authenticator was wrong."""
        with self._database.writing() as session:
            note_failure_in(session, None, address, at)

    def set_codes_up(
        self,
        person: str,
        session_id: int,
        code: str,
        *,
        address: str,
        at: datetime,
        moment: datetime,
    ) -> SetUp | WrongPassword | TooSoon:
        """
        Put the one-time codes that were begun in force, if *code* is one of them.

        Sessions from before the first second factor end; *moment* is the school's clock.
        """
        begun = self._begin(person, code, address, at)
        if isinstance(begun, TooSoon):
            return begun
        with self._database.writing() as session:
            require_may_add_in(session, person, session_id, at)
            had_one = second_factors_in(session, person).has_one
            if not self._codes.confirm_in(session, person, session_id, code, at):
                return WrongPassword()
            succeed_in(session, begun)
            if not had_one:
                end_others_in(session, person, session_id, at=at, moment=moment)
            return _set_up(session, person, session_id, at)

    def add_passkey(
        self,
        person: str,
        session_id: int,
        made: NewPasskey,
        name: str,
        *,
        at: datetime,
        moment: datetime,
    ) -> SetUp:
        """
        Add a passkey. Raises WrongState where it is there already, or for one too many.

        Sessions from before the first second factor end; *moment* is the school's clock.
        """
        with self._database.writing() as session:
            require_may_add_in(session, person, session_id, at)
            had_one = second_factors_in(session, person).has_one
            add_in(session, person, made, name, at=at, by=person)
            if not had_one:
                end_others_in(session, person, session_id, at=at, moment=moment)
            return _set_up(session, person, session_id, at)

    def remove_codes(self, person: str, *, must_keep_one: bool, at: datetime) -> None:
        """Take the one-time codes off. Raises WrongState for the last one of who must keep one."""
        with self._database.writing() as session:
            remove_codes_in(session, person)
            note(session, AuditAction.CODES_REMOVED, at=at, actor=person, on=("person", person))
            require_one_stays_in(session, person, must_keep_one=must_keep_one)

    def remove_passkey(
        self, person: str, passkey: int, *, must_keep_one: bool, at: datetime
    ) -> None:
        """Remove a passkey. Raises UnknownObject, WrongState for the last of who must keep one."""
        with self._database.writing() as session:
            remove_passkey_in(session, person, passkey, at=at)
            require_one_stays_in(session, person, must_keep_one=must_keep_one)

    def new_recovery_codes(self, person: str, *, at: datetime) -> tuple[str, ...]:
        """Return new recovery codes, shown once; those from before work no longer."""
        with self._database.writing() as session:
            return make_recovery_codes_in(session, person, at)

    def take_off(self, person: str, *, at: datetime, by: str | None) -> None:
        """Remove everything that *person* has beside the password: it was lost."""
        with self._database.writing() as session:
            take_off_in(session, person, at=at, by=by)

    def _begin(self, person: str, code: str, address: str, at: datetime) -> int | TooSoon:
        with self._database.writing() as session:
            if is_like_a_recovery_code(code):
                return begin_recovery_in(session, person, address, at)
            return begin_code_in(session, person, address, at)

    def _take(self, session: Session, person: str, code: str, attempt: int, at: datetime) -> bool:
        if is_like_a_recovery_code(code):
            is_right = recovery_code_is_right_in(session, person, code, at)
        else:
            is_right = self._codes.code_is_right_in(session, person, code, at)
        if is_right:
            succeed_in(session, attempt)
            note(
                session,
                AuditAction.SECOND_FACTOR_PROVEN,
                at=at,
                actor=person,
                on=("person", person),
            )
        return is_right

    def _person_part_way(self, session_id: int, lack: Lack, at: datetime) -> str:
        with self._database.reading() as session:
            row = part_way_in(session, session_id, at)
            if row is None or row.lacks is not lack:
                raise WrongState(TOO_LATE)
            return row.person_id


def _set_up(session: Session, person: str, session_id: int, at: datetime) -> SetUp:
    session.flush()
    codes: tuple[str, ...] = ()
    if not recovery_codes_left_in(session, person):
        codes = make_recovery_codes_in(session, person, at)
    row = part_way_in(session, session_id, at)
    return SetUp(codes, None if row is None else SignedIn(*raise_in(session, row, at=at)))


def _use(session: Session, used: UsedPasskey, at: datetime) -> None:
    succeed_in(session, used.attempt)
    used_in(
        session,
        used.passkey.id,
        sign_count=used.sign_count,
        is_backed_up=used.is_backed_up,
        at=at,
    )
    person = used.passkey.person
    note(session, AuditAction.SECOND_FACTOR_PROVEN, at=at, actor=person, on=("person", person))
