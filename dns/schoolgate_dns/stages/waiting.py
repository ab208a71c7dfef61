"""A query that goes on when an upstream has said something."""

from typing import Final

from schoolgate_dns.errors import UpstreamError
from schoolgate_dns.messages import Lookup
from schoolgate_dns.native import mypyc_attr
from schoolgate_dns.replies.held import Held
from schoolgate_dns.stages.asked import Asked
from schoolgate_dns.tunnels.passage import Passage
from schoolgate_policyd.core.decision import Decision

Found = Held | UpstreamError
"""What came of asking, or of what is remembered of it."""


@mypyc_attr(acyclic=True)
class Waiting:
    """What was *asked*, allowed by *decision*; *passage* and *lookup* are what it goes on with."""

    __slots__ = ("asked", "decision", "lookup", "passage")

    def __init__(
        self, asked: Asked, decision: Decision, passage: Passage | None, lookup: Lookup
    ) -> None:
        self.asked: Final = asked
        self.decision: Final = decision
        self.passage: Final = passage
        self.lookup: Final = lookup


@mypyc_attr(acyclic=True)
class Suspended:
    """The message *octets* from the address *client*, which is *waiting*."""

    __slots__ = ("client", "octets", "over_udp", "waiting")

    def __init__(self, octets: bytes, client: str, waiting: Waiting, *, over_udp: bool) -> None:
        self.octets: Final = octets
        self.client: Final = client
        self.over_udp: Final = over_udp
        self.waiting: Final = waiting
