"""That staff have read the policy in force and know that they are monitored (R9)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models.acknowledgements import AcknowledgementRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.policy_writes import directed_in
from schoolgate_policyd.workflow.acknowledging import require_newest
from schoolgate_policyd.workflow.policy_versions import PolicyVersion, in_force_at


class Acknowledged(msgspec.Struct, frozen=True):
    """That a person acknowledged a version, when (machine time, aware)."""

    version: int
    at: datetime


class Acknowledgements:
    """Who acknowledged which version; *at* is machine time, *moment* the school's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def has(self, person: str, version: int) -> bool:
        """Whether *person* acknowledged *version*."""
        with self._database.reading() as session:
            return _row_in(session, person, version) is not None

    def newest_of(self, person: str) -> Acknowledged | None:
        """Return what *person* acknowledged last."""
        query = (
            select(AcknowledgementRow)
            .where(AcknowledgementRow.person_id == person)
            .order_by(AcknowledgementRow.id.desc())
            .limit(1)
        )
        with self._database.reading() as session:
            row = session.scalar(query)
            return None if row is None else Acknowledged(row.version, row.at)

    def newest(self) -> Mapping[str, Acknowledged]:
        """Return what everybody acknowledged last, by person."""
        latest = select(func.max(AcknowledgementRow.id)).group_by(AcknowledgementRow.person_id)
        query = select(AcknowledgementRow).where(AcknowledgementRow.id.in_(latest))
        with self._database.reading() as session:
            rows = session.scalars(query)
            return {row.person_id: Acknowledged(row.version, row.at) for row in rows}

    def directed(self, school: str) -> tuple[PolicyVersion, ...]:
        """Return the versions of *school* that were directed, those to come included."""
        with self._database.reading() as session:
            return directed_in(session, school)

    def acknowledge(
        self, person: str, version: int, *, school: str, at: datetime, moment: datetime
    ) -> None:
        """
        Record that *person* read *version* and knows that they are monitored.

        Raises WrongState where another version is in force at *moment* by now.
        """
        with self._database.writing() as session:
            require_newest(version, in_force_at(directed_in(session, school), moment))
            member_in(session, person)
            if _row_in(session, person, version) is not None:
                return
            session.add(AcknowledgementRow(person_id=person, version=version, at=at))
            note(
                session,
                AuditAction.POLICY_ACKNOWLEDGED,
                at=at,
                actor=person,
                on=("policy", version),
            )


def _row_in(session: Session, person: str, version: int) -> AcknowledgementRow | None:
    return session.scalar(
        select(AcknowledgementRow).where(
            AcknowledgementRow.person_id == person, AcknowledgementRow.version == version
        )
    )
