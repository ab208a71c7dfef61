"""The tables of one day's events, and events between their rows and the messages."""

import json
from datetime import datetime
from typing import Any, ClassVar, assert_never

from sqlalchemy import Dialect, Index, MetaData, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import (
    AllowedCount,
    Blocked,
    Event,
    EventBatch,
    Noticed,
    PointKind,
)
from schoolgate_policyd.store.models.base import Base, UTCDateTime, choice

# Stored in each file; a file of another version is not read as if it were this one.
SCHEMA_VERSION = 3
# What is read alone needs nothing that later versions added: evidence, what was noticed, whose
# the allowed names were, the sums.
READABLE_VERSIONS = frozenset({1, 2, SCHEMA_VERSION})


class Texts(TypeDecorator[tuple[str, ...]]):
    """Texts in order, as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        """Return the texts as JSON."""
        del dialect
        return None if value is None else json.dumps(list(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        """Return the texts."""
        del dialect
        return None if value is None else tuple(json.loads(value))


class EventsBase(DeclarativeBase):
    """The root of a day's tables."""

    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    type_annotation_map: ClassVar[dict[Any, TypeEngine[Any]]] = {
        datetime: UTCDateTime(),
        tuple[str, ...]: Texts(),
    }


class BlockedRow(EventsBase):
    """A block or attempt; the key makes redelivery harmless."""

    __tablename__ = "blocked"
    __table_args__ = (
        Index("ix_blocked_at", "at"),
        Index("ix_blocked_person_at", "person", "at"),
        Index("ix_blocked_client_at", "client", "at"),
        Index("ix_blocked_host_at", "host", "at"),
        Index("ix_blocked_attempt_at", "at", sqlite_where=text("attempt IS NOT NULL")),
        # Rows lie in the order of the key, and the index on `at` holds the key as well.
        {"sqlite_with_rowid": False},
    )

    sender: Mapped[str] = mapped_column(String(80), primary_key=True)
    boot: Mapped[str] = mapped_column(String(80), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    school_at: Mapped[datetime]
    last_at: Mapped[datetime]
    point: Mapped[PointKind] = mapped_column(choice(PointKind, "point", is_closed=False))
    client: Mapped[str] = mapped_column(String(45))
    audience: Mapped[Audience] = mapped_column(choice(Audience, "audience", is_closed=False))
    device: Mapped[DeviceKind] = mapped_column(choice(DeviceKind, "device", is_closed=False))
    network: Mapped[str] = mapped_column(String(80))
    host: Mapped[str] = mapped_column(String(253))
    rules: Mapped[tuple[str, ...]]
    citations: Mapped[tuple[str, ...]]
    person: Mapped[str | None] = mapped_column(String(40))
    device_id: Mapped[str | None] = mapped_column(String(40))
    page: Mapped[str | None] = mapped_column(Text)
    services: Mapped[tuple[str, ...]]
    categories: Mapped[tuple[str, ...]]
    attempt: Mapped[str | None] = mapped_column(String(80))
    count: Mapped[int]
    evidence: Mapped[str | None] = mapped_column(Text)


class AllowedRow(EventsBase):
    """How often a client was allowed a name in one minute."""

    __tablename__ = "allowed"
    __table_args__ = (
        Index("ix_allowed_minute", "minute"),
        Index(
            "ix_allowed_person_minute",
            "person",
            "minute",
            sqlite_where=text("person IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},
    )

    sender: Mapped[str] = mapped_column(String(80), primary_key=True)
    boot: Mapped[str] = mapped_column(String(80), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    minute: Mapped[datetime]
    point: Mapped[PointKind] = mapped_column(choice(PointKind, "point", is_closed=False))
    client: Mapped[str] = mapped_column(String(45))
    host: Mapped[str] = mapped_column(String(253))
    count: Mapped[int]
    audience: Mapped[Audience | None] = mapped_column(
        choice(Audience, "audience", is_closed=False)
    )
    person: Mapped[str | None] = mapped_column(String(40))
    services: Mapped[tuple[str, ...]] = mapped_column(server_default="[]")
    categories: Mapped[tuple[str, ...]] = mapped_column(server_default="[]")


class NoticedRow(EventsBase):
    """Something about a client that nobody blocked."""

    __tablename__ = "noticed"
    __table_args__ = (Index("ix_noticed_at", "at"), {"sqlite_with_rowid": False})

    sender: Mapped[str] = mapped_column(String(80), primary_key=True)
    boot: Mapped[str] = mapped_column(String(80), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    point: Mapped[PointKind] = mapped_column(choice(PointKind, "point", is_closed=False))
    client: Mapped[str] = mapped_column(String(45))
    network: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(80))
    evidence: Mapped[str] = mapped_column(Text)


type EventRow = BlockedRow | AllowedRow | NoticedRow


def row_type_of(event: Event) -> type[EventRow]:
    """Return the table of *event*."""
    match event:
        case Blocked():
            return BlockedRow
        case AllowedCount():
            return AllowedRow
        case Noticed():
            return NoticedRow
        case _:
            assert_never(event)


def moment_of(event: Event) -> datetime:
    """Return when *event* happened, by machine time."""
    return event.minute if isinstance(event, AllowedCount) else event.at


def columns_of(batch: EventBatch, sequence: int, event: Event) -> dict[str, object]:
    """Return the columns of one event of *batch*."""
    key = {"sender": batch.sender, "boot": batch.boot, "sequence": sequence}
    return key | {name: getattr(event, name) for name in event.__struct_fields__}


def blocked_of(row: BlockedRow) -> Blocked:
    """Return the event that *row* keeps."""
    return Blocked(**{name: getattr(row, name) for name in Blocked.__struct_fields__})


def allowed_of(row: AllowedRow) -> AllowedCount:
    """Return the count that *row* keeps."""
    return AllowedCount(**{name: getattr(row, name) for name in AllowedCount.__struct_fields__})


def noticed_of(row: NoticedRow) -> Noticed:
    """Return the event that *row* keeps."""
    return Noticed(**{name: getattr(row, name) for name in Noticed.__struct_fields__})
