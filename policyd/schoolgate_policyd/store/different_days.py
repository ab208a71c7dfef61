"""Days that the head directed to go otherwise, at once and on record."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.credentials import Credentials
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import DifferentDayRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.proving_who import require_password
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.different_days import MOST_AT_ONCE, DayEntry, DifferentDay
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.register_acts import RegisterAct


class DifferentDays:
    """The days that are different; *at* is machine time."""

    def __init__(self, database: Database, credentials: Credentials) -> None:
        self._database = database
        self._credentials = credentials

    def from_day(self, day: date) -> tuple[DifferentDay, ...]:
        """Return those that have not ended before *day* and were not withdrawn, in order."""
        with self._database.reading() as session:
            return _standing(session, day)

    def entries(self, day: date) -> tuple[DayEntry, ...]:
        """Return the same as policyd takes them up."""
        return tuple(each.entry for each in self.from_day(day))

    def direct(
        self, entry: DayEntry, *, by: str, password: str, address: str, today: date, at: datetime
    ) -> int:
        """
        Have days go otherwise, and return the record's number.

        Raises NotAllowed, InvalidForm for a wrong password, WrongState where there are too many.
        """
        with self._database.reading() as session:
            register_acts.require(member_in(session, by), RegisterAct.DIRECT_DAYS)
        require_password(self._credentials, by, password, address=address, at=at)
        with self._database.writing() as session:
            register_acts.require(member_in(session, by), RegisterAct.DIRECT_DAYS)
            if len(_standing(session, today)) >= MOST_AT_ONCE:
                raise WrongState("There are too many: draft a change of the policy instead.")
            row = _row_of(entry, by=by, at=at)
            session.add(row)
            session.flush()
            details = {
                "kind": entry.kind,
                "first": entry.first.isoformat(),
                "last": entry.last.isoformat(),
                "name": entry.name,
                "years": entry.years,
            }
            on = ("different-day", row.id)
            note(session, AuditAction.DAY_DIRECTED, at=at, actor=by, on=on, details=details)
            bump_version(session)
            return row.id

    def withdraw(self, number: int, *, by: str, at: datetime) -> None:
        """Have the days go as usual again. Raises NotAllowed, WrongState, UnknownObject."""
        with self._database.writing() as session:
            register_acts.require(member_in(session, by), RegisterAct.DIRECT_DAYS)
            row = session.get(DifferentDayRow, number)
            if row is None:
                raise UnknownObject(f"there is no different day {number}")
            if row.withdrawn_at is not None:
                raise WrongState("It was withdrawn already.")
            row.withdrawn_at, row.withdrawn_by = at, by
            on = ("different-day", number)
            note(session, AuditAction.DAY_WITHDRAWN, at=at, actor=by, on=on)
            bump_version(session)

    def state(self) -> tuple[int, int]:
        """Return two numbers that change whenever a day is directed or withdrawn."""
        with self._database.reading() as session:
            newest = session.scalar(select(func.max(DifferentDayRow.id))) or 0
            withdrawn = session.scalar(
                select(func.count())
                .select_from(DifferentDayRow)
                .where(DifferentDayRow.withdrawn_at.is_not(None))
            )
            return newest, withdrawn or 0


def _standing(session: Session, day: date) -> tuple[DifferentDay, ...]:
    query = select(DifferentDayRow).where(
        DifferentDayRow.last >= day, DifferentDayRow.withdrawn_at.is_(None)
    )
    rows = session.scalars(query.order_by(DifferentDayRow.first, DifferentDayRow.id))
    return tuple(map(_record, rows))


def _row_of(entry: DayEntry, *, by: str, at: datetime) -> DifferentDayRow:
    first, last = entry.years or (None, None)
    return DifferentDayRow(
        kind=entry.kind,
        first=entry.first,
        last=entry.last,
        name=entry.name,
        years_first=first,
        years_last=last,
        directed_by=by,
        at=at,
    )


def _record(row: DifferentDayRow) -> DifferentDay:
    years = None
    if row.years_first is not None and row.years_last is not None:
        years = (row.years_first, row.years_last)
    return DifferentDay(
        id=row.id,
        entry=DayEntry(row.kind, row.first, row.last, row.name, years),
        directed_by=row.directed_by,
        at=row.at,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
    )
