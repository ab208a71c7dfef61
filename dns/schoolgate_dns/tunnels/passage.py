"""What becomes of a query that might be a tunnel's: it goes on, or is stopped."""

from typing import Final

from schoolgate_dns.messages import ExtendedError, ExtendedErrorCode
from schoolgate_dns.native import mypyc_attr
from schoolgate_dns.tunnels.below import Below
from schoolgate_dns.tunnels.weight import Weight
from schoolgate_policyd.core.names import DomainName

ATTEMPT: Final = "dns-tunnel"


@mypyc_attr(acyclic=True)
class Stopped:
    """
    A query that is not looked up: *parent* is closed to its client until *until_s*.

    *evidence* says in words what was seen, the same for as long as the parent is closed. It is
    recorded under the parent's name, never under the one asked for, which may carry anything.
    """

    __slots__ = ("evidence", "parent", "until_s")

    def __init__(self, parent: DomainName, evidence: str, until_s: float) -> None:
        self.parent: Final = parent
        self.evidence: Final = evidence
        self.until_s: Final = until_s

    @property
    def why(self) -> ExtendedError:
        """What the client is told beside that the name does not exist."""
        text = f"{ATTEMPT}: names below {self.parent.text} carried more than those of a site"
        return ExtendedError(ExtendedErrorCode.BLOCKED, text)


@mypyc_attr(acyclic=True)
class Passage:
    """A query that goes on: its answer counts *below* by *weight*, with what is *owed* for it."""

    __slots__ = ("below", "owed", "weight")

    def __init__(self, below: Below, weight: Weight, owed: float) -> None:
        self.below: Final = below
        self.weight: Final = weight
        self.owed: Final = owed
