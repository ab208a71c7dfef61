"""
Device claims: a signed-in person's "This is my device", until sign-out, idleness or midnight.

A claim is about what the filter does, so its times are the school's clock; the session that it
hangs on is machine time.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import DeviceClaimRow, DeviceRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import ClaimEnd
from schoolgate_policyd.store.people import device_of
from schoolgate_policyd.store.records import ClaimRecord
from schoolgate_policyd.store.session_rows import live_session_in
from schoolgate_policyd.workflow.claims import canonical_address, ends_at, why_refused
from schoolgate_policyd.workflow.errors import NotAllowed

# Use is written down at most this often: each time is a revision for every enforcement point.
SEEN_EVERY = timedelta(seconds=30)


class Claims:
    """Device claims; *at* is machine time, *moment* the school's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self,
        session_id: int,
        address: str,
        *,
        networks: tuple[Network, ...],
        own_addresses: Collection[str],
        zone: ZoneInfo,
        at: datetime,
        moment: datetime,
    ) -> ClaimRecord:
        """
        Claim the device at *address*, where the request came from, for the session's person.

        An earlier claim of that address ends. Raises NotAllowed with a sentence.
        """
        with self._database.writing() as session:
            signed_in = live_session_in(session, session_id, at)
            if signed_in is None:
                raise NotAllowed("You are no longer signed in: sign in again.")
            person = signed_in.person_id
            canonical = _claimable(session, address, person, networks, own_addresses)
            before = _live_at(session, canonical)
            if before is not None:
                end_claim(session, before, ClaimEnd.REPLACED, at=at, moment=moment)
            claimed = DeviceClaimRow(
                address=canonical,
                person_id=person,
                session_id=session_id,
                claimed_at=moment,
                last_seen_at=moment,
                ends_at=ends_at(moment, zone),
            )
            session.add(claimed)
            session.flush()
            on, details = ("claim", claimed.id), {"address": canonical}
            note(session, AuditAction.DEVICE_CLAIMED, at=at, actor=person, on=on, details=details)
            bump_version(session)
            return _record(claimed)

    def seen(
        self, session_id: int, address: str, *, zone: ZoneInfo, at: datetime, moment: datetime
    ) -> ClaimRecord | None:
        """
        Note that the session's person used the pages from *address*: their claim of it goes on.

        Returns the claim in force there, None if there is none. It never passes midnight, and
        one that is over stays over.
        """
        canonical = canonical_address(address)
        with self._database.reading() as session:
            row = _claim_of(session, session_id, canonical, moment)
            if row is None:
                return None
            if timedelta() <= moment - row.last_seen_at < SEEN_EVERY:
                return _record(row)
        with self._database.writing() as session:
            row = _claim_of(session, session_id, canonical, moment)
            if row is None or live_session_in(session, session_id, at) is None:
                return None
            # The day's end that the claim has is that of the day on which it was made.
            row.last_seen_at = moment
            row.ends_at = min(ends_at(moment, zone), _last_end(row, zone))
            bump_version(session)
            return _record(row)

    def give_up(self, session_id: int, address: str, *, at: datetime, moment: datetime) -> bool:
        """End the session's claim of *address*; return whether there was one."""
        canonical = canonical_address(address)
        with self._database.writing() as session:
            row = _claim_of(session, session_id, canonical, moment)
            if row is None:
                return False
            end_claim(session, row, ClaimEnd.GIVEN_UP, at=at, moment=moment)
            bump_version(session)
            return True

    def at_address(self, address: str, moment: datetime) -> ClaimRecord | None:
        """Return the claim that is in force for *address* at *moment*, if there is one."""
        canonical = canonical_address(address)
        with self._database.reading() as session:
            row = _live_at(session, canonical)
            return None if row is None or row.ends_at <= moment else _record(row)


def end_claim(
    session: Session, row: DeviceClaimRow, why: ClaimEnd, *, at: datetime, moment: datetime
) -> None:
    """End a claim for ever, in the transaction of *session*."""
    row.ended_at, row.ended_why = moment, why
    note(
        session,
        AuditAction.CLAIM_ENDED,
        at=at,
        actor=None if why is ClaimEnd.TIME_OVER else row.person_id,
        on=("claim", row.id),
        details={"why": why},
    )
    # The index lets one claim of an address live: the end is written before a successor.
    session.flush()


def _claimable(
    session: Session,
    address: str,
    person: str,
    networks: tuple[Network, ...],
    own_addresses: Collection[str],
) -> str:
    """Return the address's one spelling. Raises NotAllowed if *person* may not claim it."""
    canonical = canonical_address(address)
    row = session.scalar(select(DeviceRow).where(DeviceRow.address == canonical))
    refusal = why_refused(
        address,
        person,
        networks=networks,
        device=None if row is None else device_of(row),
        own_addresses=own_addresses,
    )
    if refusal is not None or canonical is None:
        raise NotAllowed(refusal or "The address that you came from cannot be read.")
    return canonical


def _live_at(session: Session, address: str | None) -> DeviceClaimRow | None:
    return session.scalar(
        select(DeviceClaimRow).where(
            DeviceClaimRow.address == address, DeviceClaimRow.ended_at.is_(None)
        )
    )


def _claim_of(
    session: Session, session_id: int, address: str | None, moment: datetime
) -> DeviceClaimRow | None:
    row = _live_at(session, address)
    if row is None or row.session_id != session_id or row.ends_at <= moment:
        return None
    return row


def _last_end(row: DeviceClaimRow, zone: ZoneInfo) -> datetime:
    claimed = row.claimed_at.astimezone(zone)
    midnight = claimed.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (midnight + timedelta(days=1)).astimezone(row.claimed_at.tzinfo)


def _record(row: DeviceClaimRow) -> ClaimRecord:
    return ClaimRecord(
        id=row.id,
        address=row.address,
        person=row.person_id,
        session=row.session_id,
        claimed_at=row.claimed_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        ended_why=row.ended_why,
    )
