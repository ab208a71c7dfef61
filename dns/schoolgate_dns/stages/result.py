"""The octets of an answer: allowed, blocked or failed. No TTL reaches past the next bell."""

from datetime import datetime

from schoolgate_dns import answers
from schoolgate_dns.errors import UpstreamError, UpstreamSilent, UpstreamUnreachable
from schoolgate_dns.messages import ExtendedError, ExtendedErrorCode, Query, Rcode
from schoolgate_dns.stages.held import Held
from schoolgate_dns.stages.who import Asked
from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.policy import Document
from schoolgate_policyd.core.rules import Rule

# A client may ask again this soon after a block, so that a grant opens without a wait.
BLOCKED_TTL_S = 5
EVERY_TYPE_TTL_S = 3600
_LONGEST_TTL_S = 2**31 - 1  # RFC 2181 section 8


def allowed(asked: Asked, decision: Decision, held: Held) -> bytes:
    """Return the upstream's reply, no longer to be kept than *decision* holds."""
    cap_s = seconds_until(decision.valid_until, asked.moment)
    return answers.answer_from(asked.query, held.reply, age_s=held.age_s, ttl_cap_s=cap_s)


def every_type(asked: Asked, decision: Decision) -> bytes:
    """Return the answer to a query for every type, which an upstream need not be asked."""
    cap_s = seconds_until(decision.valid_until, asked.moment)
    return answers.every_type_answer(asked.query, min(EVERY_TYPE_TTL_S, cap_s))


def blocked(asked: Asked, decision: Decision) -> bytes:
    """Return that the name does not exist, and to those who speak EDNS why."""
    ttl_s = min(BLOCKED_TTL_S, seconds_until(decision.valid_until, asked.moment))
    text = why_blocked(decision, asked.snapshot.source.policy.document)
    why = ExtendedError(ExtendedErrorCode.BLOCKED, text)
    return answers.negative_answer(asked.query, Rcode.NXDOMAIN, soa_ttl_s=ttl_s, why=why)


def failed(query: Query, error: UpstreamError) -> bytes:
    """Return that no upstream could be made to answer."""
    why: ExtendedError | None
    match error:
        case UpstreamSilent():
            why = ExtendedError(ExtendedErrorCode.NO_REACHABLE_AUTHORITY)
        case UpstreamUnreachable():
            why = ExtendedError(ExtendedErrorCode.NETWORK_ERROR)
        case _:
            why = None  # we were too busy to ask, which is no fault of the network
    return answers.negative_answer(query, Rcode.SERVFAIL, why=why)


def why_blocked(decision: Decision, document: Document) -> str:
    """Return rule and clause of every rule that blocks, the school's own document by version."""
    return "; ".join(_citation(rule, document) for rule in decision.rules)


def _citation(rule: Rule, document: Document) -> str:
    title = rule.cite.document
    if title == document.title:
        title = f"{title}, {document.version}"
    return f"{rule.id}: {title}, {rule.cite.section}"


def seconds_until(end: datetime, moment: datetime) -> int:
    """Return the whole seconds from *moment* to *end*, in [0, 2**31)."""
    return max(0, min(int((end - moment).total_seconds()), _LONGEST_TTL_S))
