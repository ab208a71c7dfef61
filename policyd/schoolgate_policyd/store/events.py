"""
What happened at the enforcement points: a SQLite file for each day, deleted whole.

The key of an event is its place in its sender's sequence, and its day is the day it happened on,
so a batch that is delivered again finds the same file and the same keys, and nothing counts
twice.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import Select, exists, func, select, tuple_
from sqlalchemy.dialects.sqlite import insert

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ipc.messages import Blocked, EventBatch, Noticed
from schoolgate_policyd.store.day_files import DayFiles
from schoolgate_policyd.store.event_rows import (
    AllowedRow,
    BlockedRow,
    EventRow,
    NoticedRow,
    blocked_of,
    columns_of,
    moment_of,
    noticed_of,
    row_type_of,
)

DEFAULT_RETENTION_DAYS = 90
MAX_PAGE = 500
_PLACE = re.compile(r"(\d{1,20})~([^~]{1,80})~([^~]{1,80})~(\d{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
type _Rows = dict[type[EventRow], list[dict[str, object]]]
_LAST_MICROSECOND = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


class EventPlace(msgspec.Struct, frozen=True, order=True):
    """Where an event stands among all events, by when it happened (machine time, aware)."""

    at: datetime
    sender: str
    boot: str
    sequence: int

    def __str__(self) -> str:
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        return f"{microseconds}~{self.sender}~{self.boot}~{self.sequence}"


def parse_place(text: str) -> EventPlace | None:
    """Return the place that `str(place)` wrote into a page's address; None for other text."""
    match = _PLACE.fullmatch(text)
    if match is None or int(match[1]) > _LAST_MICROSECOND:
        return None
    at = _EPOCH + timedelta(microseconds=int(match[1]))
    return EventPlace(at, match[2], match[3], int(match[4]))


class StoredEvent(msgspec.Struct, frozen=True):
    """A block or attempt with its place."""

    place: EventPlace
    event: Blocked


class EventFilter(msgspec.Struct, frozen=True):
    """
    Which events are wanted; None asks nothing.

    *client* is an address, *host_contains* a part of a name, *rule* a rule's id, *since* a moment
    of machine time (aware).
    """

    audience: Audience | None = None
    client: str | None = None
    person: str | None = None
    host_contains: str | None = None
    rule: str | None = None
    only_attempts: bool = False
    since: datetime | None = None


class EventCounts(msgspec.Struct, frozen=True):
    """How many requests were blocked, how many of them were attempts, how many were allowed."""

    blocked: int = 0
    attempts: int = 0
    allowed: int = 0


