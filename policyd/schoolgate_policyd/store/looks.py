"""
Opened records: each look is one transaction with its audit entry.

Which record may be opened by whom, `workflow.looks` decides; here it is asked of the people as
they are at that moment.
"""

import secrets
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import DutyRow, LookRow, PersonRow, PseudonymKeyRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.looks import OPEN_FOR, Look, LookForm, may_open
from schoolgate_policyd.workflow.people import Member

MAX_PAGE = 200
_KEY_OCTETS = 32


class Looked(NamedTuple):
    """Somebody who can be looked at: the member, their year group, and whether they have left."""

    member: Member
    year: int | None
    has_left: bool


class Looks:
    """Who opened whose record; moments are machine time (aware), people are ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, person: str, *, by: str, form: LookForm, at: datetime) -> Look:
        """Open the record of *person* for *by*. Raises UnknownObject, NotAllowed."""
        with self._database.writing() as session:
            if not may_open(member_in(session, by), member_in(session, person)):
                raise NotAllowed("This record is not yours to open.")
            row = LookRow(
                person_id=person,
                by_id=by,
                at=at,
                ends_at=at + OPEN_FOR,
                reason=form.reason,
                words=form.words,
            )
            session.add(row)
            session.flush()
            note(
                session,
                AuditAction.RECORD_OPENED,
                at=at,
                actor=by,
                on=("person", person),
                # The words stay with the look, whose time is shorter than an entry's.
                details={"look": row.id, "reason": form.reason},
            )
            return _look_of(row)

    def open_now(self, by: str, at: datetime) -> Mapping[str, Look]:
        """Return the records that are open for *by* at *at*, by person: each one's latest."""
        query = (
            select(LookRow)
            .where(LookRow.by_id == by, LookRow.at <= at, LookRow.ends_at > at)
            .order_by(LookRow.ends_at)
        )
        with self._database.reading() as session:
            # Somebody whose duty ended since sees nothing more of it.
            return {
                row.person_id: _look_of(row)
                for row in session.scalars(query)
                if _still_may(session, row)
            }

    def recent(self, *, before: int | None = None, limit: int = 50) -> tuple[Look, ...]:
        """Return at most *limit* looks with ids below *before*, newest first."""
        query = select(LookRow).order_by(LookRow.id.desc()).limit(max(0, min(limit, MAX_PAGE)))
        if before is not None:
            query = query.where(LookRow.id < before)
        with self._database.reading() as session:
            return tuple(_look_of(row) for row in session.scalars(query))

    def exported(self, person: str, *, by: str, at: datetime, what: str) -> None:
        """Record that *by* took *what* about *person* out of Schoolgate. Raises NotAllowed."""
        if person not in self.open_now(by, at):
            raise NotAllowed("Open the record first, and say why.")
        with self._database.writing() as session:
            note(
                session,
                AuditAction.EXPORTED,
                at=at,
                actor=by,
                on=("person", person),
                details={"what": what},
            )

    def figures_exported(self, first: date, *, by: str, at: datetime) -> None:
        """Record that *by* took the minutes of each person out, from the day *first* on."""
        with self._database.writing() as session:
            note(
                session,
                AuditAction.EXPORTED,
                at=at,
                actor=by,
                on=("figures", "minutes"),
                details={"from": first.isoformat()},
            )

    def everybody(self) -> tuple[Looked, ...]:
        """Return everybody who is or was in the school, without their classes."""
        people = select(
            PersonRow.id, PersonRow.name, PersonRow.audience, PersonRow.year_group,
            PersonRow.has_left,
        )  # fmt: skip
        duties = defaultdict[str, set[Duty]](set)
        with self._database.reading() as session:
            for person, duty in session.execute(select(DutyRow.person_id, DutyRow.duty)):
                duties[person].add(duty)
            return tuple(
                Looked(
                    Member(person, name, audience, duties=frozenset(duties[person])),
                    year,
                    has_left,
                )
                for person, name, audience, year, has_left in session.execute(people)
            )

    def pseudonym_key(self) -> bytes:
        """Return the key from which pseudonyms are made; it is made when it is first asked for."""
        with self._database.reading() as session:
            known = session.get(PseudonymKeyRow, 1)
            if known is not None:
                return bytes(known.key)
        with self._database.writing() as session:
            row = session.get(PseudonymKeyRow, 1)
            if row is None:
                row = PseudonymKeyRow(id=1, key=secrets.token_bytes(_KEY_OCTETS))
                session.add(row)
            return bytes(row.key)


def _still_may(session: Session, row: LookRow) -> bool:
    try:
        return may_open(member_in(session, row.by_id), member_in(session, row.person_id))
    except UnknownObject:
        return False


def _look_of(row: LookRow) -> Look:
    return Look(row.id, row.person_id, row.by_id, row.at, row.ends_at, row.reason, row.words)
