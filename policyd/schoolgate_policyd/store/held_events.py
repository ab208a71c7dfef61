"""
Events under a legal hold, copied out of a day's file before it is deleted.

They stay until no hold asks for them any more and their time is over; then nothing of them does.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, delete, func, or_, select, sql
from sqlalchemy.dialects.sqlite import insert

from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.day_files import DayFiles
from schoolgate_policyd.store.erasing import erase
from schoolgate_policyd.store.event_rows import BlockedRow, EventsBase
from schoolgate_policyd.workflow.legal_holds import Held

HELD_FILE = "held.db"
_AT_ONCE = 500


class HeldEvents:
    """
    The file of held events in the *folder* of events.

    It has the tables of a day. A person who is held is known by the pseudonym that events carry,
    a device (`device/<id>` as an object) by its id or address. Counts of what was allowed name
    nobody but an address and are not copied.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy_out(self, days: Iterable[date], held: Held) -> int:
        """Copy what is *held* of *days*; what was copied before stays once. Raises StoreError."""
        wanted = _wanted(held)
        days = tuple(days)
        if wanted is None or not days:
            return 0
        database = Database(open_engine(self._folder / HELD_FILE))
        with closing(database), closing(DayFiles(self._folder)) as files:
            with database.migrating() as connection:
                EventsBase.metadata.create_all(connection)
            return sum(self._copy_day(files, day, wanted, database) for day in days)

    def delete_released(self, held: Held, *, before: datetime) -> int:
        """
        Delete what is no longer *held* of before *before* (machine time); return how many events.

        The file goes with the last of them. Raises StoreError.
        """
        path = self._folder / HELD_FILE
        if not path.exists():
            return 0
        wanted = _wanted(held)
        is_released = [BlockedRow.at < before]
        if wanted is not None:
            # A column that is null is in no list, and what cannot be said is not held.
            is_released.append(func.coalesce(wanted, sql.false()).is_(sql.false()))
        with closing(Database(open_engine(path, is_there=True))) as database:
            with database.migrating() as connection:
                EventsBase.metadata.create_all(connection)
            with database.writing() as session:
                deleted = session.connection().execute(delete(BlockedRow).where(*is_released))
                left = session.scalar(select(BlockedRow.sequence).limit(1))
            if deleted.rowcount and left is not None:
                erase(database)
        if left is None:
            _delete_file(path)
        return deleted.rowcount

    def _copy_day(
        self, files: DayFiles, day: date, wanted: ColumnElement[bool], database: Database
    ) -> int:
        copied = 0
        for rows in _rows_of(files, day, wanted):
            with database.writing() as session:
                statement = insert(BlockedRow).on_conflict_do_nothing()
                copied += session.connection().execute(statement, rows).rowcount
        return copied


def _rows_of(
    files: DayFiles, day: date, wanted: ColumnElement[bool]
) -> Iterator[list[dict[str, object]]]:
    columns = BlockedRow.__table__.columns
    with files.reading(day) as session:
        if session is None:
            return
        found = session.execute(
            select(*columns).where(wanted).execution_options(yield_per=_AT_ONCE)
        )
        for part in found.mappings().partitions(_AT_ONCE):
            yield [dict(row) for row in part]


def _wanted(held: Held) -> ColumnElement[bool] | None:
    devices = sorted(held.ids_of("device"))
    conditions: list[ColumnElement[bool]] = []
    if held.people:
        conditions.append(BlockedRow.person.in_(sorted(held.people)))
    if devices:
        conditions.append(or_(BlockedRow.device_id.in_(devices), BlockedRow.client.in_(devices)))
    return or_(*conditions) if conditions else None


def _delete_file(path: Path) -> None:
    """Delete a database that nobody has open, its log first: that alone would be another's."""
    for each in (Path(f"{path}-wal"), Path(f"{path}-shm"), path):
        each.unlink(missing_ok=True)
