"""Who acknowledges the policy, and who sees who has not (R9)."""

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_versions import PolicyVersion

SEES_WHO = frozenset({Duty.HEAD, Duty.CHAIR_OF_GOVERNORS, Duty.ONLINE_SAFETY_LEAD})


def has_to(member: Member) -> bool:
    """Whether *member* acknowledges the policy before they use the pages: staff do."""
    return member.audience is Audience.STAFF


def may_see_who(member: Member) -> bool:
    """Whether *member* may see who has acknowledged and who has not."""
    return member.may_as(*SEES_WHO)


def require_newest(version: int, in_force: PolicyVersion | None) -> None:
    """Raise WrongState unless *version* is the one *in_force*."""
    if in_force is None or in_force.number != version:
        raise WrongState("Another version of the policy has come into force: read that one.")
