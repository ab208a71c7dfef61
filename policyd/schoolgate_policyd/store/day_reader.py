"""
Reading many days' files one after the other: one engine for all of them.

An engine of its own for each file would compile every statement for each file again, which takes
longer than asking. Connections are opened for one reading each, and can change nothing.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from schoolgate_policyd.store.database import BUSY_TIMEOUT_MS
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.event_rows import SCHEMA_VERSION


class DayReader:
    """Gives sessions that read one file; threads may share it."""

    def __init__(self) -> None:
        # Which file the next connection of a thread is to.
        self._wanted = threading.local()
        self._engine = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=NullPool,
            # A failed statement is logged: with its parameters that would name children.
            hide_parameters=True,
        )

    @contextmanager
    def reading(self, path: Path) -> Iterator[Session | None]:
        """
        Give a session that reads *path*; None where it is of another version.

        Raises StoreError.
        """
        self._wanted.uri = f"{path.absolute().as_uri()}?mode=ro"
        try:
            with Session(self._engine, autoflush=False) as session:
                version = session.connection().exec_driver_sql("PRAGMA user_version").scalar_one()
                yield session if version == SCHEMA_VERSION else None
        except SQLAlchemyError as error:
            raise StoreError(f"{path}: cannot be read: {error}") from error

    def close(self) -> None:
        """Close the engine."""
        self._engine.dispose()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._wanted.uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000)
