"""
Adding up a day: its sums are written in the same transaction as its events.

Figures over a term read the sums and no event. They follow from the events alone: `add_up` makes
them anew, and what is added as events come is the same, whatever was delivered twice.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from sqlalchemy import Connection, delete, select, tuple_
from sqlalchemy.dialects.sqlite import insert

from schoolgate_policyd.store.event_rows import AllowedRow, BlockedRow, EventRow, EventsBase
from schoolgate_policyd.store.event_sum_rows import (
    EVERY_CATEGORY,
    MINUTES_A_DAY,
    NO_CATEGORY,
    AllowedClientRow,
    AllowedHourRow,
    BlockedHourRow,
    BlockedPersonRow,
    BlockedRuleRow,
    HostRow,
    StateRow,
    UseRow,
)

_MAP_OCTETS = MINUTES_A_DAY // 8
_ROWS_AT_ONCE = 2_000
_KEYS_AT_ONCE = 100
# Each table with its key and what is added up.
_ADDED: tuple[tuple[type[EventsBase], tuple[str, ...], tuple[str, ...]], ...] = (
    (BlockedHourRow, ("hour", "audience", "attempt"), ("count",)),
    (BlockedPersonRow, ("person", "audience", "category"), ("count",)),
    (BlockedRuleRow, ("rule",), ("count",)),
    (AllowedHourRow, ("hour",), ("count",)),
    (AllowedClientRow, ("client", "audience"), ("count",)),
    (HostRow, ("host",), ("blocked", "allowed")),
)
_USE_KEY = ("categories", "services", "client", "person")
# What the sums need of an event, as its columns are called.
_COLUMNS: Mapping[type[EventRow], tuple[str, ...]] = {
    BlockedRow: ("at", "audience", "attempt", "person", "categories", "rules", "host", "count"),
    AllowedRow: (
        "minute",
        "client",
        "audience",
        "person",
        "services",
        "categories",
        "host",
        "count",
    ),
}
type _Key = tuple[object, ...]


class Sums:
    """What some events add to a day's sums."""

    def __init__(self) -> None:
        self._amounts: dict[type[EventsBase], defaultdict[_Key, list[int]]] = {
            table: defaultdict(_nothing) for table, _, _ in _ADDED
        }
        # Which minutes, as bits, by the key of their table.
        self._use: defaultdict[_Key, int] = defaultdict(int)

    def add(self, row_type: type[EventRow], columns: Mapping[str, Any]) -> None:
        """Add an event, given by its columns; what was only noticed adds nothing."""
        if row_type is BlockedRow:
            self._add_blocked(columns)
        elif row_type is AllowedRow:
            self._add_allowed(columns)

    def write(self, connection: Connection) -> None:
        """Add everything to what is in the file, in the transaction of *connection*."""
        for table, keys, amounts in _ADDED:
            rows = [
                dict(zip((*keys, *amounts), (*key, *added[: len(amounts)]), strict=True))
                for key, added in self._amounts[table].items()
            ]
            if rows:
                statement = insert(table)
                more = {name: getattr(table, name) + statement.excluded[name] for name in amounts}
                connection.execute(
                    statement.on_conflict_do_update(index_elements=keys, set_=more), rows
                )
        for keys_at_once in batched(self._use, _KEYS_AT_ONCE):
            self._write_use(connection, keys_at_once)

    def _add_blocked(self, columns: Mapping[str, Any]) -> None:
        count, audience = columns["count"], columns["audience"]
        hour = _utc(columns["at"]).hour
        self._one(BlockedHourRow, (hour, audience, columns["attempt"] or ""), count)
        for category in {EVERY_CATEGORY, *(columns["categories"] or (NO_CATEGORY,))}:
            self._one(BlockedPersonRow, (columns["person"] or "", audience, category), count)
        for rule in set(columns["rules"]):
            self._one(BlockedRuleRow, (rule,), count)
        self._one(HostRow, (columns["host"],), count)

    def _add_allowed(self, columns: Mapping[str, Any]) -> None:
        count, minute = columns["count"], _utc(columns["minute"])
        self._one(AllowedHourRow, (minute.hour,), count)
        self._one(AllowedClientRow, (columns["client"], columns["audience"] or ""), count)
        self._one(HostRow, (columns["host"],), count, place=1)
        categories, services = columns["categories"], columns["services"]
        if categories or services:
            words = tuple(
                json.dumps(sorted(each), ensure_ascii=False) for each in (categories, services)
            )
            key = (*words, columns["client"], columns["person"] or "")
            self._use[key] |= 1 << (minute.hour * 60 + minute.minute)

    def _one(self, table: type[EventsBase], key: _Key, count: int, *, place: int = 0) -> None:
        self._amounts[table][key][place] += count

    def _write_use(self, connection: Connection, keys: tuple[_Key, ...]) -> None:
        key_columns = [getattr(UseRow, name) for name in _USE_KEY]
        known = select(*key_columns, UseRow.minutes).where(tuple_(*key_columns).in_(keys))
        before = {
            tuple(key): int.from_bytes(minutes, "little")
            for *key, minutes in connection.execute(known)
        }
        rows = [
            dict(zip(_USE_KEY, key, strict=True))
            | {"minutes": (self._use[key] | before.get(key, 0)).to_bytes(_MAP_OCTETS, "little")}
            for key in keys
        ]
        statement = insert(UseRow)
        more = {"minutes": statement.excluded.minutes}
        connection.execute(
            statement.on_conflict_do_update(index_elements=_USE_KEY, set_=more), rows
        )


def is_added_up(connection: Connection) -> bool:
    """Whether the sums of the file are those of all its events."""
    return connection.scalar(select(StateRow.id)) is not None


def add_up(connection: Connection) -> None:
    """
    Make the sums of the file anew from its events, and the indexes that an older file lacks.

    In the transaction of *connection*.
    """
    for each in EventsBase.metadata.sorted_tables:
        for index in each.indexes:
            index.create(connection, checkfirst=True)
    tables: list[type[EventsBase]] = [table for table, _, _ in _ADDED]
    tables += [UseRow, StateRow]
    for table in tables:
        connection.execute(delete(table))
    sums = Sums()
    for row_type, names in _COLUMNS.items():
        wanted = select(*(getattr(row_type, name) for name in names))
        rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(wanted)
        for row in rows.mappings():
            sums.add(row_type, dict(row))
    sums.write(connection)
    connection.execute(insert(StateRow).values(id=1))


def _nothing() -> list[int]:
    return [0, 0]


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
