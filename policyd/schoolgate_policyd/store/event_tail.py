"""
What came since: the blocks and attempts of a sender behind a place in its sequence, read only.

Rows lie in the order of their sender's sequence, so a look for what is new costs no more than
what is new.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from schoolgate_policyd.ipc.messages import Blocked
from schoolgate_policyd.store.day_files import days_in, path_of
from schoolgate_policyd.store.event_rows import READABLE_VERSIONS, BlockedRow, blocked_of
from schoolgate_policyd.store.read_only import open_read_only

type Place = tuple[str, str]

ROWS_AT_ONCE = 500


class Tailed(msgspec.Struct, frozen=True):
    """A block or attempt with its place in the *sequence* of its *sender*'s *boot*."""

    sender: str
    boot: str
    sequence: int
    event: Blocked


class Tail(msgspec.Struct, frozen=True):
    """What was found of one place, and whether there may be more behind it."""

    events: tuple[Tailed, ...]
    is_more: bool


class EventTail:
    """The newest events in *folder*, where policyd may be writing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def places(self, since: date) -> dict[Place, set[date]]:
        """Return who sent something on which day, from the day *since* on."""
        found: dict[Place, set[date]] = {}
        for day in self._days():
            if day < since:
                continue
            with self._reading(day) as session:
                for sender, boot in _places_in(session) if session is not None else ():
                    found.setdefault((sender, boot), set()).add(day)
        return found

    def after(self, place: Place, sequence: int, days: set[date]) -> Tail:
        """Return what *place* sent behind *sequence* on *days*, in its order."""
        events: list[Tailed] = []
        is_more = False
        reached: int | None = None
        for day in sorted(days):
            with self._reading(day) as session:
                rows = [] if session is None else _rows_behind(session, place, sequence)
                events += [
                    Tailed(row.sender, row.boot, row.sequence, blocked_of(row)) for row in rows
                ]
                if len(rows) == ROWS_AT_ONCE:
                    # Behind here another day's may be next in the sequence, and is not passed.
                    is_more = True
                    last = rows[-1].sequence
                    reached = last if reached is None else min(reached, last)
        ordered = sorted(events, key=lambda each: each.sequence)
        if reached is not None:
            ordered = [each for each in ordered if each.sequence <= reached]
        return Tail(tuple(ordered), is_more)

    def _days(self) -> list[date]:
        try:
            return sorted(days_in(self._folder))
        except FileNotFoundError:
            return []

    @contextmanager
    def _reading(self, day: date) -> Iterator[Session | None]:
        """Give a session on *day*'s file, None where it is gone or of another version."""
        path = path_of(self._folder, day)
        if not path.exists():
            yield None
            return
        engine = open_read_only(path)
        try:
            with Session(engine) as session:
                version = session.connection().exec_driver_sql("PRAGMA user_version").scalar()
                yield session if version in READABLE_VERSIONS else None
        except SQLAlchemyError:
            # Deleted between, when its time was over.
            if path.exists():
                raise
        finally:
            engine.dispose()


def _places_in(session: Session) -> Iterator[Place]:
    """Yield each sender and boot, jumping from one to the next along the key."""
    key = (BlockedRow.sender, BlockedRow.boot)
    query = select(*key).order_by(*key).limit(1)
    found = session.execute(query).first()
    while found is not None:
        sender, boot = found
        yield sender, boot
        later = (BlockedRow.sender > sender) | (
            (BlockedRow.sender == sender) & (BlockedRow.boot > boot)
        )
        found = session.execute(query.where(later)).first()


def _rows_behind(session: Session, place: Place, sequence: int) -> list[BlockedRow]:
    sender, boot = place
    query = (
        select(BlockedRow)
        .where(
            BlockedRow.sender == sender,
            BlockedRow.boot == boot,
            BlockedRow.sequence > sequence,
        )
        .order_by(BlockedRow.sequence)
        .limit(ROWS_AT_ONCE)
    )
    return list(session.scalars(query))
