"""Sites that pupils are asked to use (R13), and training that was given (R20)."""

from datetime import date, datetime

import msgspec
from sqlalchemy import func, select, tuple_

from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models.acknowledgements import SuggestedSiteRow, TrainingRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow.errors import NotAllowed, mistake_in
from schoolgate_policyd.workflow.suggested_sites import SuggestedSite, require_may_list
from schoolgate_policyd.workflow.training import Training, require_may_record

MAX_SITES = 200
MAX_PAGE = 500


class Listed(msgspec.Struct, frozen=True):
    """A site that stands on the list."""

    id: int
    site: SuggestedSite


class TrainingRecord(msgspec.Struct, frozen=True):
    """Training as it was written down by *by*, a person's id, at (machine time, aware)."""

    id: int
    training: Training
    by: str
    at: datetime


class SuggestedSites:
    """The sites that pupils are asked to use."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(self) -> tuple[Listed, ...]:
        """Return those that stand on the list, by name."""
        query = (
            select(SuggestedSiteRow)
            .where(SuggestedSiteRow.removed_at.is_(None))
            .order_by(func.lower(SuggestedSiteRow.name), SuggestedSiteRow.id)
        )
        with self._database.reading() as session:
            return tuple(map(_listed, session.scalars(query)))

    def add(self, site: SuggestedSite, *, by: str, at: datetime) -> Listed:
        """Put *site* on the list. Raises NotAllowed, InvalidForm where it stands there."""
        with self._database.writing() as session:
            require_may_list(member_in(session, by))
            standing = session.scalars(
                select(SuggestedSiteRow.url).where(SuggestedSiteRow.removed_at.is_(None))
            ).all()
            if site.url in standing:
                raise mistake_in("url", "This page is on the list already.")
            if len(standing) >= MAX_SITES:
                raise NotAllowed(f"The list has {MAX_SITES} sites: take some off first.")
            row = SuggestedSiteRow(url=site.url, name=site.name, about=site.about, listed_at=at)
            session.add(row)
            session.flush()
            note(session, AuditAction.SITE_SUGGESTED, at=at, actor=by, on=("site", row.id))
            return _listed(row)

    def remove(self, number: int, *, by: str, at: datetime) -> None:
        """Take a site off the list. Raises NotAllowed, UnknownObject."""
        with self._database.writing() as session:
            require_may_list(member_in(session, by))
            row = session.get(SuggestedSiteRow, number)
            if row is None:
                raise UnknownObject(f"there is no site {number}")
            if row.removed_at is None:
                row.removed_at = at
                note(session, AuditAction.SITE_UNLISTED, at=at, actor=by, on=("site", row.id))


class TrainingRecords:
    """Training and online safety education that was given."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def every(
        self, *, after: int | None = None, limit: int = MAX_PAGE
    ) -> tuple[TrainingRecord, ...]:
        """
        Return at most *limit* of what was given, the newest first, from the one *after* on.

        Raises UnknownObject where there is no record *after*.
        """
        order = tuple_(TrainingRow.given_on, TrainingRow.id)
        query = select(TrainingRow).order_by(TrainingRow.given_on.desc(), TrainingRow.id.desc())
        with self._database.reading() as session:
            if after is not None:
                last = session.get(TrainingRow, after)
                if last is None:
                    raise UnknownObject(f"there is no record {after} of training")
                query = query.where(order < (last.given_on, last.id))
            return tuple(map(_record, session.scalars(query.limit(limit))))

    def record(self, training: Training, *, by: str, at: datetime) -> TrainingRecord:
        """Write *training* down. Raises NotAllowed."""
        with self._database.writing() as session:
            require_may_record(member_in(session, by))
            row = TrainingRow(
                kind=training.kind,
                what=training.what,
                for_whom=training.for_whom,
                given_on=training.given_on,
                due_again_on=training.due_again_on,
                recorded_at=at,
                recorded_by=by,
            )
            session.add(row)
            session.flush()
            note(session, AuditAction.TRAINING_RECORDED, at=at, actor=by, on=("training", row.id))
            return _record(row)


def _listed(row: SuggestedSiteRow) -> Listed:
    return Listed(row.id, SuggestedSite(row.name, row.url, row.about))


def _record(row: TrainingRow) -> TrainingRecord:
    due: date | None = row.due_again_on
    training = Training(row.kind, row.what, row.for_whom, row.given_on, due)
    return TrainingRecord(row.id, training, row.recorded_by, row.recorded_at)
