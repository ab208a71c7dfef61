"""
The answer, and for how long it may be given again: allowed, filtered, steered, blocked or failed.

No TTL reaches past the next bell, here or later: those of records count down while the answer is
given again, and a short one of our own making stays what it is as long as it fits.
"""

from datetime import datetime
from typing import Final

from schoolgate_dns.errors import (
    UpstreamError,
    UpstreamFailed,
    UpstreamSilent,
    UpstreamUnreachable,
    WireError,
)
from schoolgate_dns.messages import (
    ExtendedError,
    ExtendedErrorCode,
    Query,
    Rcode,
    Reply,
    Ttl,
    answers,
)
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.replies.held import Held
from schoolgate_dns.replies.scrub import REBINDING
from schoolgate_dns.stages import reasons
from schoolgate_dns.stages.asked import Asked
from schoolgate_dns.stages.held import STALE_TTL_S
from schoolgate_dns.stages.steer import Inspection
from schoolgate_dns.tunnels.passage import Stopped
from schoolgate_policyd.core.decision import Decision, Verdict
from schoolgate_policyd.core.names import DomainName

# A client may ask again this soon after a block, so that a grant opens without a wait.
BLOCKED_TTL_S: Final = 5
EVERY_TYPE_TTL_S: Final = 3600
# For how long a client may keep that there is no address where it could not go to it.
WITHHELD_TTL_S: Final = 60
# At a bell one rule may take over from another and the name stay blocked: the reason that is
# told and recorded is looked at anew after so many seconds, though the verdict holds for longer.
REASON_LASTS_S: Final = 60
_LONGEST_TTL_S: Final = 2**31 - 1  # RFC 2181 section 8
_WITHHELD: Final = ExtendedError(
    ExtendedErrorCode.FORGED_ANSWER, "no way leads there from where this was asked"
)


def allowed(
    asked: Asked, decision: Decision, held: Held, *, reply: Reply | None = None
) -> Outcome:
    """
    Return what is held, no longer to be kept than *decision* holds.

    *reply* is given where something was left out of the held one.
    """
    reply = held.reply if reply is None else reply
    cap_s, lasts_s = _bounds(asked, decision, held)
    ttls = answers.counted_ttls(reply, held.age_s, cap_s)
    octets = answers.answer_with(asked.query, reply, ttls, why=_remark(held))
    return _answered(
        asked,
        decision,
        octets=octets,
        ttls=ttls,
        lasts_s=lasts_s,
        reply=reply,
        chain=held.reply.aliases,
    )


def safe(
    asked: Asked,
    decision: Decision,
    held: Held,
    target: DomainName,
    *,
    reply: Reply | None = None,
) -> Outcome:
    """
    Return an alias to *target*, whose records are held: safe search, for every type alike.

    No signature covers the alias: a client that validates by itself refuses it, where the
    service's own zone is signed.
    """
    reply = held.reply if reply is None else reply
    cap_s, lasts_s = _bounds(asked, decision, held)
    why = _remark(held) or ExtendedError(ExtendedErrorCode.FORGED_ANSWER, f"safe search: {target}")
    try:
        octets, ttls = answers.alias_answer(
            asked.query, reply, age_s=held.age_s, ttl_cap_s=cap_s, why=why
        )
    except WireError as error:
        return failed(asked.query, UpstreamUnreachable(str(error)))
    return _answered(
        asked,
        decision,
        octets=octets,
        ttls=ttls,
        lasts_s=lasts_s,
        reply=reply,
        chain=(target, *held.reply.aliases),
    )


def withheld(asked: Asked, decision: Decision, held: Held) -> Outcome:
    """Return that there are no such records of the name: the client could not go there."""
    cap_s, lasts_s = _bounds(asked, decision, held)
    ttl_s = min(WITHHELD_TTL_S, cap_s)
    octets = answers.negative_answer(asked.query, Rcode.NOERROR, soa_ttl_s=ttl_s, why=_WITHHELD)
    return Outcome(
        octets,
        lasts_s=max(0, min(lasts_s, cap_s - ttl_s)),
        asked=asked,
        decision=decision,
        chain=held.reply.aliases,
    )


def every_type(asked: Asked, decision: Decision) -> Outcome:
    """Return the answer to a query for every type, which an upstream need not be asked."""
    until_s = seconds_until(decision.valid_until, asked.moment)
    ttl_s = min(EVERY_TYPE_TTL_S, until_s)
    octets = answers.every_type_answer(asked.query, ttl_s)
    return Outcome(octets, lasts_s=until_s - ttl_s, asked=asked, decision=decision)


def locally_empty(asked: Asked, decision: Decision, rcode: Rcode) -> Outcome:
    """Return *rcode* and no records: a name that nobody outside can answer for (RFC 6303)."""
    until_s = seconds_until(decision.valid_until, asked.moment)
    ttl_s = min(EVERY_TYPE_TTL_S, until_s)
    octets = answers.negative_answer(asked.query, rcode, soa_ttl_s=ttl_s)
    return Outcome(octets, lasts_s=until_s - ttl_s, asked=asked, decision=decision)


