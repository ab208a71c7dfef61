"""
One SQLite file, opened so that what is acknowledged survives a power cut.

Every connection sets its PRAGMAs and reads them back: a database that would not hold to them is
refused at start. Writers take the lock when they begin (`BEGIN IMMEDIATE`), so that nothing is
decided on rows that somebody else is about to change.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from schoolgate_policyd.shared_folders import PRIVATE_FOLDER, make_file
from schoolgate_policyd.store.errors import StoreError, UnsafeDatabase

# Each is a name, the value to set, and what SQLite then answers.
type Pragmas = tuple[tuple[str, str, object], ...]

BUSY_TIMEOUT_MS = 10_000
# WAL with synchronous=NORMAL loses acknowledged rows at a power cut; FULL (2) does not.
PRAGMAS: Pragmas = (
    ("busy_timeout", str(BUSY_TIMEOUT_MS), BUSY_TIMEOUT_MS),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
    ("trusted_schema", "OFF", 0),
    ("secure_delete", "ON", 1),
)
_WRITES = "schoolgate_writes"
_RETRY_AFTER_S = 0.01


def open_engine(path: Path, *, is_there: bool = False, pragmas: Pragmas = PRAGMAS) -> Engine:
    """
    Return an engine on the SQLite file *path*, made if it is not there.

    With *is_there* it is not made. A new file is its owner's alone, or shared as its folder says
    (`shared_folders`). Raises UnsafeDatabase when a PRAGMA does not hold, StoreError
    when it cannot be opened.
    """
    try:
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        # Children's names are in it: SQLite gives its side files the same permissions.
        if not is_there:
            make_file(path)
        _require_usable(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=8,
        max_overflow=32,
        # A failed statement is logged: with its parameters that would name children and sites.
        hide_parameters=True,
    )
    event.listen(engine, "connect", partial(_prepare, pragmas))
    event.listen(engine, "begin", _begin)
    try:
        with engine.connect():
            pass
    except SQLAlchemyError as error:
        engine.dispose()
        raise StoreError(f"{path}: cannot be opened: {error}") from error
    except UnsafeDatabase as error:
        engine.dispose()
        raise UnsafeDatabase(f"{path}: {error}") from error
    return engine


def _require_usable(path: Path) -> None:
    """
    Require that *path* is there, and may be read and written. Raises OSError.

    INVARIANT: no process opens a database but by SQLite. Closing any descriptor of a file lets go
    of every lock that the process has on it (sqlite.org/howtocorrupt.html, section 2.2): where
    another thread reads, SQLite would go on without its lock, and the next process that closes
    the database would delete the write-ahead log with what is acknowledged in it.
    """
    path.stat()
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


class Database:
    """Short transactions on one engine: `reading()` sees one moment, `writing()` is alone."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = engine.execution_options(**{_WRITES: True})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one consistent state and changes nothing."""
        try:
            with Session(self.engine, autoflush=False) as session:
                yield session
        except SQLAlchemyError as error:
            raise StoreError(f"{self.engine.url.database}: cannot be read: {error}") from error

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that holds the write lock; leaving it commits, an error undoes all."""
        try:
            with Session(self._writer) as session, session.begin():
                yield session
        except SQLAlchemyError as error:
            raise StoreError(f"{self.engine.url.database}: was not changed: {error}") from error

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Give a connection that holds the write lock, for changes of the schema."""
        with self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _prepare(pragmas: Pragmas, connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # SQLAlchemy begins transactions below; the driver must not begin others of its own.
    connection.isolation_level = None
    try:
        with closing(connection.cursor()) as cursor:
            for name, wanted, read_back in pragmas:
                _set(cursor, name, wanted)
                row = cursor.execute(f"PRAGMA {name}").fetchone()
                _require_held(name, None if row is None else row[0], read_back)
    except BaseException:
        # The pool does not know this connection yet, so nobody else would close it.
        connection.close()
        raise


def _set(cursor: DBAPICursor, name: str, wanted: str) -> None:
    """
    Set a PRAGMA, waiting for whoever else opens a new file at this moment.

    While one connection turns a new file to WAL, SQLite answers others that they are locked out
    at once, whatever their busy timeout.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute(f"PRAGMA {name}={wanted}")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_AFTER_S)
        else:
            return


def _require_held(pragma: str, found: object, read_back: object) -> None:
    if found != read_back:
        raise UnsafeDatabase(
            f"PRAGMA {pragma} is `{found}` instead of `{read_back}`: put the database on a "
            "local disk with a current SQLite"
        )


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
