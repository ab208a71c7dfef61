"""What became of a query: the answer, all that giving it again needs, and who works it out."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, runtime_checkable

import msgspec

from schoolgate_dns.messages import Rcode, Ttl
from schoolgate_dns.stages.asked import Asked
from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.names import DomainName


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """
    An answer that is finished but for its id and its fitting to UDP.

    *octets* has id 0. *ttls* are the TTLs in it that count down. For
    *lasts_s* whole seconds it may be given again to every subject alike; 0 is never. *addresses*
    are those, packed, that its A and AAAA records lead to but for the gateway's own. *asked* and
    *decision* are None where no subject was looked at, so that nothing is recorded; *chain* are
    the aliases behind the name, judged as well but for safe search's own. *is_blocked* is what
    became of the decision here, *is_steered* whether it leads to the proxy.
    """

    octets: bytes
    ttls: tuple[Ttl, ...] = ()
    lasts_s: int = 0
    addresses: tuple[bytes, ...] = ()
    asked: Asked | None = None
    decision: Decision | None = None
    chain: tuple[DomainName, ...] = ()
    is_blocked: bool = False
    is_steered: bool = False


class Outcomes(Protocol):
    """Whoever works on a query; `answering.Answering` in the running point."""

    async def outcome(self, octets: bytes, client: str, *, over_udp: bool) -> Outcome | None:
        """Return what becomes of *octets*, None for silence. Never raises."""
        ...


@runtime_checkable
class CallingOutcomes(Outcomes, Protocol):
    """Outcomes that need no task for an ordinary query."""

    def start(
        self, octets: bytes, client: str, done: Callable[[Outcome | None], None]
    ) -> Coroutine[Any, Any, Outcome | None] | None:
        """
        Do what `outcome` does over UDP, and tell *done* what that returns, perhaps at once.

        Return what has to be awaited for it instead where a call cannot tell. Never raises.
        """
        ...


def kind_of(outcome: Outcome | None) -> str:
    """Return by which word *outcome* is counted; None is silence."""
    if outcome is None:
        return "dropped"
    if outcome.is_steered:
        return "steered"
    if outcome.is_blocked:
        return "blocked"
    match outcome.octets[3] & 0xF:
        case Rcode.SERVFAIL:
            return "failed"
        case Rcode.REFUSED | Rcode.FORMERR | Rcode.NOTIMP:
            return "refused"
        case _:
            return "answered"
