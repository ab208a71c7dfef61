"""
The audit: an entry for every change, written in the transaction of the change itself.

So there is no change without its entry and no entry without its change. A look at what the filter
does for one named person changes nothing and has an entry all the same. Triggers in the database
refuse to alter or delete one.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import AuditRow, StoreVersionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import AuditEntry

MAX_PAGE = 500


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
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(min(limit, MAX_PAGE))
        if before is not None:
            query = query.where(AuditRow.id < before)
        if object_kind is not None:
            query = query.where(AuditRow.object_kind == object_kind)
        if object_id is not None:
            query = query.where(AuditRow.object_id == object_id)
        with self._database.reading() as session:
            return tuple(_entry(row) for row in session.scalars(query))

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
    session.add(
        AuditRow(
            at=at,
            actor_id=actor,
            action=action,
            object_kind=on[0],
            object_id=str(on[1]),
            details=json.dumps(dict(details or {}), sort_keys=True, ensure_ascii=False),
        )
    )


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


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor=row.actor_id,
        action=row.action,
        object_kind=row.object_kind,
        object_id=row.object_id,
        details=json.loads(row.details),
    )
