"""
What happened at the enforcement points: a SQLite file for each day, deleted whole.

The key of an event is its place in its sender's sequence, and its day is the day it happened on,
so a batch that is delivered again finds the same file and the same keys, and nothing counts
twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.ipc.messages import EventBatch, Noticed
from schoolgate_policyd.store.day_files import DayFiles
from schoolgate_policyd.store.event_figures import DaySums, IsWanted, read_sums, read_use_of
from schoolgate_policyd.store.event_filter import EventFilter
from schoolgate_policyd.store.event_places import (
    EventPlace,
    Stored,
    StoredCount,
    StoredEvent,
    parse_place,
    place_before,
)
from schoolgate_policyd.store.event_rows import (
    AllowedRow,
    BlockedRow,
    NoticedRow,
    columns_of,
    moment_of,
    noticed_of,
    row_type_of,
)
from schoolgate_policyd.store.event_search import STEP_ROWS, DaySearch, Deadline, Found, search_day
from schoolgate_policyd.store.event_sums import is_added_up
from schoolgate_policyd.store.event_writing import Rows, append_rows, require_sums

__all__ = [
    "DEFAULT_RETENTION_DAYS",
    "MAX_PAGE",
    "EventCounts",
    "EventFilter",
    "EventPlace",
    "EventStore",
    "Found",
    "Stored",
    "StoredCount",
    "StoredEvent",
    "parse_place",
]

DEFAULT_RETENTION_DAYS = 90
MAX_PAGE = 500


class EventCounts(msgspec.Struct, frozen=True):
    """How many requests were blocked, how many of them were attempts, how many were allowed."""

    blocked: int = 0
    attempts: int = 0
    allowed: int = 0


class EventStore:
    """
    The events in *folder*, kept for *retention_days* after the day they happened on.

    A step of a search looks at *step_rows* rows.
    Threads may share it; another process may read while one writes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        retention_days: int = DEFAULT_RETENTION_DAYS,
        step_rows: int = STEP_ROWS,
    ) -> None:
        self._step_rows = step_rows
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
        by_day: dict[date, Rows] = {}
        for numbered in batch.events:
            event = numbered.event
            day = _day_of(moment_of(event))
            if day >= oldest:
                rows = by_day.setdefault(day, {}).setdefault(row_type_of(event), {})
                rows.setdefault(numbered.sequence, columns_of(batch, numbered.sequence, event))
        added = 0
        for day in sorted(by_day):
            with self._files.writing(day) as session:
                added += append_rows(session, batch, by_day[day])
        return added

    def recent(
        self,
        wanted: EventFilter | None = None,
        *,
        limit: int = 50,
        before: EventPlace | None = None,
    ) -> tuple[StoredEvent, ...]:
        """Return at most *limit* blocks and attempts that came before *before*, newest first."""
        wanted = EventFilter() if wanted is None else wanted
        wanted = msgspec.structs.replace(wanted, with_allowed=False)
        found = self.search(wanted, limit=limit, before=before, budget_s=None)
        return tuple(each for each in found.events if isinstance(each, StoredEvent))

    def search(
        self,
        wanted: EventFilter,
        *,
        limit: int = 50,
        before: EventPlace | None = None,
        budget_s: float | None,
        clock: Callable[[], float] = monotonic,
    ) -> Found:
        """
        Return at most *limit* events that came before *before*, newest first.

        The search ends soon after *budget_s* seconds, None is no end, and tells how far it came.
        """
        limit = max(0, min(limit, MAX_PAGE))
        if wanted.until is not None:
            end = place_before(wanted.until)
            before = end if before is None else min(before, end)
        deadline = Deadline(budget_s, clock)
        events: list[Stored] = []
        days = tuple(self._days(wanted.since, before))
        for day in days:
            with self._files.reading(day) as session:
                if session is None:
                    continue
                rest = DaySearch(session, wanted, limit - len(events), deadline, self._step_rows)
                found = search_day(rest, before)
            events += found.events
            if found.searched_to is not None:
                return Found(tuple(events), found.searched_to)
            if deadline.is_over and day != days[-1]:
                return Found(tuple(events), _start_of(day))
        return Found(tuple(events), None)

    def counts(self, *, since: datetime) -> EventCounts:
        """Return how much happened since *since* (machine time, aware)."""
        blocked = attempts = allowed = 0
        total = func.coalesce(func.sum(BlockedRow.count), 0)
        for day in self._days(since):
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

    def days(self) -> tuple[date, ...]:
        """Return the days (UTC) that there are events of, oldest first."""
        return tuple(sorted(self._files.days()))

    def sums(
        self, days: Iterable[date], groups: Mapping[str, str], is_wanted: IsWanted
    ) -> tuple[tuple[DaySums, ...], tuple[date, ...]]:
        """
        Return the sums of those of *days* (UTC) that there are, and the days not added up yet.

        *groups* gives the group of each person by id; of use only what *is_wanted* is read.
        """
        return self._read(days, lambda session, day: read_sums(session, day, groups, is_wanted))

    def use_of(
        self, person: str, is_wanted: IsWanted
    ) -> tuple[tuple[DaySums, ...], tuple[date, ...]]:
        """Return the use that is wanted of *person* on every day, and the days not added up."""
        return self._read(
            self.days(), lambda session, day: read_use_of(session, day, person, is_wanted)
        )

    def _read(
        self, days: Iterable[date], read: Callable[[Session, date], DaySums | None]
    ) -> tuple[tuple[DaySums, ...], tuple[date, ...]]:
        there = set(self._files.days())
        found: list[DaySums] = []
        missing: list[date] = []
        for day in (each for each in days if each in there):
            with self._files.reading(day) as session:
                if session is None:
                    continue
                sums = read(session, day)
            if sums is None:
                missing.append(day)
            else:
                found.append(sums)
        return tuple(found), tuple(missing)

    def noticed(self, *, since: datetime, limit: int = 50) -> tuple[Noticed, ...]:
        """
        Return what was noticed of clients since *since* (machine time, aware), newest first.

        Of each client and kind only the newest, and at most *limit*.
        """
        found: dict[tuple[str, str], Noticed] = {}
        for day in self._days(since):
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

    def add_up_one(self) -> date | None:
        """
        Add up the newest day that an older version of Schoolgate wrote; None when there is none.

        Until then its events are found, slowly, and it is missing in figures.
        """
        for day in sorted(self._files.days(), reverse=True):
            with self._files.reading(day) as session:
                if session is None or is_added_up(session.connection()):
                    continue
            with self._files.writing(day) as session:
                require_sums(session)
            return day
        return None

    def delete_expired(self, *, at: datetime) -> tuple[date, ...]:
        """Delete the files of days whose time is over at *at* (machine time); return the days."""
        expired = self.expired(at=at)
        for day in expired:
            self._files.delete(day)
        return expired

    def expired(self, *, at: datetime) -> tuple[date, ...]:
        """Return the days whose time is over at *at* (machine time)."""
        oldest = self._oldest_kept(at)
        return tuple(day for day in self._files.days() if day < oldest)

    def _oldest_kept(self, at: datetime) -> date:
        return _day_of(at) - self._retention

    def _days(self, since: datetime | None, before: EventPlace | None = None) -> Iterator[date]:
        for day in sorted(self._files.days(), reverse=True):
            if since is not None and day < _day_of(since):
                return
            if before is None or _start_of(day) < before:
                yield day


def _start_of(day: date) -> EventPlace:
    return place_before(datetime.combine(day, time(), UTC))


def _day_of(moment: datetime) -> date:
    if moment.tzinfo is None:
        raise ValueError("moment must be timezone-aware")
    return moment.astimezone(UTC).date()
