"""
Who may see and do what, in one table.

Pages ask `may`; a page that is not in the table is for everybody who is signed in.
"""

from enum import StrEnum
from types import MappingProxyType

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import AccessRequest


class Sight(StrEnum):
    """What there is to see."""

    ALL_REQUESTS = "all-requests"
    GRANTS_IN_FORCE = "grants-in-force"
    BLOCKED_ATTEMPTS = "blocked-attempts"
    RECORDS_OF_PEOPLE = "records-of-people"
    LOOKS = "looks"
    FIGURES = "figures"
    STANDING_PERMISSIONS = "standing-permissions"
    AUDIT = "audit"
    SYSTEM = "system"
    REASONS = "reasons"
    REPORTS = "reports"
    BLOCKS = "blocks"
    BLOCK_AT_ONCE = "block-at-once"
    LIFT_BLOCKS = "lift-blocks"


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
        # Whose record one of them opens, `looks` decides.
        Sight.RECORDS_OF_PEOPLE: frozenset(
            {Duty.DSL, Duty.ONLINE_SAFETY_LEAD, Duty.HEAD, Duty.CHAIR_OF_GOVERNORS}
        ),
        Sight.LOOKS: frozenset({Duty.DSL, Duty.HEAD, Duty.CHAIR_OF_GOVERNORS}),
        # Governors are assured by sums (F3); people stand in them for those who open records.
        Sight.FIGURES: frozenset(
            {
                Duty.DSL,
                Duty.ONLINE_SAFETY_LEAD,
                Duty.HEAD,
                Duty.CHAIR_OF_GOVERNORS,
                Duty.GOVERNOR,
            }
        ),
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
        # twiss-green §9: reports reach the online safety lead; §8: about the head, the chair.
        # Which of them handles one report, `report_handlers` decides.
        Sight.REPORTS: frozenset(
            {Duty.ONLINE_SAFETY_LEAD, Duty.DSL, Duty.HEAD, Duty.CHAIR_OF_GOVERNORS}
        ),
        Sight.BLOCKS: frozenset(
            {
                Duty.HEAD,
                Duty.CHAIR_OF_GOVERNORS,
                Duty.ONLINE_SAFETY_LEAD,
                Duty.DSL,
                Duty.TECHNICIAN,
            }
        ),
        # Blocking only tightens; lifting a block loosens, and that is the head's (twiss-green §9).
        Sight.BLOCK_AT_ONCE: frozenset({Duty.ONLINE_SAFETY_LEAD, Duty.DSL, Duty.HEAD}),
        Sight.LIFT_BLOCKS: frozenset({Duty.HEAD}),
    }
)


def may(member: Member, sight: Sight) -> bool:
    """Whether *member* may see it; a pupil never, whatever duty a register gives them."""
    return member.may_as(*TABLE[sight])


def may_see(member: Member, request: AccessRequest) -> bool:
    """Whether *member* may see *request*: their own, or every one."""
    return member.id == request.requester or may(member, Sight.ALL_REQUESTS)
