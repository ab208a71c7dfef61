"""
The verdict on the name together with every alias behind it.

A blocked name behind an innocent one is blocked. A client that is told of an alias, by CNAME,
DNAME or an HTTPS record's target, goes there without asking again under that name.
"""

from schoolgate_dns.decider import Decide
from schoolgate_dns.messages import Reply
from schoolgate_dns.stages.asked import Asked
from schoolgate_policyd.core.decision import Decision, HostResource, Request


def judge_chain(asked: Asked, reply: Reply, decide: Decide) -> Decision:
    """Return the decision on the name and all of the reply's aliases."""
    resource = HostResource(asked.query.name, chain=reply.aliases)
    return decide(Request(asked.subject, resource), asked.snapshot, asked.moment)