def blocked(asked: Asked, decision: Decision, *, chain: tuple[DomainName, ...] = ()) -> Outcome:
    """Return that the name does not exist, and to those who speak EDNS why."""
    ttl_s, lasts_s = _short_bounds(asked, decision)
    why = ExtendedError(
        reasons.code_of(decision, asked.snapshot), reasons.text_of(decision, asked.snapshot)
    )
    octets = answers.negative_answer(asked.query, Rcode.NXDOMAIN, soa_ttl_s=ttl_s, why=why)
    return Outcome(
        octets, lasts_s=lasts_s, asked=asked, decision=decision, chain=chain, is_blocked=True
    )


def steered(
    asked: Asked,
    decision: Decision,
    inspection: Inspection,
    *,
    chain: tuple[DomainName, ...] = (),
) -> Outcome:
    """
    Return the inspection address, and that there is no record of any other type.

    What *depends* is no block yet: the proxy judges page by page, and records.
    """
    ttl_s, lasts_s = _short_bounds(asked, decision)
    is_blocked = decision.verdict is Verdict.BLOCK
    code = (
        reasons.code_of(decision, asked.snapshot)
        if is_blocked
        else ExtendedErrorCode.FORGED_ANSWER
    )
    why = ExtendedError(code, reasons.text_of(decision, asked.snapshot))
    is_withheld = asked.reach.withholds(asked.query.type)
    address = None if is_withheld else inspection.address_for(asked.query.type)
    if address is None:
        octets = answers.negative_answer(asked.query, Rcode.NOERROR, soa_ttl_s=ttl_s, why=why)
    else:
        octets = answers.address_answer(asked.query, address, ttl_s, why)
    return Outcome(
        octets,
        lasts_s=lasts_s,
        asked=asked,
        decision=decision,
        chain=chain,
        is_blocked=is_blocked,
        is_steered=True,
    )


def stopped(asked: Asked, tunnel: Stopped) -> Outcome:
    """Return that a name below a tunnel's parent does not exist: for this client, so not kept."""
    octets = answers.negative_answer(
        asked.query, Rcode.NXDOMAIN, soa_ttl_s=BLOCKED_TTL_S, why=tunnel.why
    )
    return Outcome(octets)


def failed(query: Query, error: UpstreamError) -> Outcome:
    """Return that no upstream could be made to answer."""
    why: ExtendedError | None
    match error:
        case UpstreamFailed():
            why = error.why  # what the upstream said of it, that a signature is broken say
        case UpstreamSilent():
            why = ExtendedError(ExtendedErrorCode.NO_REACHABLE_AUTHORITY)
        case UpstreamUnreachable():
            why = ExtendedError(ExtendedErrorCode.NETWORK_ERROR)
        case _:
            why = None  # we were too busy to ask, which is no fault of the network
    return Outcome(answers.negative_answer(query, Rcode.SERVFAIL, why=why))


def seconds_until(end: datetime, moment: datetime) -> int:
    """Return the whole seconds from *moment* to *end*, in [0, 2**31)."""
    return max(0, min(int((end - moment).total_seconds()), _LONGEST_TTL_S))


def _answered(
    asked: Asked,
    decision: Decision,
    *,
    octets: bytes,
    ttls: tuple[Ttl, ...],
    lasts_s: int,
    reply: Reply,
    chain: tuple[DomainName, ...],
) -> Outcome:
    return Outcome(
        octets,
        ttls=ttls,
        lasts_s=lasts_s,
        addresses=reply.addresses,
        asked=asked,
        decision=decision,
        chain=chain,
    )


def _bounds(asked: Asked, decision: Decision, held: Held) -> tuple[int, int]:
    """Return the longest TTL that *held* may be given with, and how long all that lasts."""
    until_s = asked.reach.ttl_within(seconds_until(decision.valid_until, asked.moment))
    # A reply that was written anew has its old TTLs again.
    cap_s = min(STALE_TTL_S, until_s) if held.is_stale else until_s
    return cap_s, max(0, min(held.lasts_s, until_s))


def _short_bounds(asked: Asked, decision: Decision) -> tuple[int, int]:
    """Return the TTL of an answer of our own making, and how long it may keep that."""
    until_s = seconds_until(decision.valid_until, asked.moment)
    ttl_s = min(BLOCKED_TTL_S, until_s)
    return ttl_s, min(until_s - ttl_s, REASON_LASTS_S)


def _remark(held: Held) -> ExtendedError | None:
    """Return what is to be said of what is *held*, beside that it is allowed."""
    if held.is_stale:
        # RFC 8914 sections 4.4 and 4.20.
        is_name_error = held.reply.rcode is Rcode.NXDOMAIN
        return ExtendedError(
            ExtendedErrorCode.STALE_NAME_ERROR if is_name_error else ExtendedErrorCode.STALE_ANSWER
        )
    return REBINDING if held.reply.removed_addresses else None
