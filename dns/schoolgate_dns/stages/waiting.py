"""A query that goes on when an upstream has said something."""

import msgspec

from schoolgate_dns.errors import UpstreamError
from schoolgate_dns.messages import Lookup
from schoolgate_dns.stages.asked import Asked
from schoolgate_dns.stages.resolving import Held
from schoolgate_dns.tunnels.passage import Passage
from schoolgate_policyd.core.decision import Decision

Found = Held | UpstreamError
"""What came of asking, or of what is remembered of it."""


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """What was *asked*, allowed by *decision*; *passage* and *lookup* are what it goes on with."""

    asked: Asked
    decision: Decision
    passage: Passage | None
    lookup: Lookup


class Suspended(msgspec.Struct, frozen=True, gc=False):
    """The message *octets* from the address *client*, which is *waiting*."""

    octets: bytes
    client: str
    over_udp: bool
    waiting: Waiting
