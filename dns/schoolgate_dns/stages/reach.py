"""
What a client can reach: where its ways are opened one by one, nothing else is worth telling.

The firewall knows a device on the gateway's own link by its hardware, so a query over one family
opens ways in both. Behind another router it knows addresses alone: asked over IPv4, it cannot say
which IPv6 address is the same device's. Such clients are told of no addresses in the family that
they did not ask over, and use the other, unless the school's plan maps one to the other.
"""

from typing import Final

from schoolgate_dns.messages.record_types import RecordType

# All ways are open for the same time (`finished.egress`), so no answer may be kept for longer.
LONGEST_TTL_OF_HELD_S: Final = 900


class Reach:
    """
    Whether a client's ways to *ipv4* and to *ipv6* addresses can be opened.

    One that *is_held* goes nowhere but by a way that was opened for an answer. There are those
    below and no others.
    """

    __slots__ = ("ipv4", "ipv6", "is_held")

    def __init__(self, *, ipv4: bool = True, ipv6: bool = True, is_held: bool = False) -> None:
        self.ipv4: Final = ipv4
        self.ipv6: Final = ipv6
        self.is_held: Final = is_held

    def withholds(self, record_type: int) -> bool:
        """Whether records of *record_type* lead where this client cannot go."""
        match record_type:
            case RecordType.A:
                return not self.ipv4
            case RecordType.AAAA:
                return not self.ipv6
            case _:
                return False

    def ttl_within(self, ttl_s: int) -> int:
        """Return *ttl_s*, or for how long a way is sure to be open if that is less."""
        return min(ttl_s, LONGEST_TTL_OF_HELD_S) if self.is_held else ttl_s


EVERYWHERE: Final = Reach()
HELD: Final = Reach(is_held=True)
HELD_TO_IPV4: Final = Reach(ipv6=False, is_held=True)
HELD_TO_IPV6: Final = Reach(ipv4=False, is_held=True)