class EventStore:
    """
    The events in *folder*, kept for *retention_days* after the day they happened on.

    Threads may share it; another process may read while one writes.
    """

    def __init__(self, folder: Path, *, retention_days: int = DEFAULT_RETENTION_DAYS) -> None:
        self._files = DayFiles(folder)
        self._retention = timedelta(days=retention_days)

    def close(self) -> None:
        """Close every file."""
        self._files.close()

    def append(self, batch: EventBatch, *, at: datetime) -> int:
        """
        Store *batch*; when this returns it is durable. Returns how many events were new.

        Events whose time was over before they came (*at* is machine time) are not stored.
        """
        oldest = self._oldest_kept(at)
        by_day: dict[date, _Rows] = {}
        for numbered in batch.events:
            event = numbered.event
            day = _day_of(moment_of(event))
            if day >= oldest:
                rows = by_day.setdefault(day, {}).setdefault(row_type_of(event), [])
                rows.append(columns_of(batch, numbered.sequence, event))
        return sum(self._append_day(day, by_day[day]) for day in sorted(by_day))

    def recent(
        self,
        wanted: EventFilter | None = None,
        *,
        limit: int = 50,
        before: EventPlace | None = None,
    ) -> tuple[StoredEvent, ...]:
        """Return at most *limit* blocks and attempts that came before *before*, newest first."""
        wanted = EventFilter() if wanted is None else wanted
        limit = max(0, min(limit, MAX_PAGE))
        found: list[StoredEvent] = []
        for day in self._days(wanted.since, None if before is None else before.at):
            if len(found) >= limit:
                break
            query = _matching(wanted, before).limit(limit - len(found))
            with self._files.reading(day) as session:
                if session is not None:
                    found.extend(_stored(row) for row in session.scalars(query))
        return tuple(found)

    def counts(self, *, since: datetime) -> EventCounts:
        """Return how much happened since *since* (machine time, aware)."""
        blocked = attempts = allowed = 0
        total = func.coalesce(func.sum(BlockedRow.count), 0)
        for day in self._days(since, None):
            with self._files.reading(day) as session:
                if session is None:
                    continue
                recent = select(total).where(BlockedRow.at >= since)
                blocked += session.scalar(recent) or 0
                attempts += session.scalar(recent.where(BlockedRow.attempt.is_not(None))) or 0
                allowed += (
                    session.scalar(
                        select(func.coalesce(func.sum(AllowedRow.count), 0)).where(
                            AllowedRow.minute >= since
                        )
                    )
                    or 0
                )
        return EventCounts(blocked, attempts, allowed)

    def noticed(self, *, since: datetime, limit: int = 50) -> tuple[Noticed, ...]:
        """
        Return what was noticed of clients since *since* (machine time, aware), newest first.

        Of each client and kind only the newest, and at most *limit*.
        """
        found: dict[tuple[str, str], Noticed] = {}
        for day in self._days(since, None):
            query = (
                select(NoticedRow)
                .where(NoticedRow.at >= since)
                .order_by(NoticedRow.at.desc(), NoticedRow.sender, NoticedRow.sequence)
                .limit(MAX_PAGE)
            )
            with self._files.reading(day) as session:
                for row in () if session is None else session.scalars(query):
                    found.setdefault((row.client, row.kind), noticed_of(row))
        return tuple(found.values())[: max(0, min(limit, MAX_PAGE))]

    def delete_expired(self, *, at: datetime) -> tuple[date, ...]:
        """Delete the files of days whose time is over at *at* (machine time); return the days."""
        oldest = self._oldest_kept(at)
        expired = tuple(day for day in self._files.days() if day < oldest)
        for day in expired:
            self._files.delete(day)
        return expired

    def _oldest_kept(self, at: datetime) -> date:
        return _day_of(at) - self._retention

    def _append_day(self, day: date, by_type: _Rows) -> int:
        added = 0
        with self._files.writing(day) as session:
            for row_type, rows in by_type.items():
                statement = insert(row_type).on_conflict_do_nothing()
                result = session.connection().execute(statement, rows)
                added += result.rowcount
        return added

    def _days(self, since: datetime | None, until: datetime | None) -> Iterator[date]:
        for day in sorted(self._files.days(), reverse=True):
            if since is not None and day < _day_of(since):
                return
            if until is None or day <= _day_of(until):
                yield day


def _matching(wanted: EventFilter, before: EventPlace | None) -> Select[BlockedRow]:
    place = (BlockedRow.at, BlockedRow.sender, BlockedRow.boot, BlockedRow.sequence)
    query = select(BlockedRow).order_by(*(column.desc() for column in place))
    if before is not None:
        query = query.where(
            tuple_(*place) < (before.at, before.sender, before.boot, before.sequence)
        )
    if wanted.since is not None:
        query = query.where(BlockedRow.at >= wanted.since)
    if wanted.audience is not None:
        query = query.where(BlockedRow.audience == wanted.audience)
    if wanted.client is not None:
        query = query.where(BlockedRow.client == wanted.client)
    if wanted.person is not None:
        query = query.where(BlockedRow.person == wanted.person)
    if wanted.host_contains is not None:
        part = wanted.host_contains.lower()[:253]
        query = query.where(BlockedRow.host.contains(part, autoescape=True))
    if wanted.rule is not None:
        each = func.json_each(BlockedRow.rules).table_valued("value")
        query = query.where(exists(select(1).select_from(each).where(each.c.value == wanted.rule)))
    if wanted.only_attempts:
        query = query.where(BlockedRow.attempt.is_not(None))
    return query


def _stored(row: BlockedRow) -> StoredEvent:
    place = EventPlace(row.at, row.sender, row.boot, row.sequence)
    return StoredEvent(place, blocked_of(row))


def _day_of(moment: datetime) -> date:
    if moment.tzinfo is None:
        raise ValueError("moment must be timezone-aware")
    return moment.astimezone(UTC).date()
