"""What became of a query: the answer, and all that giving it again needs."""

from typing import Final

from schoolgate_dns.messages import Rcode, Ttl
from schoolgate_dns.native import mypyc_attr
from schoolgate_dns.stages.asked import Asked
from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.names import DomainName


@mypyc_attr(acyclic=True)
class Outcome:
    """
    An answer that is finished but for its id and its fitting to UDP.

    *octets* has id 0. *ttls* are the TTLs in it that count down. For
    *lasts_s* whole seconds it may be given again to every subject alike; 0 is never. *addresses*
    are those, packed, that its A and AAAA records lead to but for the gateway's own. *asked* and
    *decision* are None where no subject was looked at, so that nothing is recorded; *chain* are
    the aliases behind the name, judged as well but for safe search's own. *is_blocked* is what
    became of the decision here, *is_steered* whether it leads to the proxy.
    """

    __slots__ = (
        "addresses",
        "asked",
        "chain",
        "decision",
        "is_blocked",
        "is_steered",
        "lasts_s",
        "octets",
        "ttls",
    )

    def __init__(
        self,
        octets: bytes,
        *,
        ttls: tuple[Ttl, ...] = (),
        lasts_s: int = 0,
        addresses: tuple[bytes, ...] = (),
        asked: Asked | None = None,
        decision: Decision | None = None,
        chain: tuple[DomainName, ...] = (),
        is_blocked: bool = False,
        is_steered: bool = False,
    ) -> None:
        self.octets: Final = octets
        self.ttls: Final = ttls
        self.lasts_s: Final = lasts_s
        self.addresses: Final = addresses
        self.asked: Final = asked
        self.decision: Final = decision
        self.chain: Final = chain
        self.is_blocked: Final = is_blocked
        self.is_steered: Final = is_steered

    def cut_short(self, octets: bytes) -> "Outcome":
        """Return the same with *octets*, in which no TTL stands."""
        return Outcome(
            octets,
            lasts_s=self.lasts_s,
            addresses=self.addresses,
            asked=self.asked,
            decision=self.decision,
            chain=self.chain,
            is_blocked=self.is_blocked,
            is_steered=self.is_steered,
        )


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
