"""A SQLite file opened so that nothing can be changed through it, beside those who write it."""

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from schoolgate_policyd.store.database import BUSY_TIMEOUT_MS


def open_read_only(path: Path) -> Engine:
    """
    Return an engine on the SQLite file *path*, which is not made.

    Whether it can be opened shows with the first connection, by SQLAlchemyError.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000),
        poolclass=NullPool,
        # A failed statement is logged: with its parameters that would name children and sites.
        hide_parameters=True,
    )
