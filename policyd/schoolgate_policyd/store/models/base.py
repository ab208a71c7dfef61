"""What every table shares: names of constraints, moments in UTC, closed choices, sets of ids."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, Enum, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine


class UTCDateTime(TypeDecorator[datetime]):
    """A moment, stored in UTC; naive values are refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC. Raises ValueError if it is naive."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("moment must be timezone-aware")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment, aware."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


class IdSet(TypeDecorator[frozenset[str]]):
    """A small set of ids, as sorted JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[str] | None, dialect: Dialect) -> str | None:
        """Return the set as JSON."""
        del dialect
        return None if value is None else json.dumps(sorted(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str] | None:
        """Return the set."""
        del dialect
        return None if value is None else frozenset(json.loads(value))


def choice[E: StrEnum](members: type[E], name: str, *, is_closed: bool = True) -> Enum:
    """Return a column type for one of *members*; a closed one is checked by the database."""
    return Enum(
        members,
        name=name,
        native_enum=False,
        create_constraint=is_closed,
        length=40,
        values_callable=lambda each: [member.value for member in each],
    )


# An id that the audit names must never come to mean something else.
NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """The root of the decisions database's tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, TypeEngine[Any]]] = {
        datetime: UTCDateTime(),
        frozenset[str]: IdSet(),
        str: String(),
    }
