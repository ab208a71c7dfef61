"""The verdict on the asked name."""

from schoolgate_dns.decider import Decide
from schoolgate_dns.stages.asked import Asked
from schoolgate_policyd.core.decision import Decision, HostResource, Request


def judge_name(asked: Asked, decide: Decide) -> Decision:
    """Return the decision on the name alone, before anybody is asked about it."""
    request = Request(asked.subject, HostResource(asked.query.name))
    return decide(request, asked.snapshot, asked.moment)
