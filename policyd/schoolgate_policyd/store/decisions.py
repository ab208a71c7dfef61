"""The decisions database: what the school decided, and what policyd must know of it."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from schoolgate_policyd.core.policy import Live, Register
from schoolgate_policyd.core.subjects import DeviceClaim, Network
from schoolgate_policyd.store.audit import Audit, bump_version, note
from schoolgate_policyd.store.claims import Claims, end_claim
from schoolgate_policyd.store.credentials import Credentials, Hasher
from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.migrate import migrate
from schoolgate_policyd.store.models import DeviceClaimRow, GrantRow, StoreVersionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import ClaimEnd
from schoolgate_policyd.store.models.requests import GrantState
from schoolgate_policyd.store.people import People
from schoolgate_policyd.store.policy_versions import PolicyVersions
from schoolgate_policyd.store.request_rows import grant_of
from schoolgate_policyd.store.requests import Requests
from schoolgate_policyd.store.sessions import Sessions
from schoolgate_policyd.store.standing import Standing, permissions_in


class DecisionStore:
    """
    The decisions database at *path*, migrated when it is opened.

    Threads may share it; every method is one short transaction. *hasher* replaces argon2's
    default for passwords (tests). Raises StoreError, UnsafeDatabase when it cannot be trusted.

    Its parts: `people`, `credentials`, `sessions`, `requests`, `policies`, `standing`, `claims`,
    `audit`.
    """

    def __init__(self, path: Path, *, hasher: Hasher | None = None) -> None:
        self.database = Database(open_engine(path))
        try:
            migrate(self.database)
        except Exception:
            self.database.close()
            raise
        self.people = People(self.database)
        self.credentials = Credentials(self.database, hasher)
        self.sessions = Sessions(self.database)
        self.requests = Requests(self.database, self.credentials)
        self.policies = PolicyVersions(self.database, self.credentials)
        self.standing = Standing(self.database)
        self.claims = Claims(self.database)
        self.audit = Audit(self.database)

    def close(self) -> None:
        """Close every connection."""
        self.database.close()

    def version(self) -> int:
        """Return how many changes policyd had to see; it grows with each and never falls."""
        with self.database.reading() as session:
            version = session.scalar(select(StoreVersionRow.version))
            return 0 if version is None else version

    def register(self, networks: tuple[Network, ...]) -> Register:
        """Return who and what is in the school, without names, with *networks*."""
        return self.people.register(networks)

    def live(self, moment: datetime) -> Live:
        """
        Return what is in force at *moment* (aware, the school's clock) or will be later.

        Grants are approved, neither withdrawn nor ended nor over; claims have not ended; standing
        permissions have both records.
        """
        with self.database.reading() as session:
            grants = session.scalars(
                select(GrantRow)
                .where(GrantRow.state == GrantState.LIVE, GrantRow.ends_at > moment)
                .order_by(GrantRow.id)
            )
            claims = session.scalars(
                select(DeviceClaimRow)
                .where(DeviceClaimRow.ended_at.is_(None), DeviceClaimRow.ends_at > moment)
                .order_by(DeviceClaimRow.id)
            )
            return Live(
                grants=tuple(grant_of(row) for row in grants),
                claims=tuple(
                    DeviceClaim(f"claim-{row.id}", row.address, row.person_id, row.ends_at)
                    for row in claims
                ),
                standing=frozenset(
                    each.name for each in permissions_in(session) if each.is_in_force
                ),
            )

    def end_overdue(self, moment: datetime, *, at: datetime) -> int:
        """
        Mark grants and claims that are over at *moment* (school's clock) as ended for ever.

        A clock that is set back afterwards revives none of them. Returns how many ended; *at* is
        machine time, for the audit.
        """
        overdue_grants = select(GrantRow).where(
            GrantRow.state == GrantState.LIVE, GrantRow.ends_at <= moment
        )
        overdue_claims = select(DeviceClaimRow).where(
            DeviceClaimRow.ended_at.is_(None), DeviceClaimRow.ends_at <= moment
        )
        with self.database.reading() as session:
            # Asked every second: the write lock is taken only when there is something to end.
            if (
                session.scalar(overdue_grants.limit(1)) is None
                and session.scalar(overdue_claims.limit(1)) is None
            ):
                return 0
        with self.database.writing() as session:
            grants = session.scalars(overdue_grants).all()
            for grant in grants:
                grant.state = GrantState.ENDED
                note(session, AuditAction.GRANT_ENDED, at=at, actor=None, on=("grant", grant.id))
            claims = session.scalars(overdue_claims).all()
            for claim in claims:
                end_claim(session, claim, ClaimEnd.TIME_OVER, at=at, moment=moment)
            if grants or claims:
                bump_version(session)
            return len(grants) + len(claims)
