"""What repositories return: frozen, complete, without a tie to the database."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec

from schoolgate_policyd.core.subjects import Audience, HeldDuty
from schoolgate_policyd.core.times import WorkingHours
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import ClaimEnd, StandingRecordKind
from schoolgate_policyd.workflow.accounts import Lack
from schoolgate_policyd.workflow.actors import Turn
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import AccessRequest
from schoolgate_policyd.workflow.standing_requests import is_past


class NewPerson(msgspec.Struct, frozen=True):
    """A person to add; *username* None does not sign in."""

    id: str
    name: str
    audience: Audience
    username: str | None = None
    duties: tuple[HeldDuty, ...] = ()
    classes: frozenset[str] = frozenset()
    year_group: int | None = None
    age: int | None = None
    hours: WorkingHours | None = None
    overtime: frozenset[date] = frozenset()


class WebSession(msgspec.Struct, frozen=True):
    """
    A signed-in session of the pages (machine time, aware).

    *csrf_secret* is derived from the browser's token, so it is nowhere at rest. With *lacks* the
    person is not signed in yet, and it opens nothing. *proven_at* is when they last proved who
    they are.
    """

    id: int
    member: Member
    csrf_secret: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    proven_at: datetime
    lacks: Lack | None = None
    is_rotation_due: bool = False


class SignedIn(msgspec.Struct, frozen=True):
    """The password was right: *token* is for the browser's cookie alone."""

    token: str
    session: WebSession

    def __repr__(self) -> str:
        return f"SignedIn(session={self.session.id})"


class WrongPassword(msgspec.Struct, frozen=True):
    """No such user name, or not this password: which of both is not said."""


class TooSoon(msgspec.Struct, frozen=True):
    """Too many wrong passwords: not looked at; try again after *wait*."""

    wait: timedelta


class Proven(msgspec.Struct, frozen=True):
    """The signed-in person entered their password again, and it was right."""


SignInOutcome = SignedIn | WrongPassword | TooSoon
ProofOutcome = Proven | WrongPassword | TooSoon


class WaitingRequest(msgspec.Struct, frozen=True):
    """A request with whose turn it is and how long it has waited (machine time)."""

    request: AccessRequest
    turn: Turn
    age: timedelta


class StandingRecord(msgspec.Struct, frozen=True):
    """One of the two records of a standing permission (machine time, aware)."""

    id: int
    name: str
    kind: StandingRecordKind
    actor: str
    at: datetime
    reasons: str
    review_on: date
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    lapsed_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it has not been withdrawn."""
        return self.withdrawn_at is None


class StandingPermission(msgspec.Struct, frozen=True):
    """A standing permission: the records that stand, at most one of each kind."""

    name: str
    permission: StandingRecord | None
    controls: StandingRecord | None

    def is_in_force_at(self, moment: datetime) -> bool:
        """Whether both records stand and neither is to be reviewed (school's clock, aware)."""
        is_whole = self.permission is not None and self.controls is not None
        return is_whole and not self.is_overdue_at(moment)

    def is_overdue_at(self, moment: datetime) -> bool:
        """Whether a review date is past; once it was seen to be, no clock takes that back."""
        return any(
            each is not None and (each.lapsed_at is not None or is_past(each.review_on, moment))
            for each in (self.permission, self.controls)
        )

    @property
    def review_on(self) -> date | None:
        """The earlier review date of the records that stand."""
        records = (self.permission, self.controls)
        return min((each.review_on for each in records if each is not None), default=None)


class ClaimRecord(msgspec.Struct, frozen=True):
    """A device claim with its history; *claimed_at* to *ends_at* are the school's clock."""

    id: int
    address: str
    person: str
    session: int
    claimed_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_why: ClaimEnd | None = None


class AuditEntry(msgspec.Struct, frozen=True):
    """
    What was done; *actor* None is Schoolgate itself (machine time, aware).

    Once its time is over its personal part is deleted: *is_whole* is false, and *actor*,
    *object_id* and *details* are empty.
    """

    id: int
    at: datetime
    actor: str | None
    action: AuditAction
    object_kind: str
    object_id: str
    details: Mapping[str, object]
    is_whole: bool = True
