"""
Where people sign: the text is shown, the proof is checked, and what is signed is done with it.

Everything that follows from a signature is one transaction: the signing is used up, its text is
made again and must be the text that was shown, the proof is taken, the signature is kept, and the
object moves with its audit entry. Whatever fails, nothing has happened. Passwords are checked
before, since that takes long and counts as an attempt whatever becomes of it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import msgspec
from sqlalchemy.orm import Session

from schoolgate_policyd.store.attempts import (
    begin_code_in,
    begin_recovery_in,
    note_failure_in,
    succeed_in,
)
from schoolgate_policyd.store.credentials import Credentials
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.one_time_codes import (
    OneTimeCodes,
    is_like_a_recovery_code,
    recovery_code_is_right_in,
)
from schoolgate_policyd.store.passkeys import used_in
from schoolgate_policyd.store.proving_who import require_password
from schoolgate_policyd.store.records import TooSoon
from schoolgate_policyd.store.second_factor import UsedPasskey
from schoolgate_policyd.store.second_factor_rows import second_factors_in
from schoolgate_policyd.store.signings import Signings, put_in, take_in
from schoolgate_policyd.workflow.errors import (
    InvalidForm,
    Stale,
    WrongState,
    mistake_in,
)
from schoolgate_policyd.workflow.signing import (
    Assertion,
    Means,
    SignedDocument,
    Signing,
    StoredSignature,
    Unsignable,
)

_CHANGED = "What you were to sign has changed since: look again."
_WRONG_CODE = (
    "That code is not right, or it was used before: nothing was signed. Codes change every 30 "
    "seconds."
)


class Signable(Protocol):
    """Something to sign, by whom; each kind has one, beside its store."""

    @property
    def by(self) -> str:
        """Who is to sign."""

    def document_in(self, session: Session) -> SignedDocument:
        """Return what is to be signed, as everything is now. Raises WorkflowError."""

    def finish_in(self, session: Session, signature: StoredSignature) -> None:
        """
        Do what was signed, with an audit entry that names the signature and its digest.

        Right after `document_in`, in its transaction: what that refuses is refused already.
        """


class ByPassword(msgspec.Struct, frozen=True):
    """What was typed: the password again, and a code where one *is_code_needed*."""

    password: str
    code: str
    is_code_needed: bool

    def __repr__(self) -> str:
        # Neither may reach a log by way of a traceback.
        return "ByPassword()"


class ByPasskey(msgspec.Struct, frozen=True):
    """A passkey's answer to *challenge*, which was checked, and what is kept of it."""

    used: UsedPasskey
    challenge: bytes
    assertion: Assertion


class _Proof(msgspec.Struct, frozen=True):
    """By what means, what is kept of it, and what takes it in the transaction of the signature."""

    means: Means
    assertion: Assertion | None
    take: Callable[[Session, Signing], None]


