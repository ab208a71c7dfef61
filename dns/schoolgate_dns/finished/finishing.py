"""Making an answer that can be given again, and making it right for the second it is given in."""

import struct
from typing import Final

from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.messages import Query
from schoolgate_dns.outcome import Outcome
from schoolgate_policyd.core.decision import Decision

_TTL: Final = struct.Struct(">I")
_END: Final = struct.Struct("=Hq")


def finish(
    outcome: Outcome, key: bytes, query: Query, decision: Decision, now_s: float
) -> FinishedAnswer:
    """
    Return *outcome*, worked out for *query* at *now_s*, as an answer that can be renewed.

    *key* are the octets of *query* but for its id.
    """
    second = int(now_s)
    return FinishedAnswer(
        key=key,
        octets=outcome.octets[2:],
        second=-1,
        until=second + outcome.lasts_s,
        host=query.name,
        type=query.type,
        decision=decision,
        chain=outcome.chain,
        is_blocked=outcome.is_blocked,
        addresses=_in_order(outcome.addresses),
        # One less, so that what is given at the end of a second does not outlast the bell.
        ends=b"".join(_END.pack(each.at - 2, second + each.seconds - 1) for each in outcome.ttls),
    )


def _in_order(addresses: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """One order for all: upstreams turn them round, and that makes no other answer of it."""
    return addresses if len(addresses) <= 1 else tuple(sorted(addresses))


def longest_ttl_s(finished: FinishedAnswer, second: int) -> int:
    """Return for how long at most a client may keep what it is given in *second*."""
    return max((end - second for _, end in _END.iter_unpack(finished.ends)), default=0)


def renew(finished: FinishedAnswer, second: int) -> bool:
    """Make *finished* right for *second*; return False if it may not be given any more."""
    if second >= finished.until:
        return False
    if finished.ends:
        octets = bytearray(finished.octets)
        for at, end in _END.iter_unpack(finished.ends):
            _TTL.pack_into(octets, at, max(0, end - second))
        finished.octets = bytes(octets)
    finished.second = second
    return True
