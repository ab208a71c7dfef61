"""
Searching the events, newest first, for as long as there is time.

A day is searched in steps of a bounded number of rows, so every step ends soon however little
fits. When the time is over the answer says how far the search came, and the next one goes on
from there. Days of which the sums say that nothing fits are passed over.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, exists, false, func, select, true, tuple_
from sqlalchemy.orm import Session

from schoolgate_policyd.store.event_filter import (
    Conditions,
    EventFilter,
    conditions_on_allowed,
    conditions_on_blocked,
)
from schoolgate_policyd.store.event_places import (
    EventPlace,
    Stored,
    StoredCount,
    StoredEvent,
)
from schoolgate_policyd.store.event_rows import AllowedRow, BlockedRow, allowed_of, blocked_of
from schoolgate_policyd.store.event_sum_rows import (
    EVERY_CATEGORY,
    AllowedClientRow,
    BlockedPersonRow,
    BlockedRuleRow,
    HostRow,
    UseRow,
)
from schoolgate_policyd.store.event_sums import is_added_up

# A step looks at no more rows than this.
STEP_ROWS = 4_000
# More names than this that fit are not asked for one by one: they come soon anyway.
MAX_HOSTS = 40


class Found(msgspec.Struct, frozen=True):
    """
    Events that fit, newest first.

    *searched_to* is where the search stopped because its time was over or the page was full; None
    when there is nothing older.
    """

    events: tuple[Stored, ...]
    searched_to: EventPlace | None


class Deadline:
    """Whether the time is over; None never is."""

    def __init__(self, budget_s: float | None, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends = None if budget_s is None else clock() + budget_s

    @property
    def is_over(self) -> bool:
        """Whether it is now."""
        return self._ends is not None and self._clock() >= self._ends


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the two tables: its order, and what fits in it."""

    table: type[BlockedRow | AllowedRow]
    place: tuple[Any, ...]
    stored: Callable[[Any], Stored]
    conditions: Callable[[EventFilter], tuple[Conditions, Conditions]]
    # How often the table has a name, and whether it may have what is wanted, by the day's sums.
    amount: Any
    may_have: Callable[[EventFilter], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class DaySearch:
    """
    What is searched for in the day of *session*: at most *limit* events, until the *deadline*.

    A step looks at *step_rows* rows.
    """

    session: Session
    wanted: EventFilter
    limit: int
    deadline: Deadline
    step_rows: int = STEP_ROWS


def search_day(day: DaySearch, before: EventPlace | None) -> Found:
    """Return events of one day that came before *before*, newest first."""
    limit = day.limit
    kinds = (_BLOCKED, _ALLOWED) if day.wanted.with_allowed else (_BLOCKED,)
    parts = [_search(day, each, before) for each in kinds]
    stops = [each.searched_to for each in parts if each.searched_to is not None]
    # What lies beyond where one of the two stopped comes with the next search.
    stop = max(stops, default=None)
    events = sorted(
        (one for each in parts for one in each.events if stop is None or one.place >= stop),
        key=lambda one: one.place,
        reverse=True,
    )
    if len(events) > limit:
        return Found(tuple(events[:limit]), events[limit - 1].place)
    return Found(tuple(events), stop)


def _search(day: DaySearch, kind: _Kind, before: EventPlace | None) -> Found:
    session, wanted = day.session, day.wanted
    found, looked = kind.conditions(wanted)
    part = wanted.host_part
    names = None
    if is_added_up(session.connection()):
        if not session.scalar(select(kind.may_have(wanted))):
            return Found((), None)
        names = None if part is None else _names_with(session, kind, part)
    if names is not None:
        found.append(kind.table.host.in_(names))
    elif part is not None:
        looked.append(func.instr(kind.table.host, part) > 0)
    time_column = kind.place[0]
    if wanted.since is not None:
        found.append(time_column >= wanted.since)
    events: list[Stored] = []
    while True:
        passed = _before(kind, before)
        end = _step_end(day, kind, (*found, passed)) if looked else None
        step = true() if end is None else tuple_(*kind.place) >= _values(end)
        rows = (
            select(kind.table)
            .where(*found, *looked, passed, step)
            .order_by(*(column.desc() for column in kind.place))
            .limit(day.limit - len(events))
        )
        events += (kind.stored(row) for row in session.scalars(rows))
        if len(events) >= day.limit:
            return Found(tuple(events), events[-1].place if events else before)
        if end is None or day.deadline.is_over:
            return Found(tuple(events), end)
        before = end


def _step_end(
    day: DaySearch, kind: _Kind, conditions: tuple[ColumnElement[bool], ...]
) -> EventPlace | None:
    """Return the place of the last row of a step, None where fewer rows than that are left."""
    row = day.session.execute(
        select(*kind.place)
        .where(*conditions)
        .order_by(*(column.desc() for column in kind.place))
        .offset(day.step_rows - 1)
        .limit(1)
    ).first()
    return None if row is None else EventPlace(*row)


def _before(kind: _Kind, before: EventPlace | None) -> ColumnElement[bool]:
    if before is None:
        return true()
    return tuple_(*kind.place) < _values(before)


def _values(place: EventPlace) -> tuple[object, ...]:
    return place.at, place.sender, place.boot, place.sequence


def _names_with(session: Session, kind: _Kind, part: str) -> tuple[str, ...] | None:
    """Return the day's names with *part* in them, None where they are many."""
    query = select(HostRow.host).where(func.instr(HostRow.host, part) > 0, kind.amount > 0)
    names = tuple(session.scalars(query.limit(MAX_HOSTS + 1)))
    return names if len(names) <= MAX_HOSTS else None


def _may_have_blocked(wanted: EventFilter) -> ColumnElement[bool]:
    category = EVERY_CATEGORY if wanted.category is None else wanted.category
    people = select(1).select_from(BlockedPersonRow).where(BlockedPersonRow.category == category)
    if wanted.person is not None:
        people = people.where(BlockedPersonRow.person == wanted.person)
    if wanted.audience is not None:
        people = people.where(BlockedPersonRow.audience == wanted.audience)
    fits: ColumnElement[bool] = exists(people)
    if wanted.rule is not None:
        rules = select(1).select_from(BlockedRuleRow)
        fits = and_(fits, exists(rules.where(BlockedRuleRow.rule == wanted.rule)))
    return fits


def _may_have_allowed(wanted: EventFilter) -> ColumnElement[bool]:
    is_of_blocks = wanted.rule is not None or wanted.only_attempts
    if is_of_blocks or (wanted.device is not None and wanted.client is None):
        return false()
    clients = select(1).select_from(AllowedClientRow)
    if wanted.client is not None:
        clients = clients.where(AllowedClientRow.client == wanted.client)
    if wanted.audience is not None:
        clients = clients.where(AllowedClientRow.audience == wanted.audience.value)
    fits: ColumnElement[bool] = exists(clients)
    if wanted.category is not None:
        word = json.dumps(wanted.category, ensure_ascii=False)
        uses = select(1).select_from(UseRow)
        fits = and_(fits, exists(uses.where(func.instr(UseRow.categories, word) > 0)))
    return fits


def _stored_block(row: BlockedRow) -> Stored:
    return StoredEvent(EventPlace(row.at, row.sender, row.boot, row.sequence), blocked_of(row))


def _stored_count(row: AllowedRow) -> Stored:
    return StoredCount(EventPlace(row.minute, row.sender, row.boot, row.sequence), allowed_of(row))


_BLOCKED = _Kind(
    BlockedRow,
    (BlockedRow.at, BlockedRow.sender, BlockedRow.boot, BlockedRow.sequence),
    _stored_block,
    conditions_on_blocked,
    HostRow.blocked,
    _may_have_blocked,
)
_ALLOWED = _Kind(
    AllowedRow,
    (AllowedRow.minute, AllowedRow.sender, AllowedRow.boot, AllowedRow.sequence),
    _stored_count,
    conditions_on_allowed,
    HostRow.allowed,
    _may_have_allowed,
)
