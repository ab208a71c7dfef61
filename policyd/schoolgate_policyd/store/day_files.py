"""One SQLite file for each day, few of them open at a time, deleted whole."""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.day_reader import DayReader
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.event_rows import SCHEMA_VERSION, EventsBase
from schoolgate_policyd.store.event_sum_rows import StateRow

MAX_OPEN = 8
# What a file of each older version lacks in tables that it has.
_COLUMNS_ADDED: Mapping[int, tuple[str, ...]] = {
    1: ("blocked ADD COLUMN evidence TEXT",),
    2: (
        "allowed ADD COLUMN audience VARCHAR(40)",
        "allowed ADD COLUMN person VARCHAR(40)",
        "allowed ADD COLUMN services TEXT NOT NULL DEFAULT '[]'",
        "allowed ADD COLUMN categories TEXT NOT NULL DEFAULT '[]'",
    ),
}
_NAME = re.compile(r"events-(\d{4}-\d{2}-\d{2})\.db", re.ASCII)


@dataclass(slots=True)
class _OpenDay:
    """An open file; once retired it is closed by whoever uses it last."""

    database: Database
    users: int = 0
    is_retired: bool = False


class DayFiles:
    """The files `events-YYYY-MM-DD.db` (UTC) in *folder*, which is made if it is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader = DayReader()
        self._lock = threading.Lock()
        self._open: OrderedDict[date, _OpenDay] = OrderedDict()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be made: {error.strerror}") from error

    def close(self) -> None:
        """Close every file."""
        self._reader.close()
        with self._lock:
            for day in tuple(self._open):
                self._retire(day)

    def days(self) -> list[date]:
        """Return the days that there is a file for, in no order."""
        return days_in(self._folder)

    @contextmanager
    def writing(self, day: date) -> Iterator[Session]:
        """Give a session that holds the write lock of *day*, whose file is made if need be."""
        with self._using(day, is_there=False) as database, database.writing() as session:
            yield session

    @contextmanager
    def reading(self, day: date) -> Iterator[Session | None]:
        """Give a session that reads *day*; None if its file was deleted in the meantime."""
        with ExitStack() as stack:
            yield self._session_of(day, stack)

    def delete(self, day: date) -> None:
        """Delete the file of *day* with everything that SQLite put beside it."""
        with self._lock:
            self._retire(day)
        path = self.path_of(day)
        # The file itself goes last: while it is there, the next sweep finds what is left.
        for each in (Path(f"{path}-wal"), Path(f"{path}-shm"), path):
            each.unlink(missing_ok=True)

    def path_of(self, day: date) -> Path:
        """Return where the events of *day* lie."""
        return path_of(self._folder, day)

    def _session_of(self, day: date, stack: ExitStack) -> Session | None:
        if not self.path_of(day).exists():
            # An open file lives on when its name is gone: it must not be read any more.
            with self._lock:
                self._retire(day)
            return None
        try:
            session = stack.enter_context(self._reader.reading(self.path_of(day)))
            if session is not None:
                return session
            # Of an older version: it is opened as for writing, and gains what it lacks.
            database = stack.enter_context(self._using(day, is_there=True))
        except StoreError:
            # Between the look and the opening, another process may delete it.
            if self.path_of(day).exists():
                raise
            return None
        return stack.enter_context(database.reading())

    @contextmanager
    def _using(self, day: date, *, is_there: bool) -> Iterator[Database]:
        with self._lock:
            opened = self._open.get(day)
            if opened is None:
                opened = self._open[day] = _OpenDay(_opened(self.path_of(day), is_there=is_there))
            self._open.move_to_end(day)
            opened.users += 1
            while len(self._open) > MAX_OPEN:
                self._retire(next(iter(self._open)))
        try:
            yield opened.database
        finally:
            with self._lock:
                opened.users -= 1
                if opened.is_retired and opened.users == 0:
                    opened.database.close()

    def _retire(self, day: date) -> None:
        """Take the file of *day* out of those that are open; the lock is held."""
        opened = self._open.pop(day, None)
        if opened is not None:
            opened.is_retired = True
            if opened.users == 0:
                opened.database.close()


def days_in(folder: Path) -> list[date]:
    """Return the days that there is a file for in *folder*, in no order. Raises OSError."""
    days = []
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        if match:
            try:
                days.append(date.fromisoformat(match[1]))
            except ValueError:
                # `events-2026-99-99.db` is nobody's day: it is left alone.
                continue
    return days


def path_of(folder: Path, day: date) -> Path:
    """Return where the events of *day* lie in *folder*."""
    return folder / f"events-{day.isoformat()}.db"


def _opened(path: Path, *, is_there: bool) -> Database:
    database = Database(open_engine(path, is_there=is_there))
    try:
        with database.migrating() as connection:
            _make_tables(connection, path)
    except SQLAlchemyError as error:
        database.close()
        raise StoreError(f"{path}: cannot be opened: {error}") from error
    except StoreError:
        database.close()
        raise
    return database


def _make_tables(connection: Connection, path: Path) -> None:
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if version == SCHEMA_VERSION:
        return
    if version not in {0, *_COLUMNS_ADDED}:
        raise StoreError(f"{path}: was made by another version of Schoolgate")
    for older, columns in _COLUMNS_ADDED.items():
        if version in range(1, older + 1):
            for column in columns:
                connection.exec_driver_sql(f"ALTER TABLE {column}")
    # Of an older file what it lacks is made, a table with its index; what it has stays as it is,
    # without the indexes of later versions and without sums, until policyd adds the day up.
    EventsBase.metadata.create_all(connection)
    if version == 0:
        connection.execute(insert(StateRow).values(id=1))
    connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
