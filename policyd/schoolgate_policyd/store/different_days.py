"""Days that the head directed to go otherwise, at once and on record."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import DifferentDayRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.different_days import MOST_AT_ONCE, DayEntry, DifferentDay
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.register_acts import RegisterAct
from schoolgate_policyd.workflow.signing import StoredSignature


class DifferentDays:
    """The days that are different; *at* is machine time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def from_day(self, day: date) -> tuple[DifferentDay, ...]:
        """Return those that have not ended before *day* and were not withdrawn, in order."""
        with self._database.reading() as session:
            return standing_in(session, day)

    def entries(self, day: date) -> tuple[DayEntry, ...]:
        """Return the same as policyd takes them up."""
        return tuple(each.entry for each in self.from_day(day))

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
            return _state_in(session)


def calendar_version_in(session: Session) -> int:
    """Return how often a day was directed or withdrawn: the version of what stands."""
    return sum(_state_in(session))


def require_may_direct_in(session: Session, by: str, today: date) -> None:
    """Raise NotAllowed unless *by* has days go otherwise, WrongState where too many do."""
    register_acts.require(member_in(session, by), RegisterAct.DIRECT_DAYS)
    if len(standing_in(session, today)) >= MOST_AT_ONCE:
        raise WrongState("There are too many: draft a change of the policy instead.")


def direct_in(
    session: Session, entry: DayEntry, signature: StoredSignature, *, at: datetime
) -> None:
    """Have days go otherwise, with the *signature* that was just kept."""
    row = _row_of(entry, signature, at=at)
    session.add(row)
    session.flush()
    details = {
        "kind": entry.kind,
        "first": entry.first.isoformat(),
        "last": entry.last.isoformat(),
        "name": entry.name,
        "years": entry.years,
        "signed": signature.digest,
        "signature": signature.id,
    }
    note(
        session,
        AuditAction.DAY_DIRECTED,
        at=at,
        actor=signature.person,
        on=("different-day", row.id),
        details=details,
    )
    bump_version(session)


def _state_in(session: Session) -> tuple[int, int]:
    newest = session.scalar(select(func.max(DifferentDayRow.id))) or 0
    withdrawn = session.scalar(
        select(func.count())
        .select_from(DifferentDayRow)
        .where(DifferentDayRow.withdrawn_at.is_not(None))
    )
    return newest, withdrawn or 0


def standing_in(session: Session, day: date) -> tuple[DifferentDay, ...]:
    """Return those that have not ended before *day* and were not withdrawn, in order."""
    query = select(DifferentDayRow).where(
        DifferentDayRow.last >= day, DifferentDayRow.withdrawn_at.is_(None)
    )
    rows = session.scalars(query.order_by(DifferentDayRow.first, DifferentDayRow.id))
    return tuple(map(_record, rows))


def _row_of(entry: DayEntry, signature: StoredSignature, *, at: datetime) -> DifferentDayRow:
    first, last = entry.years or (None, None)
    return DifferentDayRow(
        kind=entry.kind,
        first=entry.first,
        last=entry.last,
        name=entry.name,
        years_first=first,
        years_last=last,
        directed_by=signature.person,
        at=at,
        signed_digest=signature.digest,
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
