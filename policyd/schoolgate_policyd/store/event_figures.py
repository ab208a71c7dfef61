"""
A day's sums as they are read back for figures; no event is looked at.

A term has a hundred files, so each is asked in few plain statements.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date

import msgspec
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.event_sums import is_added_up

# Whether use of a name that belongs to these categories and services is wanted.
type IsWanted = Callable[[tuple[str, ...], tuple[str, ...]], bool]


class BlockedSum(msgspec.Struct, frozen=True, gc=False):
    """How much was blocked in an hour (machine time, UTC); an empty *attempt* is none."""

    hour: int
    audience: Audience
    attempt: str
    count: int


class CategorySum(msgspec.Struct, frozen=True, gc=False):
    """How much of *category* was blocked for those of *group*; see `event_sum_rows`."""

    group: str
    audience: Audience
    category: str
    count: int


class Use(msgspec.Struct, frozen=True, gc=False):
    """
    The minutes of the day (machine time, UTC) in which *client* was allowed such names.

    *minutes* has a bit for each; *person* is empty where not known.
    """

    client: str
    person: str
    services: tuple[str, ...]
    minutes: int


class DaySums(msgspec.Struct, frozen=True):
    """The sums of one day (UTC)."""

    day: date
    blocked: tuple[BlockedSum, ...]
    allowed: Mapping[int, int]
    categories: tuple[CategorySum, ...]
    use: tuple[Use, ...]


def read_sums(
    session: Session, day: date, groups: Mapping[str, str], is_wanted: IsWanted
) -> DaySums | None:
    """
    Return the sums of *day*, which *session* reads; None while they are not made.

    *groups* gives the group of each person by id; everybody else's is empty. Of use only what
    *is_wanted* is read.
    """
    connection = session.connection()
    return _sums(connection, day, groups, is_wanted) if is_added_up(connection) else None


def read_use_of(session: Session, day: date, person: str, is_wanted: IsWanted) -> DaySums | None:
    """Return the sums of *day* with the use of *person* alone; None while they are not made."""
    connection = session.connection()
    if not is_added_up(connection):
        return None
    return DaySums(day, (), {}, (), tuple(_use(connection, is_wanted, person)))


def _sums(
    connection: Connection, day: date, groups: Mapping[str, str], is_wanted: IsWanted
) -> DaySums:
    blocked = connection.exec_driver_sql(
        "SELECT hour, audience, attempt, count FROM blocked_hours"
    )
    allowed = connection.exec_driver_sql("SELECT hour, count FROM allowed_hours")
    # Temporary tables are the connection's own and lie in memory: the file stays as it is.
    connection.exec_driver_sql("PRAGMA temp_store=MEMORY")
    connection.exec_driver_sql("DROP TABLE IF EXISTS temp.grouped")
    connection.exec_driver_sql(
        "CREATE TEMP TABLE grouped (person TEXT PRIMARY KEY, label TEXT) WITHOUT ROWID"
    )
    if groups:
        connection.exec_driver_sql("INSERT INTO grouped VALUES (?, ?)", list(groups.items()))
    categories = connection.exec_driver_sql(
        "SELECT coalesce(label, ''), audience, category, sum(count) FROM blocked_people "
        "LEFT JOIN grouped USING (person) GROUP BY 1, 2, 3"
    )
    return DaySums(
        day,
        blocked=tuple(BlockedSum(h, Audience(a), attempt, n) for h, a, attempt, n in blocked),
        allowed={hour: count for hour, count in allowed},  # noqa: C416 - rows are not tuples
        categories=tuple(CategorySum(g, Audience(a), c, n) for g, a, c, n in categories),
        use=tuple(_use(connection, is_wanted)),
    )


def _use(connection: Connection, is_wanted: IsWanted, person: str | None = None) -> Iterator[Use]:
    kinds = connection.exec_driver_sql("SELECT DISTINCT categories, services FROM use_minutes")
    for categories, services in kinds.all():
        used = tuple(json.loads(services))
        if is_wanted(tuple(json.loads(categories)), used):
            rows = connection.exec_driver_sql(
                "SELECT client, person, minutes FROM use_minutes "
                "WHERE categories = ? AND services = ? AND (? IS NULL OR person = ?)",
                (categories, services, person, person),
            )
            for client, whose, minutes in rows:
                yield Use(client, whose, used, int.from_bytes(minutes, "little"))
