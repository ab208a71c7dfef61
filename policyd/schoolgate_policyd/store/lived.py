"""What was in force at some moment of the past: for replay, which decides as of then."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from schoolgate_policyd.core.rules import Grant
from schoolgate_policyd.replay.past import Past, PastClaim, PastStanding
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.models import DeviceClaimRow, GrantRow, StandingRecordRow
from schoolgate_policyd.store.models.permissions import StandingRecordKind
from schoolgate_policyd.store.models.requests import StepRow
from schoolgate_policyd.store.read_only import open_read_only
from schoolgate_policyd.store.request_rows import grant_of
from schoolgate_policyd.workflow.requests import State


def read_past(
    path: Path, since: datetime, until: datetime, *, shift: timedelta = timedelta()
) -> Past:
    """
    Return what was in force at some moment of [since, until), the school's clock (aware).

    *path* is the database of decisions, which is only read. Signatures and records bear machine
    time: *shift* is by how much the school's clock is ahead. Raises StoreError.
    """
    engine = open_read_only(path)
    try:
        with Session(engine) as session:
            return Past(
                grants=tuple(_grants(session, since, until, shift)),
                claims=tuple(_claims(session, since, until)),
                standing=tuple(_standing(session, since, until, shift)),
            )
    except SQLAlchemyError as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    finally:
        engine.dispose()


def _grants(
    session: Session, since: datetime, until: datetime, shift: timedelta
) -> Iterator[Grant]:
    """Yield grants from when they were signed until they were over or withdrawn."""
    rows = session.scalars(
        select(GrantRow)
        .where(GrantRow.starts_at < until, GrantRow.ends_at > since)
        .order_by(GrantRow.id)
    )
    for row in rows:
        steps = session.scalars(select(StepRow).where(StepRow.request_id == row.request_id)).all()
        signed = [
            step.at + shift
            for step in steps
            if step.state is State.APPROVED and step.version == row.version
        ]
        # A changed form ends the grant of the form before, as a withdrawal does.
        closed = [
            step.at + shift
            for step in steps
            if step.state is State.WITHDRAWN or step.version > row.version
        ]
        starts_at = max([row.starts_at, *signed])
        ends_at = min([row.ends_at, *closed])
        if max(starts_at, since) < min(ends_at, until):
            yield msgspec.structs.replace(grant_of(row), starts_at=starts_at, ends_at=ends_at)


def _claims(session: Session, since: datetime, until: datetime) -> Iterator[PastClaim]:
    """Yield claims from when they were made until they ended."""
    ended_at = func.coalesce(DeviceClaimRow.ended_at, DeviceClaimRow.ends_at)
    rows = session.scalars(
        select(DeviceClaimRow)
        .where(DeviceClaimRow.claimed_at < until, ended_at > since)
        .order_by(DeviceClaimRow.claimed_at, DeviceClaimRow.id)
    )
    for row in rows:
        ends_at = row.ends_at if row.ended_at is None else min(row.ends_at, row.ended_at)
        yield PastClaim(row.address, row.person_id, row.claimed_at, ends_at)


def _standing(
    session: Session, since: datetime, until: datetime, shift: timedelta
) -> Iterator[PastStanding]:
    """Yield the times during which both records of a standing permission stood."""
    rows = session.scalars(select(StandingRecordRow).order_by(StandingRecordRow.id)).all()
    permissions = [row for row in rows if row.kind is StandingRecordKind.HEAD_PERMISSION]
    controls = [row for row in rows if row.kind is StandingRecordKind.CONFIRMED_CONTROLS]
    for one in permissions:
        for other in controls:
            if one.name != other.name:
                continue
            starts_at = max(one.at, other.at) + shift
            both = ((each.withdrawn_at, each.lapsed_at) for each in (one, other))
            ends = [end for pair in both for end in pair if end is not None]
            ends_at = min(ends) + shift if ends else None
            if starts_at < until and (ends_at is None or max(starts_at, since) < ends_at):
                yield PastStanding(one.name, starts_at, ends_at)
