"""
Who may see and do what, in one table.

Pages ask `may`; a page that is not in the table is for everybody who is signed in.
"""

from enum import StrEnum
from types import MappingProxyType

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import AccessRequest


class Sight(StrEnum):
    """What there is to see."""

    ALL_REQUESTS = "all-requests"
    GRANTS_IN_FORCE = "grants-in-force"
    BLOCKED_ATTEMPTS = "blocked-attempts"
    STANDING_PERMISSIONS = "standing-permissions"
    AUDIT = "audit"
    SYSTEM = "system"
    REASONS = "reasons"


TABLE = MappingProxyType(
    {
        Sight.ALL_REQUESTS: frozenset(
            {Duty.HEAD, Duty.CHAIR_OF_GOVERNORS, Duty.ONLINE_SAFETY_LEAD, Duty.DSL}
        ),
        Sight.GRANTS_IN_FORCE: frozenset(
            {
                Duty.HEAD,
                Duty.CHAIR_OF_GOVERNORS,
                Duty.ONLINE_SAFETY_LEAD,
                Duty.DSL,
                Duty.TECHNICIAN,
            }
        ),
        # twiss-green §5 and §9: the online safety lead monitors; pupils' matters go to the DSL.
        Sight.BLOCKED_ATTEMPTS: frozenset({Duty.ONLINE_SAFETY_LEAD, Duty.DSL}),
        Sight.STANDING_PERMISSIONS: frozenset(
            {
                Duty.HEAD,
                Duty.CHAIR_OF_GOVERNORS,
                Duty.GOVERNOR,
                Duty.ONLINE_SAFETY_LEAD,
                Duty.DSL,
                Duty.TECHNICIAN,
            }
        ),
        Sight.AUDIT: frozenset({Duty.HEAD, Duty.CHAIR_OF_GOVERNORS, Duty.DSL}),
        Sight.SYSTEM: frozenset({Duty.TECHNICIAN, Duty.HEAD, Duty.ONLINE_SAFETY_LEAD}),
        # Why something is blocked, for an audience; for one person, whoever sees their attempts.
        Sight.REASONS: frozenset({Duty.HEAD, Duty.ONLINE_SAFETY_LEAD, Duty.DSL, Duty.TECHNICIAN}),
    }
)


def may(member: Member, sight: Sight) -> bool:
    """Whether *member* may see it; a pupil never, whatever duty a register gives them."""
    return member.audience is not Audience.PUPIL and member.holds(*TABLE[sight])


def may_see(member: Member, request: AccessRequest) -> bool:
    """Whether *member* may see *request*: their own, or every one."""
    return member.id == request.requester or may(member, Sight.ALL_REQUESTS)
