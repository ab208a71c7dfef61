"""The decisions database: what the school decided, and what policyd must know of it."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from schoolgate_policyd.core.at_once import AtOnce
from schoolgate_policyd.core.policy import Live, Register
from schoolgate_policyd.core.subjects import DeviceClaim, Network
from schoolgate_policyd.store import restrictions, supervision
from schoolgate_policyd.store.acknowledgements import Acknowledgements
from schoolgate_policyd.store.api_tokens import ApiTokens
from schoolgate_policyd.store.audit import Audit, bump_version, note
from schoolgate_policyd.store.blocks import Blocks
from schoolgate_policyd.store.checkpoints import Checkpoints
from schoolgate_policyd.store.claims import Claims, end_claim
from schoolgate_policyd.store.credentials import Credentials, Hasher
from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.delegations import Delegations
from schoolgate_policyd.store.different_days import DifferentDays
from schoolgate_policyd.store.email_addresses import EmailAddresses
from schoolgate_policyd.store.first_run import FirstRun
from schoolgate_policyd.store.incidents import Incidents
from schoolgate_policyd.store.leaving import leave_due
from schoolgate_policyd.store.legal_holds import LegalHolds
from schoolgate_policyd.store.looks import Looks
from schoolgate_policyd.store.migrate import migrate
from schoolgate_policyd.store.models import DeviceClaimRow, GrantRow, PersonRow, StoreVersionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import ClaimEnd
from schoolgate_policyd.store.models.requests import GrantState
from schoolgate_policyd.store.networks import Networks
from schoolgate_policyd.store.one_time_codes import OneTimeCodes
from schoolgate_policyd.store.outbox import Outbox
from schoolgate_policyd.store.passkeys import Passkeys
from schoolgate_policyd.store.people import People
from schoolgate_policyd.store.people_changes import PeopleChanges
from schoolgate_policyd.store.people_import import PeopleImport
from schoolgate_policyd.store.person_records import PersonRecords
from schoolgate_policyd.store.policy_versions import PolicyVersions
from schoolgate_policyd.store.register_lines import Classes, Devices
from schoolgate_policyd.store.reports import Reports
from schoolgate_policyd.store.request_drafts import RequestDrafts
from schoolgate_policyd.store.request_rows import grant_of
from schoolgate_policyd.store.request_talk import RequestTalk
from schoolgate_policyd.store.requests import Requests
from schoolgate_policyd.store.restrictions import Restrictions, restrictions_in
from schoolgate_policyd.store.retention import Retention
from schoolgate_policyd.store.school import School
from schoolgate_policyd.store.second_factor import SecondFactor
from schoolgate_policyd.store.sessions import Sessions
from schoolgate_policyd.store.setup_codes import SetupCodes
from schoolgate_policyd.store.signing_desk import SigningDesk
from schoolgate_policyd.store.signings import Signings
from schoolgate_policyd.store.standing import (
    Standing,
    is_any_overdue,
    lapse_overdue_in,
    permissions_in,
)
from schoolgate_policyd.store.standing_requests import StandingRequests
from schoolgate_policyd.store.supervision import (
    Supervision,
    session_grants_in,
    with_assigned,
)
from schoolgate_policyd.store.told import SuggestedSites, TrainingRecords
from schoolgate_policyd.store.waiting import Waiting


class DecisionStore:
    """
    The decisions database at *path*, migrated when it is opened.

    Threads may share it; every method is one short transaction. *hasher* replaces argon2's
    default for passwords (tests). *codes_key* is the file of the key for one-time codes, for those
    who check them alone. Raises StoreError, UnsafeDatabase when it cannot be trusted.

    Its parts: `people`, `person_records`, `people_changes`, `people_import`, `classes`,
    `devices`, `school`, `first_run`, `networks`, `different_days`, `credentials`, `sessions`,
    `passkeys`, `one_time_codes`, `second_factor`, `setup_codes`, `api_tokens`, `signings`,
    `signing_desk`, `requests`,
    `policies`, `standing`, `claims`, `incidents`, `restrictions`, `supervision`, `audit`,
    `checkpoints`, `retention`, `legal_holds`, `outbox`, `email_addresses`, `acknowledgements`,
    `suggested_sites`, `training`, `waiting`.
    """

    def __init__(
        self, path: Path, *, hasher: Hasher | None = None, codes_key: Path | None = None
    ) -> None:
        self.database = Database(open_engine(path))
        try:
            migrate(self.database)
        except Exception:
            self.database.close()
            raise
        self.people = People(self.database)
        self.person_records = PersonRecords(self.database)
        self.people_changes = PeopleChanges(self.database)
        self.people_import = PeopleImport(self.database)
        self.classes = Classes(self.database)
        self.devices = Devices(self.database)
        self.school = School(self.database)
        self.first_run = FirstRun(self.database)
        self.credentials = Credentials(self.database, hasher)
        self.sessions = Sessions(self.database)
        self.passkeys = Passkeys(self.database)
        self.one_time_codes = OneTimeCodes(self.database, codes_key)
        self.second_factor = SecondFactor(self.database, self.one_time_codes)
        self.setup_codes = SetupCodes(self.database, self.credentials)
        self.api_tokens = ApiTokens(self.database)
        self.networks = Networks(self.database)
        self.different_days = DifferentDays(self.database)
        self.signings = Signings(self.database)
        self.signing_desk = SigningDesk(self.database, self.credentials, self.one_time_codes)
        self.requests = Requests(self.database)
        self.request_drafts = RequestDrafts(self.database)
        self.request_talk = RequestTalk(self.database)
        self.delegations = Delegations(self.database)
        self.reports = Reports(self.database)
        self.blocks = Blocks(self.database)
        self.policies = PolicyVersions(self.database)
        self.standing = Standing(self.database)
        self.standing_requests = StandingRequests(self.database)
        self.claims = Claims(self.database)
        self.incidents = Incidents(self.database)
        self.restrictions = Restrictions(self.database)
        self.supervision = Supervision(self.database)
        self.looks = Looks(self.database)
        self.audit = Audit(self.database)
        self.outbox = Outbox(self.database)
        self.email_addresses = EmailAddresses(self.database)
        self.acknowledgements = Acknowledgements(self.database)
        self.suggested_sites = SuggestedSites(self.database)
        self.training = TrainingRecords(self.database)
        self.checkpoints = Checkpoints(self.database)
        self.retention = Retention(self.database)
        self.legal_holds = LegalHolds(self.database)
        self.waiting = Waiting(self.database)

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
        known = self.people.register(networks)
        with self.database.reading() as session:
            return with_assigned(session, known)

    def live(self, moment: datetime) -> Live:
        """
        Return what is in force at *moment* (aware, the school's clock) or will be later.

        Grants are approved, neither withdrawn nor ended nor over; claims have not ended; standing
        permissions have both records; restrictions are decided. A supervised session is a grant.
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
                grants=(
                    *(grant_of(row) for row in grants),
                    *session_grants_in(session, moment),
                ),
                claims=tuple(
                    DeviceClaim(f"claim-{row.id}", row.address, row.person_id, row.ends_at)
                    for row in claims
                ),
                restrictions=restrictions_in(session, moment),
                standing=frozenset(
                    each.name for each in permissions_in(session) if each.is_in_force_at(moment)
                ),
            )

    def blocks_at_once(self) -> tuple[AtOnce, ...]:
        """Return what is blocked at once, for the policy in force."""
        return self.blocks.at_once()

    def end_overdue(self, moment: datetime, *, at: datetime) -> int:
        """
        Mark grants, claims, restrictions and the like that are over at *moment* as ended for ever.

        Whoever was to leave by then leaves.

        A clock that is set back afterwards revives none of them. Returns how many ended; *at* is
        machine time, for the audit.
        """
        overdue_grants = select(GrantRow).where(
            GrantRow.state == GrantState.LIVE, GrantRow.ends_at <= moment
        )
        overdue_claims = select(DeviceClaimRow).where(
            DeviceClaimRow.ended_at.is_(None), DeviceClaimRow.ends_at <= moment
        )
        leaving = select(PersonRow.id).where(
            PersonRow.has_left.is_(False), PersonRow.leaves_at <= moment
        )
        with self.database.reading() as session:
            # Asked every second: the write lock is taken only when there is something to end.
            if (
                session.scalar(overdue_grants.limit(1)) is None
                and session.scalar(overdue_claims.limit(1)) is None
                and session.scalar(leaving.limit(1)) is None
                and not restrictions.is_any_over(session, moment)
                and not supervision.is_any_over(session, moment)
                and not is_any_overdue(session, moment)
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
            over = restrictions.end_overdue_in(session, moment, at=at)
            over += supervision.end_overdue_in(session, moment, at=at)
            over += lapse_overdue_in(session, moment, at=at)
            if grants or claims or over:
                bump_version(session)
            left = leave_due(session, at=at, moment=moment)
            return len(grants) + len(claims) + over + left
