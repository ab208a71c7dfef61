"""One SQLite file for each day, few of them open at a time, deleted whole."""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.event_rows import SCHEMA_VERSION, EventsBase

MAX_OPEN = 8
_NAME = re.compile(r"events-(\d{4}-\d{2}-\d{2})\.db", re.ASCII)


class DayFiles:
    """The files `events-YYYY-MM-DD.db` (UTC) in *folder*, which is made if it is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._open: OrderedDict[date, Database] = OrderedDict()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be made: {error.strerror}") from error

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def days(self) -> list[date]:
        """Return the days that there is a file for, in no order."""
        days = []
        for path in self._folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match:
                try:
                    days.append(date.fromisoformat(match[1]))
                except ValueError:
                    # `events-2026-99-99.db` is nobody's day: it is left alone.
                    continue
        return days

    @contextmanager
    def writing(self, day: date) -> Iterator[Session]:
        """Give a session that holds the write lock of *day*, whose file is made if need be."""
        with self._database(day, is_there=False).writing() as session:
            yield session

    @contextmanager
    def reading(self, day: date) -> Iterator[Session | None]:
        """Give a session that reads *day*; None if its file was deleted in the meantime."""
        try:
            database = self._still_there(day)
        except StoreError:
            # Between the look and the opening, another process may delete it.
            if self._path(day).exists():
                raise
            database = None
        if database is None:
            yield None
            return
        with database.reading() as session:
            yield session

    def delete(self, day: date) -> None:
        """Delete the file of *day* with everything that SQLite put beside it."""
        self._forget(day)
        path = self._path(day)
        # The file itself goes last: while it is there, the next sweep finds what is left.
        for each in (Path(f"{path}-wal"), Path(f"{path}-shm"), path):
            each.unlink(missing_ok=True)

    def _path(self, day: date) -> Path:
        return self._folder / f"events-{day.isoformat()}.db"

    def _still_there(self, day: date) -> Database | None:
        if self._path(day).exists():
            return self._database(day, is_there=True)
        # An open file lives on when its name is gone: it must not be read any more.
        self._forget(day)
        return None

    def _forget(self, day: date) -> None:
        with self._lock:
            database = self._open.pop(day, None)
        if database is not None:
            database.close()

    def _database(self, day: date, *, is_there: bool) -> Database:
        with self._lock:
            database = self._open.get(day)
            if database is None:
                database = _opened(self._path(day), is_there=is_there)
                self._open[day] = database
            self._open.move_to_end(day)
            while len(self._open) > MAX_OPEN:
                # Whoever still uses a connection of it keeps that one until they are done.
                self._open.popitem(last=False)[1].close()
            return database


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
    if version == 0:
        EventsBase.metadata.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
    elif version != SCHEMA_VERSION:
        raise StoreError(f"{path}: was made by another version of Schoolgate")
