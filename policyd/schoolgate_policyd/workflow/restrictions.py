"""
Restrictions: proposed by whoever looks into a matter, decided by a person, never automatic.

    proposed ──► decided (in force from its start to its end) ──► ended early
        └─────► refused

Which rule one is while it lasts is `core.rules.rule_of`. That it is over follows from its times.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.names import Host
from schoolgate_policyd.core.rules import (
    Citation,
    EverythingScope,
    Grant,
    GrantKind,
    Restriction,
    RestrictionKind,
)
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import require_aware
from schoolgate_policyd.workflow.errors import (
    NotAllowed,
    WrongState,
    mistake_in,
    required,
)
from schoolgate_policyd.workflow.incidents import Handling
from schoolgate_policyd.workflow.people import Member

LONGEST = timedelta(days=183)


class RestrictionState(StrEnum):
    """Where one stands; only a decided one is ever in force."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    DECIDED = "decided"
    ENDED_EARLY = "ended-early"
    OVER = "over"


class Proposal(msgspec.Struct, frozen=True):
    """
    What is proposed about *person*, a person's id, on [starts_at, ends_at) (the school's clock).

    What is withdrawn is a *service*, the id of a service or of a category, or a *site*, a host
    and everything under it. *incident* is the number of the incident that it follows from.
    """

    kind: RestrictionKind
    person: str
    starts_at: datetime
    ends_at: datetime
    why: str
    cite: Citation
    service: str | None = None
    site: Host | None = None
    incident: int | None = None


class RestrictionRecord(msgspec.Struct, frozen=True):
    """A restriction with its history; moments of deciding and ending are machine time (aware)."""

    id: int
    proposal: Proposal
    proposed_by: str
    proposed_at: datetime
    state: RestrictionState = RestrictionState.PROPOSED
    decided_by: str | None = None
    decided_at: datetime | None = None
    reasons: str = ""
    ended_by: str | None = None
    ended_at: datetime | None = None
    ended_why: str = ""

    def is_in_force_at(self, moment: datetime) -> bool:
        """Whether it is in force at *moment* (aware, the school's clock)."""
        proposal = self.proposal
        is_decided = self.state is RestrictionState.DECIDED
        return is_decided and proposal.starts_at <= moment < proposal.ends_at


def group_of(person: str) -> str:
    """Return the device group of the devices that are assigned to *person*, a person's id."""
    return f"pupil-{person}"


def restriction_of(record: RestrictionRecord) -> Restriction:
    """Return what a decided *record* is to decisions."""
    proposal = record.proposal
    return Restriction(
        id=str(record.id),
        kind=proposal.kind,
        starts_at=proposal.starts_at,
        ends_at=proposal.ends_at,
        cite=proposal.cite,
        person=proposal.person,
        device_groups=frozenset({group_of(proposal.person)}),
        service=proposal.service,
        site=proposal.site,
    )


def session_grant(number: int, person: str, starts_at: datetime, ends_at: datetime) -> Grant:
    """
    Return the grant that a supervised session is.

    It is for everything, and lifts only rules that name its kind: those are the restrictions.
    """
    return Grant(
        id=f"session-{number}",
        kind=GrantKind.SUPERVISED_SESSION,
        scope=EverythingScope(),
        starts_at=starts_at,
        ends_at=ends_at,
        people=frozenset({person}),
        device_groups=frozenset({group_of(person)}),
    )


def require_proposable(proposal: Proposal, about: Member, handling: Handling, by: str) -> None:
    """Raise unless *by* may propose it about *about*."""
    if by == about.id or not handling.is_seen_by(by):
        raise NotAllowed("Only those who look into the matter propose what follows from it.")
    if proposal.ends_at <= proposal.starts_at:
        raise mistake_in("ends_on", "It must end after it starts.")
    if proposal.ends_at - proposal.starts_at > LONGEST:
        raise mistake_in("ends_on", f"Choose an end within {LONGEST.days} days.")
    is_supervised = proposal.kind is RestrictionKind.SUPERVISED_ONLY
    if is_supervised and about.audience is not Audience.PUPIL:
        raise mistake_in("what", "Supervised-only use is for pupils: withdraw a service instead.")
    withdrawn = sum(each is not None for each in (proposal.service, proposal.site))
    if withdrawn != (0 if is_supervised else 1):
        raise mistake_in("service", "Choose what is withdrawn: a service or a site.")


def require_may_decide(record: RestrictionRecord, handling: Handling, by: str) -> None:
    """Raise NotAllowed unless *by* may decide *record*."""
    if by == record.proposal.person or not handling.is_decided_by(by):
        raise NotAllowed("You may not decide about this.")
    if not _is_theirs(record, handling, by):
        raise NotAllowed("You proposed it: somebody else decides.")


def decide(
    record: RestrictionRecord,
    handling: Handling,
    *,
    by: str,
    is_approved: bool,
    reasons: str,
    at: datetime,
    moment: datetime,
) -> RestrictionRecord:
    """
    Return the proposed *record* decided or refused.

    Whoever proposed it decides only where the school has nobody else who may.
    """
    require_may_decide(record, handling, by)
    if record.state is not RestrictionState.PROPOSED:
        raise WrongState("It has been decided already.")
    if is_approved and record.proposal.ends_at <= require_aware(moment):
        raise WrongState("Its time is over: propose it again with another end.")
    return msgspec.structs.replace(
        record,
        state=RestrictionState.DECIDED if is_approved else RestrictionState.REFUSED,
        decided_by=by,
        decided_at=require_aware(at),
        reasons=required("reasons", reasons, "Give your reasons, for either outcome."),
    )


def is_to_decide(record: RestrictionRecord, handling: Handling, by: str) -> bool:
    """Whether *record* waits for *by* to decide it."""
    is_decider = by != record.proposal.person and handling.is_decided_by(by)
    is_open = record.state is RestrictionState.PROPOSED
    return is_open and is_decider and _is_theirs(record, handling, by)


def end_early(
    record: RestrictionRecord,
    handling: Handling,
    *,
    by: str,
    why: str,
    at: datetime,
    moment: datetime,
) -> RestrictionRecord:
    """Return *record* ended now, for ever."""
    if by == record.proposal.person or not handling.is_decided_by(by):
        raise NotAllowed("You may not end this.")
    is_over = record.proposal.ends_at <= require_aware(moment)
    if record.state is not RestrictionState.DECIDED or is_over:
        raise WrongState("It is not in force.")
    return msgspec.structs.replace(
        record,
        state=RestrictionState.ENDED_EARLY,
        ended_by=by,
        ended_at=require_aware(at),
        ended_why=required("why", why, "Say why it ends."),
    )


def may_supervise(member: Member) -> bool:
    """Whether *member* may open a supervised session and assign a device: staff."""
    return member.audience is Audience.STAFF


def _is_theirs(record: RestrictionRecord, handling: Handling, by: str) -> bool:
    """Whether *by* did not propose it, or nobody else could decide."""
    others = [each for each in handling.deciders if each.id != record.proposed_by]
    return by != record.proposed_by or not others
