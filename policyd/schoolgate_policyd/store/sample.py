"""The sample school's people: put into an empty store once, with passwords that are shown once."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.secret_codes import new_code
from schoolgate_policyd.store.audit import bump_version
from schoolgate_policyd.store.credentials import put_password_hash
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.models import PersonRow
from schoolgate_policyd.store.models.permissions import StandingRecordKind
from schoolgate_policyd.store.people import put_class, put_device, put_person
from schoolgate_policyd.store.people_file import PeopleFile, read_people_file
from schoolgate_policyd.store.standing import put_record

_GROUPS = 4
_GROUP_LENGTH = 4


class SampleAccount(msgspec.Struct, frozen=True):
    """Somebody who can sign in, with the password that is shown once and kept nowhere."""

    username: str
    name: str
    duties: tuple[Duty, ...]
    password: str

    def __repr__(self) -> str:
        return f"SampleAccount(username={self.username!r})"


def make_password() -> str:
    """Return a random password of 16 characters that is easy to type (about 79 bits)."""
    return new_code(_GROUPS, _GROUP_LENGTH)


def seed(
    store: DecisionStore, people_file: Path, *, at: datetime, moment: datetime
) -> tuple[SampleAccount, ...] | None:
    """
    Put the people of *people_file* into *store*, all or none; None if it has people already.

    *at* is machine time, *moment* the school's clock, from which review dates count. Raises
    PeopleFileError with every mistake of the file.
    """
    if not store.people.is_empty():
        return None
    people = read_people_file(people_file)
    accounts = tuple(
        SampleAccount(
            username=each.username,
            name=each.name,
            duties=tuple(held.duty for held in each.duties),
            password=make_password(),
        )
        for each in people.people
        if each.username is not None
    )
    # Hashing is slow on purpose, so it is done before the database is locked.
    hashes = {each.username: store.credentials.hash(each.password) for each in accounts}
    with store.database.writing() as session:
        if session.scalar(select(PersonRow.id).limit(1)) is not None:
            return None
        _put_everything(session, people, hashes, at=at, moment=moment)
        bump_version(session)
    return accounts


def _put_everything(
    session: Session, people: PeopleFile, hashes: dict[str, str], *, at: datetime, moment: datetime
) -> None:
    for school_class in people.classes:
        put_class(session, school_class, at=at, by=None)
    for person in people.people:
        put_person(session, person, at=at, by=None)
        if person.username is not None:
            put_password_hash(session, person.id, hashes[person.username], at=at, by=None)
    for device in people.devices:
        put_device(session, device, at=at, by=None)
    for standing in people.standing:
        for kind, by, reasons in (
            (
                StandingRecordKind.HEAD_PERMISSION,
                standing.permitted_by,
                standing.permission,
            ),
            (
                StandingRecordKind.CONFIRMED_CONTROLS,
                standing.confirmed_by,
                standing.controls,
            ),
        ):
            put_record(
                session,
                standing.name,
                kind,
                by=by,
                reasons=reasons,
                review_on=(moment + timedelta(days=standing.review_after_days)).date(),
                at=at,
            )
