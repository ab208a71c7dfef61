"""
Passkeys: what is kept of each, in transactions of one's own and in somebody else's.

Whether an authenticator's answer is right, `passkey_ceremonies` says; here is what follows.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import PasskeyRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.sign_in_records import NewPasskey, StoredPasskey
from schoolgate_policyd.workflow.errors import WrongState

MAX_PASSKEYS = 20


class Passkeys:
    """Whose passkeys there are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person: str) -> tuple[StoredPasskey, ...]:
        """Return the passkeys of *person*, oldest first."""
        with self._database.reading() as session:
            return passkeys_of_in(session, person)

    def find(self, credential_id: bytes) -> StoredPasskey | None:
        """Return the passkey that an authenticator names."""
        with self._database.reading() as session:
            return passkey_in(session, credential_id)

    def add(self, person: str, made: NewPasskey, name: str, *, at: datetime, by: str) -> int:
        """Add a passkey. Raises WrongState where it is there already, or for one too many."""
        with self._database.writing() as session:
            return add_in(session, person, made, name, at=at, by=by)

    def rename(self, person: str, passkey: int, name: str, *, at: datetime) -> None:
        """Give a passkey of *person* another name. Raises UnknownObject."""
        with self._database.writing() as session:
            row = _own_row(session, person, passkey)
            row.name = name
            note(
                session, AuditAction.PASSKEY_RENAMED, at=at, actor=person, on=("passkey", passkey)
            )


def passkey_in(session: Session, credential_id: bytes) -> StoredPasskey | None:
    """Return the passkey that an authenticator names, None for one that nobody has."""
    row = session.scalar(select(PasskeyRow).where(PasskeyRow.credential_id == credential_id))
    return None if row is None else _stored(row)


def passkeys_of_in(session: Session, person: str) -> tuple[StoredPasskey, ...]:
    """Return the passkeys of *person*, oldest first."""
    rows = session.scalars(
        select(PasskeyRow).where(PasskeyRow.person_id == person).order_by(PasskeyRow.id)
    )
    return tuple(_stored(row) for row in rows)


def used_in(
    session: Session, passkey: int, *, sign_count: int, is_backed_up: bool, at: datetime
) -> None:
    """
    Keep that a passkey was used. Raises UnknownObject, WrongState.

    The count is compared here once more: of two answers that were checked at the same time with
    the same count, the second is a copy of the first.
    """
    row = session.get(PasskeyRow, passkey)
    if row is None:
        raise UnknownObject(f"there is no passkey `{passkey}`")
    if (sign_count or row.sign_count) and sign_count <= row.sign_count:
        raise WrongState("This passkey was used in the meantime: try again.")
    row.sign_count = sign_count
    row.is_backed_up = is_backed_up
    row.last_used_at = at


def remove_passkey_in(session: Session, person: str, passkey: int, *, at: datetime) -> None:
    """Remove a passkey of *person*: it opens nothing any more. Raises UnknownObject."""
    session.delete(_own_row(session, person, passkey))
    note(session, AuditAction.PASSKEY_REMOVED, at=at, actor=person, on=("passkey", passkey))


def add_in(
    session: Session, person: str, made: NewPasskey, name: str, *, at: datetime, by: str
) -> int:
    """Add a passkey in the transaction of *session*. Raises UnknownObject, WrongState."""
    member_in(session, person)
    there = passkeys_of_in(session, person)
    if len(there) >= MAX_PASSKEYS:
        raise WrongState(f"There are {MAX_PASSKEYS} passkeys already: remove one first.")
    if passkey_in(session, made.credential_id) is not None:
        raise WrongState("This passkey is known here already.")
    if any(each.user_handle != made.user_handle for each in there):
        raise WrongState("Another passkey was added in the meantime: try again.")
    row = PasskeyRow(
        person_id=person,
        credential_id=made.credential_id,
        public_key=made.public_key,
        user_handle=made.user_handle,
        sign_count=made.sign_count,
        transports=made.transports,
        is_backed_up=made.is_backed_up,
        name=name,
        made_at=at,
    )
    session.add(row)
    session.flush()
    note(session, AuditAction.PASSKEY_ADDED, at=at, actor=by, on=("passkey", row.id))
    return row.id


def _own_row(session: Session, person: str, passkey: int) -> PasskeyRow:
    row = session.get(PasskeyRow, passkey)
    if row is None or row.person_id != person:
        raise UnknownObject(f"there is no passkey `{passkey}`")
    return row


def _stored(row: PasskeyRow) -> StoredPasskey:
    return StoredPasskey(
        id=row.id,
        person=row.person_id,
        credential_id=row.credential_id,
        public_key=row.public_key,
        user_handle=row.user_handle,
        sign_count=row.sign_count,
        transports=row.transports,
        is_backed_up=row.is_backed_up,
        name=row.name,
        made_at=row.made_at,
        last_used_at=row.last_used_at,
    )
