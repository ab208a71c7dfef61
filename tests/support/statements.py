"""What is asked of a database meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from schoolgate_policyd.store.database import Database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Give every statement that *database* is asked, each transaction's beginning among them."""
    asked: list[str] = []

    def keep(*said: object) -> None:
        asked.append(str(said[2]))

    event.listen(database.engine, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        event.remove(database.engine, "before_cursor_execute", keep)
