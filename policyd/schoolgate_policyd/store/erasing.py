"""
Erasing what deleted rows leave in the file of a database.

`secure_delete` overwrites a deleted row, but when SQLite rearranges a page it copies rows within
it and leaves their old octets in the gap; and the write-ahead log has every page as it was. So
the file is written anew from what is there (VACUUM), and the log is emptied.
"""

import sqlite3
from contextlib import closing

from sqlalchemy.exc import SQLAlchemyError

from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import StoreError


def erase(database: Database) -> bool:
    """
    Erase it; return whether it was all done, which somebody who reads right now may prevent.

    Waits as long as the database's busy timeout. Raises StoreError, and what is there stays.
    """
    place = database.engine.url.database
    try:
        connection = database.engine.raw_connection()
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute("VACUUM")
                answer = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
    # The driver's own errors come through here, for it is asked without SQLAlchemy between.
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(f"{place}: what was deleted is not erased: {error}") from error
    # The first of the three numbers that SQLite answers says that somebody was in the way.
    return answer is not None and answer[0] == 0
