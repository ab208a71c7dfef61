"""A table of people taken up: what was shown, in one transaction, or nothing."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import ClassRow, PersonRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in, put_class, put_person
from schoolgate_policyd.store.people_changes import change_in, new_person
from schoolgate_policyd.store.person_records import able_in, present_in, record_of
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.errors import Stale
from schoolgate_policyd.workflow.people import SchoolClass
from schoolgate_policyd.workflow.people_import import ImportPlan, plan_import
from schoolgate_policyd.workflow.people_table import ImportedPerson
from schoolgate_policyd.workflow.register_acts import RegisterAct
from schoolgate_policyd.workflow.year_moves import YearMoves, moved_up

_CHANGED = "The register has changed since you saw what would change: look again, then go on."


class PeopleImport:
    """Tables of people, and everybody's move to the next year; *at* is machine time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self, people: tuple[ImportedPerson, ...]) -> ImportPlan:
        """Return what taking *people* up would change now. Raises BadTable."""
        with self._database.reading() as session:
            return _plan(session, people)

    def take_up(
        self,
        people: tuple[ImportedPerson, ...],
        *,
        shown: str,
        by: str | None,
        at: datetime,
        moment: datetime,
    ) -> ImportPlan:
        """
        Change what the plan *shown* (its digest) says, all of it or nothing.

        *by* None is the first-run guide. Raises Stale where it is another plan by now, NotAllowed
        where somebody's line is not *by*'s to change.
        """
        with self._database.writing() as session:
            if by is not None:
                register_acts.require(member_in(session, by), RegisterAct.KEEP)
            plan = _plan(session, people)
            if plan.digest != shown:
                raise Stale(_CHANGED)
            for each in plan.classes:
                put_class(session, each, at=at, by=by)
            session.flush()
            for person, entry in plan.added:
                put_person(session, new_person(person, entry), at=at, by=by)
            for update in plan.changed:
                row = present_in(session, update.id)
                change_in(session, row, update.after, by=by, at=at, moment=moment)
            details = {
                "added": len(plan.added),
                "changed": len(plan.changed),
                "classes": len(plan.classes),
            }
            on = ("register", "people")
            note(session, AuditAction.PEOPLE_IMPORTED, at=at, actor=by, on=on, details=details)
            bump_version(session)
            return plan

    def year_moves(self, text: str | None, last_year: int) -> YearMoves:
        """Return what moving everybody up would change now. Raises InvalidForm."""
        with self._database.reading() as session:
            return _moves(session, text, last_year)

    def move_up(
        self,
        text: str,
        last_year: int,
        *,
        shown: str,
        leave_at: datetime,
        by: str,
        at: datetime,
        moment: datetime,
    ) -> YearMoves:
        """
        Move every pupil up by one year; those beyond *last_year* leave at *leave_at*.

        Raises Stale where something else than *shown* (a digest) would change, NotAllowed.
        """
        with self._database.writing() as session:
            register_acts.require(member_in(session, by), RegisterAct.KEEP)
            moves = _moves(session, text, last_year)
            if moves.digest != shown:
                raise Stale(_CHANGED)
            for update in moves.moved:
                row = present_in(session, update.id)
                change_in(session, row, update.after, by=by, at=at, moment=moment)
            for person in moves.leaving:
                row = present_in(session, person)
                row.leaves_at, row.leaves_by = leave_at, by
                row.version += 1
                details = {"at": leave_at.isoformat()}
                on = ("person", person)
                note(session, AuditAction.PERSON_LEAVES, at=at, actor=by, on=on, details=details)
            counts = {"moved": len(moves.moved), "leaving": len(moves.leaving)}
            on = ("register", "people")
            note(session, AuditAction.YEARS_MOVED_UP, at=at, actor=by, on=on, details=counts)
            bump_version(session)
            return moves


def _plan(session: Session, people: tuple[ImportedPerson, ...]) -> ImportPlan:
    rows = session.scalars(select(PersonRow).order_by(PersonRow.id)).all()
    able = able_in(session)
    known = tuple(record_of(row, able) for row in rows if not row.has_left)
    left = frozenset(row.id for row in rows if row.has_left)
    return plan_import(people, known, left, _classes(session))


def _moves(session: Session, text: str | None, last_year: int) -> YearMoves:
    query = select(PersonRow).where(PersonRow.has_left.is_(False)).order_by(PersonRow.id)
    able = able_in(session)
    known = tuple(record_of(row, able) for row in session.scalars(query))
    return moved_up(known, _classes(session), text, last_year)


def _classes(session: Session) -> tuple[SchoolClass, ...]:
    rows = session.scalars(select(ClassRow).order_by(ClassRow.id))
    return tuple(SchoolClass(row.id, row.name) for row in rows)
