"""Where people's alerts go."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.mail import EmailAddressRow
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow.email_addresses import read_address


class EmailAddresses:
    """People's e-mail addresses; *at* is machine time, people are ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person: str) -> str | None:
        """Return the address of *person*, None where none is on record."""
        with self._database.reading() as session:
            row = session.get(EmailAddressRow, person)
            return None if row is None else row.address

    def every(self) -> dict[str, str]:
        """Return every address on record, by person."""
        with self._database.reading() as session:
            rows = session.execute(select(EmailAddressRow.person_id, EmailAddressRow.address))
            return {person: address for person, address in rows}  # noqa: C416 - rows are not tuples

    def set_email(self, person: str, email: str, *, by: str | None, at: datetime) -> None:
        """Put the address of *person* on record; empty takes it off. Raises InvalidForm."""
        with self._database.writing() as session:
            set_email_in(session, person, email, by=by, at=at)


def set_email_in(
    session: Session, person: str, email: str, *, by: str | None, at: datetime
) -> None:
    """Do the same in the transaction of *session*. Raises InvalidForm, UnknownObject."""
    address = read_address(email)
    member_in(session, person)
    row = session.get(EmailAddressRow, person)
    if (None if row is None else row.address) == address:
        return
    if address is None:
        session.delete(row)
    elif row is None:
        session.add(EmailAddressRow(person_id=person, address=address, set_at=at))
    else:
        row.address, row.set_at = address, at
    # Not what it is: the audit is kept for longer than the address.
    details = {"is on record": address is not None}
    note(session, AuditAction.EMAIL_SET, at=at, actor=by, on=("person", person), details=details)
