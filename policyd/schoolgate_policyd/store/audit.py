"""
The audit: an entry for every change, written in the transaction of the change itself.

So there is no change without its entry and no entry without its change. A look at what the filter
does for one named person changes nothing and has an entry all the same. Each entry is a leaf of
the ledger, which triggers refuse to alter or delete, and a personal part beside it, which is
deleted when its time is over (`retention`).
"""

import json
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime

import msgspec
from sqlalchemy import Select, func, insert, or_, select, update
from sqlalchemy.orm import Session

from schoolgate_policyd.ledger.entries import SALT_SIZE, Leaf, Personal
from schoolgate_policyd.ledger.tree import leaf_hash
from schoolgate_policyd.store.about import is_not_about
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import AuditPersonalRow, AuditRow, StoreVersionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import AuditEntry

MAX_PAGE = 500
# What an entry may say at most; a line of the exported log has room for it however it is escaped.
MAX_DETAILS = 128 * 1024
# By way of what somebody acts who is not at a page, as each entry of theirs then says: a program
# with a token of theirs. It is of the request that is answered, as its thread or task is.
BY_WAY_OF: ContextVar[str] = ContextVar("by_way_of", default="")


class AuditFilter(msgspec.Struct, frozen=True):
    """
    Which entries are wanted; None asks nothing.

    *actor* did it; *person* did it or is what it is about. *since* and *until* are machine time
    (aware). What is about *seen_by* and not for their own eyes is left out.
    """

    action: AuditAction | None = None
    actor: str | None = None
    person: str | None = None
    object_kind: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    seen_by: str | None = None


class Audit:
    """What was done, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recent(
        self,
        *,
        limit: int = 100,
        before: int | None = None,
        object_kind: str | None = None,
        object_id: str | None = None,
    ) -> tuple[AuditEntry, ...]:
        """Return at most *limit* entries with ids below *before*, newest first."""
        wanted = AuditFilter(object_kind=object_kind, object_id=object_id)
        return self.search(wanted, limit=limit, before=before)

    def search(
        self, wanted: AuditFilter, *, limit: int = 100, before: int | None = None
    ) -> tuple[AuditEntry, ...]:
        """Return at most *limit* of the entries that are *wanted*, as `recent` does."""
        query = _matching(wanted).order_by(AuditRow.id.desc()).limit(max(0, min(limit, MAX_PAGE)))
        if before is not None:
            query = query.where(AuditRow.id < before)
        with self._database.reading() as session:
            return tuple(_entry(row, part) for row, part in session.execute(query))

    def looked_at(self, person: str, *, at: datetime, by: str | None, by_way_of: str) -> None:
        """
        Record that *by* (None: whoever administrates the machine) looked at one person's filter.

        The address they asked about is not kept: it could be a help line's.
        """
        details = {"by way of": by_way_of}
        with self._database.writing() as session:
            note(
                session,
                AuditAction.PERSON_LOOKED_AT,
                at=at,
                actor=by,
                on=("person", person),
                details=details,
            )


def note(
    session: Session,
    action: AuditAction,
    *,
    at: datetime,
    actor: str | None,
    on: tuple[str, object],
    details: Mapping[str, object] | None = None,
) -> None:
    """
    Write an entry in the transaction of *session*.

    *on* is the kind and id of what was changed. *details* never hold a secret.
    """
    said = dict(details or {})
    if means := BY_WAY_OF.get():
        said["by way of"] = means
    personal = Personal(
        salt=secrets.token_bytes(SALT_SIZE),
        actor=actor,
        object_id=str(on[1]),
        details=json.dumps(said, sort_keys=True, ensure_ascii=False),
    )
    if len(personal.details.encode()) > MAX_DETAILS:
        raise ValueError(f"the details of an entry have at most {MAX_DETAILS} octets")
    # What else is in the session is written when its owner says so, not now.
    with session.no_autoflush:
        newest = session.scalar(select(func.max(AuditRow.id))) or 0
        leaf = Leaf(newest + 1, at, action.value, on[0], personal.commitment())
        session.execute(
            insert(AuditRow).values(
                id=leaf.number,
                at=at,
                action=action,
                object_kind=leaf.object_kind,
                commitment=leaf.commitment,
                leaf_hash=leaf_hash(leaf.octets()),
            )
        )
        session.execute(
            insert(AuditPersonalRow).values(
                id=leaf.number,
                salt=personal.salt,
                actor_id=personal.actor,
                object_id=personal.object_id,
                details=personal.details,
            )
        )


def has_noted(
    session: Session,
    action: AuditAction,
    *,
    on: tuple[str, object],
    actor: str,
    since: datetime,
) -> bool:
    """Whether *actor* did *action* on the object after *since* (machine time)."""
    wanted = AuditFilter(
        action=action, actor=actor, object_kind=on[0], object_id=str(on[1]), since=since
    )
    return session.execute(_matching(wanted).limit(1)).first() is not None


def bump_version(session: Session) -> int:
    """Count a change that policyd must see, in its transaction, and return the new version."""
    version: int | None = session.scalar(
        update(StoreVersionRow)
        .where(StoreVersionRow.id == 1)
        .values(version=StoreVersionRow.version + 1)
        .returning(StoreVersionRow.version)
    )
    if version is None:
        raise AssertionError("the migrations put one row into store_version")
    return version


def _matching(wanted: AuditFilter) -> Select[AuditRow, AuditPersonalRow | None]:
    query = select(AuditRow, AuditPersonalRow).outerjoin(
        AuditPersonalRow, AuditPersonalRow.id == AuditRow.id
    )
    if wanted.action is not None:
        query = query.where(AuditRow.action == wanted.action)
    if wanted.actor is not None:
        query = query.where(AuditPersonalRow.actor_id == wanted.actor)
    if wanted.person is not None:
        query = query.where(
            or_(
                AuditPersonalRow.actor_id == wanted.person,
                (AuditRow.object_kind == "person") & (AuditPersonalRow.object_id == wanted.person),
            )
        )
    if wanted.object_kind is not None:
        query = query.where(AuditRow.object_kind == wanted.object_kind)
    if wanted.object_id is not None:
        query = query.where(AuditPersonalRow.object_id == wanted.object_id)
    if wanted.since is not None:
        query = query.where(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditRow.at < wanted.until)
    if wanted.seen_by is not None:
        query = query.where(is_not_about(wanted.seen_by))
    return query


def _entry(row: AuditRow, part: AuditPersonalRow | None) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor=None if part is None else part.actor_id,
        action=row.action,
        object_kind=row.object_kind,
        object_id="" if part is None else part.object_id,
        details={} if part is None else json.loads(part.details),
        is_whole=part is not None,
    )
