"""
Recorded events one after the other, for replay: read only, beside policyd that writes.

A day is read row by row in the order of its key, which is the order of time of each sender and
boot, and never held in memory. Nothing is locked that a writer needs, so a reader that is killed
leaves nothing behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import NullType

from schoolgate_policyd.replay.recorded import RecordedAllowed, RecordedBlock, RecordedEvent
from schoolgate_policyd.store.day_files import days_in, path_of
from schoolgate_policyd.store.event_rows import READABLE_VERSIONS, AllowedRow, BlockedRow
from schoolgate_policyd.store.read_only import open_read_only

type Query = Select[*tuple[Any, ...]]
type Stored = Row[*tuple[Any, ...]]

_ROWS_AT_ONCE = 2_000
_NO_RULES = "[]"


def _as_stored(*columns: Any) -> Query:  # noqa: ANN401 - columns of every type
    """Return a query for what is stored, as it is: we make values of a million rows ourselves."""
    return select(*(type_coerce(column, NullType()) for column in columns))


_BLOCKED = _as_stored(
    BlockedRow.sender,
    BlockedRow.boot,
    BlockedRow.at,
    BlockedRow.school_at,
    BlockedRow.point,
    BlockedRow.client,
    BlockedRow.host,
    BlockedRow.count,
    BlockedRow.audience,
    BlockedRow.device,
    BlockedRow.network,
    BlockedRow.person,
    BlockedRow.device_id,
    BlockedRow.page,
    BlockedRow.rules,
)
_ALLOWED = _as_stored(
    AllowedRow.sender,
    AllowedRow.boot,
    AllowedRow.minute,
    AllowedRow.point,
    AllowedRow.client,
    AllowedRow.host,
    AllowedRow.count,
)


class EventStream:
    """
    The events in *folder* that happened on [since, until), in machine time (aware).

    What cannot be read is left out and told in *faults*, in sentences that name the file; they
    are complete once `events` has come to its end. *shift* is by how much the school's clock is
    ahead of the machine's, for counts of what was allowed whose sender recorded no block that
    would tell.
    """

    def __init__(
        self, folder: Path, since: datetime, until: datetime, *, shift: timedelta = timedelta()
    ) -> None:
        self.faults: list[str] = []
        self._folder = folder
        self._since = since.astimezone(UTC)
        self._until = until.astimezone(UTC)
        self._shift = shift
        # Both clocks of a point are read when it starts, so a boot has one shift.
        self._shifts: dict[tuple[str, str], timedelta] = {}

    def count(self) -> int:
        """Return how many there are now, as far as the files can be read."""
        total = 0
        for day in self._days():
            try:
                with self._reading(day) as connection:
                    for query, column in self._queries():
                        counted = self._within(day, query, column).subquery()
                        total += connection.scalar(select(func.count()).select_from(counted)) or 0
            except (SQLAlchemyError, _UnreadableDay):
                continue  # `events` says so
        return total

    def events(self) -> Iterator[RecordedEvent]:
        """Yield every event; of a file that is damaged, those before the damage."""
        for day in self._days():
            path = path_of(self._folder, day)
            try:
                with self._reading(day) as connection:
                    yield from self._of_day(day, connection)
            except _UnreadableDay as error:
                self.faults.append(f"{path}: {error}")
            except SQLAlchemyError as error:
                if path.exists():
                    cause = str(getattr(error, "orig", None) or error)
                    self.faults.append(
                        f"{path}: is damaged ({cause}), so its events are left out from there on"
                    )

    def _of_day(self, day: date, connection: Connection) -> Iterator[RecordedEvent]:
        unreadable = 0
        for query, column in self._queries():
            rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(
                self._within(day, query, column)
            )
            read = self._block_of if query is _BLOCKED else self._allowed_of
            for row in rows:
                try:
                    event = read(row)
                except (msgspec.ValidationError, ValueError, TypeError, OverflowError):
                    unreadable += 1
                else:
                    yield event
        if unreadable:
            path = path_of(self._folder, day)
            told = (
                "1 event makes no sense and is"
                if unreadable == 1
                else (f"{unreadable:,} events make no sense and are")
            )
            self.faults.append(f"{path}: {told} left out")

    def _block_of(self, row: Stored) -> RecordedBlock:
        sender, boot, at, school_time, *fields, rules = row
        school_at = _moment(school_time)
        self._shifts.setdefault((sender, boot), school_at - _moment(at))
        return msgspec.convert((school_at, *fields, rules != _NO_RULES), RecordedBlock)

    def _allowed_of(self, row: Stored) -> RecordedAllowed:
        sender, boot, minute, *fields = row
        at = _moment(minute) + self._shifts.get((sender, boot), self._shift)
        return msgspec.convert((at, *fields), RecordedAllowed)

    def _queries(self) -> tuple[tuple[Query, Any], ...]:
        # Blocks first: they tell by how much the clocks of their boot differ.
        return (_BLOCKED, BlockedRow.at), (_ALLOWED, AllowedRow.minute)

    def _within(self, day: date, query: Query, column: Any) -> Query:  # noqa: ANN401 - of either table
        """Narrow *query* to the time asked for, where *day* is not wholly within it."""
        if day <= self._since.date():
            query = query.where(column >= self._since)
        if day >= self._until.date():
            query = query.where(column < self._until)
        return query

    def _days(self) -> list[date]:
        try:
            days = days_in(self._folder)
        except FileNotFoundError:
            return []
        first, last = self._since.date(), self._until.date()
        return sorted(day for day in days if first <= day <= last)

    @contextmanager
    def _reading(self, day: date) -> Iterator[Connection]:
        """Give a connection that can change nothing. Raises _UnreadableDay, SQLAlchemyError."""
        engine = open_read_only(path_of(self._folder, day))
        try:
            with engine.connect() as connection:
                version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                if version == 0:
                    raise _UnreadableDay("is empty, or was only just made: it holds no events")
                if version not in READABLE_VERSIONS:
                    raise _UnreadableDay(
                        "was made by another version of Schoolgate, so its events are left out"
                    )
                yield connection
        finally:
            engine.dispose()


class _UnreadableDay(Exception):  # noqa: N818 - it says what the day is
    """A day's file is whole, but not one that this version reads."""


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
