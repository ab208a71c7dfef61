"""The verdict on the asked name."""

from typing import assert_never

from schoolgate_dns.decider import Decide
from schoolgate_dns.stages.who import Asked
from schoolgate_policyd.core.decision import Decision, HostResource, Request, Verdict


def judge_name(asked: Asked, decide: Decide) -> Decision:
    """Return the decision on the name alone, before anybody is asked about it."""
    request = Request(asked.subject, HostResource(asked.query.name))
    return decide(request, asked.snapshot, asked.moment)


def is_blocked(decision: Decision) -> bool:
    """
    Whether the name is not answered.

    Nothing looks into what this point lets through, so *depends* becomes what it is uninspected.
    """
    match decision.verdict:
        case Verdict.ALLOW:
            return False
        case Verdict.BLOCK:
            return True
        case Verdict.DEPENDS:
            return decision.uninspected is not Verdict.ALLOW
        case _:
            assert_never(decision.verdict)
