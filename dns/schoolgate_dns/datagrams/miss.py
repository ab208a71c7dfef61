"""A datagram that nothing finished fits."""

from typing import Final

from schoolgate_dns.datagrams.slots import Sender
from schoolgate_dns.native import mypyc_attr


@mypyc_attr(acyclic=True)
class Miss:
    """A datagram that needs work: *octets* from *sender*, whose packed address is *packed*."""

    __slots__ = ("octets", "packed", "sender")

    def __init__(self, octets: bytes, packed: bytes, sender: Sender) -> None:
        self.octets: Final = octets
        self.packed: Final = packed
        self.sender: Final = sender
