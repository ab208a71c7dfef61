"""
Deleting what has been kept for long enough, every day, so that nothing of it stays in the file.

SQLite overwrites what is deleted (`secure_delete`), but copies of rows stay in pages that were
rearranged, and in the write-ahead log. So after a deletion the file is written anew (VACUUM) and
the log is emptied; until that has worked it is tried again.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.record_settings import RetentionSettings
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.erasing import erase
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.forgettable import Naming, naming_in, require_forgettable_in
from schoolgate_policyd.store.forgetting import forget_in
from schoolgate_policyd.store.legal_holds import held_in
from schoolgate_policyd.store.models import PersonRow, RetentionRunRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.store.retention_rows import Kind, Sweep
from schoolgate_policyd.workflow.register_acts import RegisterAct, require

log = structlog.get_logger(__name__)


class RetentionError(SchoolgateError):
    """A setting names a kind that is not there, or a time that is too short or too long."""


class RetentionRun(msgspec.Struct, frozen=True):
    """What was deleted at *at* (machine time, aware), and when the last trace of it was erased."""

    id: int
    at: datetime
    counts: Mapping[str, int]
    erased_at: datetime | None


def days_of(kinds: Sequence[Kind], settings: Sequence[RetentionSettings]) -> Mapping[str, int]:
    """Return for how many days each of *kinds* is kept. Raises RetentionError."""
    days = {each.name: each.days for each in kinds}
    bounds = {each.name: (each.least, each.most) for each in kinds}
    for place, each in enumerate(settings):
        if each.kind not in days:
            known = ", ".join(sorted(days))
            raise RetentionError(
                f"configuration: retention.{place}.kind: there is no kind `{each.kind}`: "
                f"write one of {known}, or take the entry out"
            )
        least, most = bounds[each.kind]
        if not least <= each.days <= most:
            raise RetentionError(
                f"configuration: retention.{place}.days: `{each.kind}` cannot be kept for "
                f"{each.days} days: write {least} to {most}, or take the entry out for the usual "
                f"{days[each.kind]}"
            )
        days[each.kind] = each.days
    return days


def whole_days(at: datetime) -> datetime:
    """Return the midnight (UTC) before *at* (machine time), from which days are counted back."""
    return datetime.combine(at.astimezone(UTC).date(), time(), UTC)


class Retention:
    """Deletes in one database of decisions what is due."""

    def __init__(self, database: Database, kinds: Sequence[Kind] = KINDS) -> None:
        self._database = database
        self._kinds = tuple(kinds)

    def delete_due(self, days: Mapping[str, int], *, at: datetime) -> Mapping[str, int]:
        """
        Delete what was over *days* ago at *at* (machine time); return how much of each kind.

        It is counted in whole days, so that of all the times it is asked in a day only the first
        finds something. A kind that fails leaves the others alone and is tried again next time.
        Raises StoreError.
        """
        counts: dict[str, int] = {}
        for kind in self._kinds:
            if kind.delete is None:
                continue
            before = whole_days(at) - timedelta(days=days[kind.name])
            try:
                deleted = self._delete_kind(kind, before, at)
            except StoreError:
                log.exception("what is over is not deleted", kind=kind.name)
                continue
            if deleted:
                counts[kind.name] = deleted
        self.erase_due(at=at)
        return counts

    def erase_due(self, *, at: datetime) -> bool:
        """Erase what deleted rows left in the file, if anything did; whether it is clean now."""
        with self._database.reading() as session:
            owed = session.scalar(
                select(RetentionRunRow.id).where(RetentionRunRow.erased_at.is_(None)).limit(1)
            )
        if owed is None:
            return True
        if not erase(self._database):
            log.warning("what was deleted is not erased yet, somebody is reading")
            return False
        with self._database.writing() as session:
            runs = select(RetentionRunRow).where(RetentionRunRow.erased_at.is_(None))
            for run in session.scalars(runs):
                run.erased_at = at
        return True

    def forget(self, person: str, *, by: str, at: datetime) -> None:
        """
        Forget somebody who left at once, and not when their time is over.

        Raises UnknownObject, NotAllowed, WrongState for somebody who has not left, was forgotten,
        is under a legal hold or in a matter that is open.
        """
        with self._database.writing() as session:
            require(member_in(session, by), RegisterAct.FORGET)
            require_forgettable_in(session, person)
            forget_in(session.get_one(PersonRow, person))
            owe_erasure(session, {"people-who-left": 1}, at=at)
            on, details = ("person", person), {"count": 1, "why": "somebody asked for it"}
            note(session, AuditAction.RECORDS_DELETED, at=at, actor=by, on=on, details=details)
            bump_version(session)
        self.erase_due(at=at)

    def naming(self, person: str) -> tuple[Naming, ...]:
        """
        Return what will still name *person*'s pseudonym once they are forgotten.

        Raises UnknownObject, WrongState where they cannot be forgotten.
        """
        with self._database.reading() as session:
            require_forgettable_in(session, person)
            return naming_in(session, person)

    def runs(self, *, limit: int = 30, before: int | None = None) -> tuple[RetentionRun, ...]:
        """Return what was deleted in runs with ids below *before*, newest first."""
        query = select(RetentionRunRow).order_by(RetentionRunRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(RetentionRunRow.id < before)
        with self._database.reading() as session:
            return tuple(
                RetentionRun(row.id, row.at, json.loads(row.counts), row.erased_at)
                for row in session.scalars(query)
            )

    def note_deleted(self, counts: Mapping[str, int], *, at: datetime) -> None:
        """Keep that something was deleted that is no row here (days of events)."""
        with self._database.writing() as session:
            for kind, count in counts.items():
                _note(session, kind, count, at=at)
            if counts:
                # A file that is deleted whole leaves nothing behind in this one.
                encoded = json.dumps(dict(counts), sort_keys=True)
                session.add(RetentionRunRow(at=at, counts=encoded, erased_at=at))

    def _delete_kind(self, kind: Kind, before: datetime, at: datetime) -> int:
        deleted = 0
        while True:
            with self._database.writing() as session:
                held = held_in(session)
                if kind.delete is None or kind.name in held.kinds:
                    return deleted
                count = kind.delete(session, Sweep(before, held))
                if not count:
                    return deleted
                owe_erasure(session, {kind.name: count}, at=at)
                _note(session, kind.name, count, at=at)
            deleted += count


def owe_erasure(session: Session, counts: Mapping[str, int], *, at: datetime) -> None:
    """Keep, in the transaction of *session*, that *counts* were deleted and must be erased."""
    run = session.scalar(
        select(RetentionRunRow)
        .where(RetentionRunRow.at == at, RetentionRunRow.erased_at.is_(None))
        .limit(1)
    )
    if run is None:
        run = RetentionRunRow(at=at, counts="{}")
        session.add(run)
    kept: dict[str, int] = json.loads(run.counts)
    for kind, count in counts.items():
        kept[kind] = kept.get(kind, 0) + count
    run.counts = json.dumps(kept, sort_keys=True)


def _note(session: Session, kind: str, count: int, *, at: datetime) -> None:
    note(
        session,
        AuditAction.RECORDS_DELETED,
        at=at,
        actor=None,
        on=("records", kind),
        details={"count": count, "why": "their time was over"},
    )