class SigningDesk:
    """Signs; people and sessions are ids, *at* is machine time."""

    def __init__(self, database: Database, credentials: Credentials, codes: OneTimeCodes) -> None:
        self._database = database
        self._credentials = credentials
        self._codes = codes
        self._signings = Signings(database)

    def begin(
        self, session_id: int, signable: Signable, entered: Mapping[str, str], *, at: datetime
    ) -> Signing:
        """
        Put together what is to be signed and keep it, with what was *entered* into the form.

        Raises WorkflowError where it may not be signed.
        """
        with self._database.reading() as session:
            document = _document_in(session, signable)
        return self._signings.begin(session_id, signable.by, document, entered, at=at)

    def sign_with_password(
        self,
        nonce: str,
        session_id: int,
        signable: Signable,
        proof: ByPassword,
        *,
        address: str,
        at: datetime,
    ) -> StoredSignature:
        """
        Sign with the password, entered again, and a code where one is needed.

        *address* is where the signer is, for limiting attempts. Raises InvalidForm for what was
        wrong, Stale where something has changed, WrongState, UnknownObject.
        """
        # Whoever may not sign is told so before their password is tried, and cannot try any.
        signing = self._signings.find(nonce, session_id)
        signing.require_open(at)
        person = signing.person
        with self._database.reading() as session:
            _require_same(session, signing, signable)
            has_one = second_factors_in(session, person).has_one
        is_code_needed = proof.is_code_needed or has_one
        if is_code_needed and not proof.code:
            raise mistake_in("code", "Enter a code.")
        require_password(self._credentials, person, proof.password, address=address, at=at)
        if not is_code_needed:
            alone = _Proof(Means.PASSWORD, None, _require_no_factor)
            return self._sign(nonce, session_id, signable, alone, at=at)
        attempt = self._begin_code(person, proof.code, address, at)

        def taken(session: Session, signing: Signing) -> None:
            if not self._is_right(session, signing.person, proof.code, at):
                raise mistake_in("code", _WRONG_CODE)
            succeed_in(session, attempt)

        try:
            both = _Proof(Means.PASSWORD_AND_CODE, None, taken)
            return self._sign(nonce, session_id, signable, both, at=at)
        except InvalidForm:
            with self._database.writing() as session:
                note_failure_in(session, person, address, at)
            raise

    def sign_with_passkey(
        self, nonce: str, session_id: int, signable: Signable, proof: ByPasskey, *, at: datetime
    ) -> StoredSignature:
        """Sign with a passkey of the signer's. Raises Stale, WrongState, UnknownObject."""
        used = proof.used

        def taken(session: Session, signing: Signing) -> None:
            if used.passkey.person != signing.person or proof.challenge != signing.challenge:
                raise WrongState("This passkey was used for something else: nothing was signed.")
            succeed_in(session, used.attempt)
            used_in(
                session,
                used.passkey.id,
                sign_count=used.sign_count,
                is_backed_up=used.is_backed_up,
                at=at,
            )

        by_passkey = _Proof(Means.PASSKEY, proof.assertion, taken)
        return self._sign(nonce, session_id, signable, by_passkey, at=at)

    def _sign(
        self, nonce: str, session_id: int, signable: Signable, proof: _Proof, *, at: datetime
    ) -> StoredSignature:
        with self._database.writing() as session:
            signing = take_in(session, nonce, session_id, at=at)
            _require_same(session, signing, signable)
            proof.take(session, signing)
            signature = put_in(session, signing, proof.means, proof.assertion, at=at)
            signable.finish_in(session, signature)
            return signature

    def _begin_code(self, person: str, code: str, address: str, at: datetime) -> int:
        with self._database.writing() as session:
            if is_like_a_recovery_code(code):
                begun = begin_recovery_in(session, person, address, at)
            else:
                begun = begin_code_in(session, person, address, at)
        if isinstance(begun, TooSoon):
            seconds = int(begun.wait.total_seconds()) + 1
            raise mistake_in("code", f"Too many wrong codes: try again in {seconds} seconds.")
        return begun

    def _is_right(self, session: Session, person: str, code: str, at: datetime) -> bool:
        if is_like_a_recovery_code(code):
            return recovery_code_is_right_in(session, person, code, at)
        return self._codes.code_is_right_in(session, person, code, at)


def _document_in(session: Session, signable: Signable) -> SignedDocument:
    """Return what is to be signed. Raises WrongState, with the remedy, for what cannot be."""
    try:
        return signable.document_in(session)
    except Unsignable as error:
        raise WrongState(str(error)) from error


def _require_same(session: Session, signing: Signing, signable: Signable) -> None:
    """Raise unless what is to be signed now is what was shown, to the same person."""
    if signing.person != signable.by:
        raise UnknownObject("there is no such signing for them")
    try:
        document = _document_in(session, signable)
    except InvalidForm as error:
        # What was entered was right when it was shown: a day has passed since, or a name changed.
        raise Stale(_CHANGED) from error
    if document != signing.document:
        raise Stale(_CHANGED)


def _require_no_factor(session: Session, signing: Signing) -> None:
    """Raise where a second factor was set up since the password was asked for alone."""
    if second_factors_in(session, signing.person).has_one:
        raise Stale(_CHANGED)
