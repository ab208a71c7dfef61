"""A session for signing away from the pages: nobody has its token, and it opens nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import delete

from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import SessionRow
from schoolgate_policyd.store.session_rows import open_in
from schoolgate_policyd.workflow.accounts import Lack


@contextmanager
def session_here(database: Database, person: str, *, where: str, at: datetime) -> Iterator[int]:
    """Give the number of a session in which *person* signs *where* they are, and of no other."""
    with database.writing() as session:
        _, opened = open_in(session, person, at=at, lacks=Lack.SECOND_FACTOR, device=where)
    try:
        yield opened.id
    finally:
        with database.writing() as session:
            session.execute(delete(SessionRow).where(SessionRow.id == opened.id))
