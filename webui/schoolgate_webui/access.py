"""
Who may ask for which page: one table over every route, tested as a whole.

It says who comes to a page at all. What they may do with one request there, `workflow` decides:
nobody reviews their own, whatever this table lets them open.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from schoolgate_policyd.workflow import policy_acts
from schoolgate_policyd.workflow.actors import may_submit
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import Act
from schoolgate_policyd.workflow.visibility import Sight, may


class Who(StrEnum):
    """Whom a page is for."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed-in"
    WHO_MAY_ASK = "who-may-ask"
    WHO_SEES_GRANTS = "who-sees-grants"
    WHO_SEES_ATTEMPTS = "who-sees-attempts"
    WHO_SEES_VERSIONS = "who-sees-versions"
    WHO_SEES_REASONS = "who-sees-reasons"
    WHO_DRAFTS = "who-drafts"
    WHO_APPROVES = "who-approves"
    WHO_DIRECTS = "who-directs"
    WHO_CHECKS = "who-checks"
    WHO_JUDGES = "who-judges"


# A route that is missing here is for nobody.
TABLE: Mapping[tuple[str, str], Who] = MappingProxyType(
    {
        ("GET", "/"): Who.ANYBODY,
        ("GET", "/help"): Who.ANYBODY,
        ("GET", "/filtering"): Who.ANYBODY,
        ("GET", "/sign-in"): Who.ANYBODY,
        ("POST", "/sign-in"): Who.ANYBODY,
        ("POST", "/sign-out"): Who.SIGNED_IN,
        ("GET", "/requests"): Who.WHO_MAY_ASK,
        ("GET", "/requests/new"): Who.WHO_MAY_ASK,
        ("POST", "/requests/new"): Who.WHO_MAY_ASK,
        ("GET", "/requests/{number}"): Who.WHO_MAY_ASK,
        ("POST", "/requests/{number}/measures"): Who.WHO_MAY_ASK,
        ("POST", "/requests/{number}/decision"): Who.WHO_MAY_ASK,
        ("POST", "/requests/{number}/withdraw"): Who.WHO_MAY_ASK,
        ("GET", "/grants"): Who.WHO_SEES_GRANTS,
        ("GET", "/attempts"): Who.WHO_SEES_ATTEMPTS,
        ("GET", "/attempts/rows"): Who.WHO_SEES_ATTEMPTS,
        ("GET", "/why"): Who.WHO_SEES_REASONS,
        ("GET", "/policy"): Who.WHO_SEES_VERSIONS,
        ("GET", "/policy/versions/{number}"): Who.WHO_SEES_VERSIONS,
        ("GET", "/policy/compare"): Who.WHO_SEES_VERSIONS,
        ("POST", "/policy/versions/{number}/bring-back"): Who.WHO_DRAFTS,
        ("GET", "/policy/drafts/new"): Who.WHO_DRAFTS,
        ("POST", "/policy/drafts/new"): Who.WHO_DRAFTS,
        ("GET", "/policy/drafts/{number}"): Who.WHO_SEES_VERSIONS,
        ("GET", "/policy/drafts/{number}/changes"): Who.WHO_SEES_VERSIONS,
        ("GET", "/policy/drafts/{number}/changes/{kind}"): Who.WHO_DRAFTS,
        ("POST", "/policy/drafts/{number}/changes/{kind}"): Who.WHO_DRAFTS,
        ("POST", "/policy/drafts/{number}/undo"): Who.WHO_DRAFTS,
        ("POST", "/policy/drafts/{number}/rebase"): Who.WHO_DRAFTS,
        ("GET", "/policy/drafts/{number}/proof"): Who.WHO_SEES_VERSIONS,
        ("POST", "/policy/drafts/{number}/proof"): Who.WHO_CHECKS,
        ("GET", "/policy/drafts/{number}/replay"): Who.WHO_SEES_VERSIONS,
        ("POST", "/policy/drafts/{number}/replay"): Who.WHO_CHECKS,
        ("GET", "/policy/drafts/{number}/progress/{check}"): Who.WHO_SEES_VERSIONS,
        ("GET", "/policy/drafts/{number}/propose"): Who.WHO_DRAFTS,
        ("POST", "/policy/drafts/{number}/propose"): Who.WHO_DRAFTS,
        ("GET", "/policy/drafts/{number}/approve"): Who.WHO_APPROVES,
        ("POST", "/policy/drafts/{number}/approve"): Who.WHO_APPROVES,
        ("GET", "/policy/drafts/{number}/direct"): Who.WHO_DIRECTS,
        ("POST", "/policy/drafts/{number}/direct"): Who.WHO_DIRECTS,
        ("GET", "/policy/drafts/{number}/refuse"): Who.WHO_JUDGES,
        ("POST", "/policy/drafts/{number}/refuse"): Who.WHO_JUDGES,
        ("GET", "/policy/drafts/{number}/withdraw"): Who.WHO_CHECKS,
        ("POST", "/policy/drafts/{number}/withdraw"): Who.WHO_CHECKS,
        ("GET", "/devices"): Who.SIGNED_IN,
        ("POST", "/devices/claim"): Who.SIGNED_IN,
        ("POST", "/devices/release"): Who.SIGNED_IN,
    }
)

_SIGHTS: Mapping[Who, Sight] = MappingProxyType(
    {
        Who.WHO_SEES_GRANTS: Sight.GRANTS_IN_FORCE,
        Who.WHO_SEES_ATTEMPTS: Sight.BLOCKED_ATTEMPTS,
        Who.WHO_SEES_REASONS: Sight.REASONS,
    }
)

# One of these acts is enough; what may be done with one version, its workflow decides.
_ACTS: Mapping[Who, tuple[Act, ...]] = MappingProxyType(
    {
        Who.WHO_SEES_VERSIONS: (Act.SEE,),
        Who.WHO_DRAFTS: (Act.DRAFT,),
        Who.WHO_APPROVES: (Act.APPROVE,),
        Who.WHO_DIRECTS: (Act.DIRECT,),
        Who.WHO_CHECKS: (Act.DRAFT, Act.APPROVE, Act.DIRECT),
        Who.WHO_JUDGES: (Act.APPROVE, Act.DIRECT),
    }
)


def is_for(who: Who, member: Member | None) -> bool:
    """Whether *member*, None for somebody who is not signed in, is one of *who*."""
    if who is Who.ANYBODY:
        return True
    if member is None:
        return False
    match who:
        case Who.SIGNED_IN:
            return True
        case Who.WHO_MAY_ASK:
            return may_submit(member)
        case Who.WHO_SEES_GRANTS | Who.WHO_SEES_ATTEMPTS | Who.WHO_SEES_REASONS:
            return may(member, _SIGHTS[who])
        case (
            Who.WHO_SEES_VERSIONS
            | Who.WHO_DRAFTS
            | Who.WHO_APPROVES
            | Who.WHO_DIRECTS
            | Who.WHO_CHECKS
            | Who.WHO_JUDGES
        ):
            return any(policy_acts.may(member, act) for act in _ACTS[who])
        case _:
            assert_never(who)


def who_may(method: str, path: str) -> Who | None:
    """Return whom the route *path* is for; None when it stands nowhere: nobody."""
    return TABLE.get(("GET" if method == "HEAD" else method, path))
