"""
The first run: a guide for a school in which nobody can sign in yet.

It is opened with a code that the machine itself prints, so that nobody on the network can be
first. The code works once and binds the guide to the browser that it was entered in; when that is
lost, the machine prints another, which ends the former.
"""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from schoolgate_policyd.secret_codes import hash_of, hash_of_code, new_code, new_token
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import FirstRunCodeRow, PersonRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import put_person
from schoolgate_policyd.store.people_changes import (
    free_id_in,
    new_person,
    put_duties,
)
from schoolgate_policyd.store.person_records import keyholders_in
from schoolgate_policyd.store.school import end_first_run, put_school
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.first_people import FirstPerson

CODE_LASTS = timedelta(days=3)
GUIDE_LASTS = timedelta(days=3)
# About 123 bits.
_GROUPS, _GROUP_LENGTH = 5, 5
_OVER = "The guide is over: somebody can sign in now."


class FirstRunCode(msgspec.Struct, frozen=True):
    """A code that is shown once, and until when it works (machine time)."""

    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"FirstRunCode(expires_at={self.expires_at!r})"


class FirstRun:
    """The guide's codes and steps; *at* is machine time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_due(self) -> bool:
        """Whether nobody who keeps Schoolgate can sign in."""
        with self._database.reading() as session:
            return _is_due(session)

    def make_code(self, *, at: datetime) -> FirstRunCode | None:
        """Return a new code, which ends those before; None where the guide is not due."""
        code = new_code(_GROUPS, _GROUP_LENGTH)
        with self._database.writing() as session:
            if not _is_due(session):
                return None
            _end_all(session, at)
            expires_at = at + CODE_LASTS
            row = FirstRunCodeRow(code_hash=hash_of_code(code), made_at=at, expires_at=expires_at)
            session.add(row)
            session.flush()
            on = ("first-run", row.id)
            note(session, AuditAction.FIRST_RUN_CODE_MADE, at=at, actor=None, on=on)
            return FirstRunCode(code, expires_at)

    def open(self, code: str, *, at: datetime) -> str | None:
        """Use *code* up and return the token for the browser's cookie, None for no such code."""
        with self._database.writing() as session:
            row = session.scalar(
                select(FirstRunCodeRow).where(FirstRunCodeRow.code_hash == hash_of_code(code))
            )
            is_good = row is not None and row.opened_at is None and row.ended_at is None
            if row is None or not is_good or at >= row.expires_at or not _is_due(session):
                return None
            token = new_token()
            row.opened_at, row.token_hash = at, hash_of(token)
            row.expires_at = at + GUIDE_LASTS
            on = ("first-run", row.id)
            note(session, AuditAction.FIRST_RUN_OPENED, at=at, actor=None, on=on)
            return token

    def holds(self, token: str | None, *, at: datetime) -> bool:
        """Whether *token* is of the browser in which the guide is open."""
        if not token:
            return False
        with self._database.reading() as session:
            return _holds(session, token, at)

    def name_school(self, token: str, name: str, preset: str, *, at: datetime) -> None:
        """Save the school's name and preset. Raises WrongState when the guide is over."""
        with self._database.writing() as session:
            _require(session, token, at)
            put_school(session, name, preset, by=None, at=at)

    def put_members(self, token: str, people: tuple[FirstPerson, ...], *, at: datetime) -> None:
        """Save the first people; who was entered before and is no longer loses the duties."""
        with self._database.writing() as session:
            _require(session, token, at)
            entered = {each.entry.username for each in people}
            for row in session.scalars(select(PersonRow).where(PersonRow.has_left.is_(False))):
                if row.duties and row.username not in entered:
                    put_duties(session, row, (), by=None, at=at)
                    row.version += 1
            for each in people:
                _put_member(session, each, at)
            bump_version(session)

    def end(self, token: str, *, at: datetime) -> None:
        """End the guide for ever. Raises NotAllowed while a needed duty has nobody."""
        with self._database.writing() as session:
            _require(session, token, at)
            held = {
                duty
                for row in session.scalars(select(PersonRow).where(PersonRow.has_left.is_(False)))
                if row.username is not None
                for duty in (each.duty for each in row.duties)
            }
            for duty, title in register_acts.NEEDED.items():
                if duty not in held:
                    raise NotAllowed(f"Enter the {title} first: nobody else could go on.")
            end_first_run(session, at=at)
            _end_all(session, at)
            on = ("first-run", "guide")
            note(session, AuditAction.FIRST_RUN_ENDED, at=at, actor=None, on=on)


def _put_member(session: Session, person: FirstPerson, at: datetime) -> None:
    entry = person.entry
    row = session.scalar(select(PersonRow).where(PersonRow.username == entry.username))
    if row is None:
        id_ = free_id_in(session)
        put_person(session, new_person(id_, entry), at=at, by=None)
        row = session.get_one(PersonRow, id_)
    row.name, row.audience = entry.name, entry.audience
    put_duties(session, row, person.duties, by=None, at=at)
    row.version += 1


def _is_due(session: Session) -> bool:
    keyholders = keyholders_in(session)
    return not any(keyholders.get(duty) for duty in register_acts.NEEDED)


def _holds(session: Session, token: str, at: datetime) -> bool:
    row = session.scalar(
        select(FirstRunCodeRow).where(FirstRunCodeRow.token_hash == hash_of(token))
    )
    return row is not None and row.ended_at is None and at < row.expires_at and _is_due(session)


def _require(session: Session, token: str, at: datetime) -> None:
    if not _holds(session, token, at):
        raise WrongState(_OVER)


def _end_all(session: Session, at: datetime) -> None:
    session.execute(
        update(FirstRunCodeRow).where(FirstRunCodeRow.ended_at.is_(None)).values(ended_at=at)
    )
