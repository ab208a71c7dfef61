"""How records are deleted when their time is over; which ones, `retention_kinds` says."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    ScalarSelect,
    String,
    Table,
    and_,
    cast,
    delete,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from schoolgate_policyd.store.models import Base, PersonRow
from schoolgate_policyd.workflow.legal_holds import Held

YEAR = 365
# One transaction deletes no more, so that nobody waits long for the write lock.
AT_ONCE = 2_000


class Sweep(NamedTuple):
    """What to delete: what was over before *before* (machine time), but for what is *held*."""

    before: datetime
    held: Held


type Delete = Callable[[Session, Sweep], int]


class Kind(NamedTuple):
    """
    A kind of record: how long it is kept, and why.

    *delete* deletes at most AT_ONCE records and returns how many; it is called again until it
    returns 0. None where the records are no rows of the decisions database (events).
    """

    name: str
    what: str
    reason: str
    days: int
    least: int
    most: int
    delete: Delete | None


class ForGood(NamedTuple):
    """A kind of record that names people and is never deleted, and why."""

    name: str
    what: str
    reason: str


def rows(
    table: type[Base],
    moment: InstrumentedAttribute[Any] | ColumnElement[Any],
    *,
    people: Iterable[InstrumentedAttribute[Any]] = (),
    devices: Iterable[InstrumentedAttribute[Any]] = (),
    named_in: Iterable[tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]]] = (),
    on: tuple[str, InstrumentedAttribute[Any]] | None = None,
    only: ColumnElement[bool] | None = None,
    and_its_rows: bool = False,
) -> Delete:
    """Return what deletes the rows of *table* whose *moment* is over; see the module."""
    names, of_devices, elsewhere = tuple(people), tuple(devices), tuple(named_in)

    def deleting(session: Session, sweep: Sweep) -> int:
        conditions = [moment < sweep.before, *spared(sweep.held, people=names, on=on)]
        for column in of_devices:
            conditions += spared(sweep.held, people=(), on=("device", column))
        for key, person in elsewhere:
            naming = select(key).where(person.in_(sorted(sweep.held.people)))
            conditions.append(next(iter(table.__table__.primary_key)).not_in(naming))
        if only is not None:
            conditions.append(only)
        target = Base.metadata.tables[table.__tablename__]
        if and_its_rows:
            conditions += _names_nobody_held(target, sweep.held)
        found = select(*target.primary_key).where(and_(*conditions)).limit(AT_ONCE)
        keys = [tuple(row) for row in session.execute(found)]
        if not keys:
            return 0
        if and_its_rows:
            _delete_what_refers_to(session, target, keys)
        session.execute(delete(target).where(_is_one_of(target, keys)))
        return len(keys)

    return deleting


def left_at(person: InstrumentedAttribute[Any]) -> ScalarSelect[Any]:
    """Return when whoever the column *person* names left; null while they are here."""
    left = select(PersonRow.leaves_at).where(PersonRow.id == person, PersonRow.has_left)
    return left.scalar_subquery()


def spared(
    held: Held,
    *,
    people: Iterable[InstrumentedAttribute[Any]],
    on: tuple[str, InstrumentedAttribute[Any]] | None = None,
) -> list[ColumnElement[bool]]:
    """Return the conditions that leave out what is under a legal hold."""
    conditions: list[ColumnElement[bool]] = []
    if held.people:
        conditions += [
            or_(column.is_(None), column.not_in(sorted(held.people))) for column in people
        ]
    if on is not None:
        kind, column = on
        ids = held.ids_of(kind)
        if ids:
            is_other = cast(column, String).not_in(sorted(ids))
            conditions.append(or_(column.is_(None), is_other))
    return conditions


def _names_nobody_held(table: Table, held: Held) -> list[ColumnElement[bool]]:
    """Return the conditions that no row which refers to one of *table* names a held person."""
    if not held.people:
        return []
    conditions: list[ColumnElement[bool]] = []
    for other, key in _refers_to(table):
        for column in other.columns:
            if any(each.target_fullname == "people.id" for each in column.foreign_keys):
                naming = select(key).where(column.in_(sorted(held.people)))
                conditions.append(next(iter(table.primary_key)).not_in(naming))
    return conditions


def _refers_to(table: Table) -> Iterable[tuple[Table, Column[Any]]]:
    """Yield each other table that refers to *table*, and the column by which it does."""
    for other in Base.metadata.tables.values():
        for constraint in other.foreign_key_constraints:
            if constraint.referred_table is table and other is not table:
                if len(constraint.elements) != 1:
                    raise AssertionError("foreign keys here are of one column")
                yield other, constraint.elements[0].parent


def _is_one_of(table: Table, keys: list[tuple[Any, ...]]) -> ColumnElement[bool]:
    columns = tuple(table.primary_key)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)


def _delete_what_refers_to(session: Session, table: Table, keys: list[tuple[Any, ...]]) -> None:
    """Delete the rows that hang on those with *keys*, what hangs on them first."""
    for other, key in _refers_to(table):
        found = select(*other.primary_key).where(key.in_([each[0] for each in keys]))
        hanging = [tuple(row) for row in session.execute(found)]
        if hanging:
            _delete_what_refers_to(session, other, hanging)
            session.execute(delete(other).where(_is_one_of(other, hanging)))
