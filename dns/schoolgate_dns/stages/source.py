"""Where a query comes from: an address, and the device that has it as far as that is known."""

from typing import Protocol

import msgspec

from schoolgate_dns.stages.reach import EVERYWHERE, Reach
from schoolgate_policyd.netfilter.neighbour_table import Link


class Source(msgspec.Struct, frozen=True, gc=False):
    """
    The address of a client.

    *known_as* is the address by which registers, claims and events know the same device; *link*
    is where it is, if that is one of the gateway's own links. *packed* is empty where nobody asks
    for it.
    """

    packed: bytes
    known_as: str
    link: Link | None = None


class Links(Protocol):
    """Whoever knows the devices; `ways.links.GatewayLinks` where there is a firewall."""

    @property
    def changes(self) -> int:
        """A number that is another one whenever another device may have an address."""
        ...

    def known_as(self, address: str) -> str:
        """Return the address by which the device at *address* is known."""
        ...

    def source_at(self, address: str) -> Source:
        """Return what is known of *address*, which is as registers write it."""
        ...

    def is_still(self, source: Source) -> bool:
        """Whether *source* is what `source_at` would return now; it costs less to ask."""
        ...

    def reach_of(self, source: Source, network: str) -> Reach:
        """Return what *source*, in the network of that id, can reach."""
        ...


class NoLinks:
    """Nothing is known but addresses: there is no firewall, and everybody reaches everything."""

    changes = 0

    def known_as(self, address: str) -> str:
        """Return *address* itself."""
        return address

    def source_at(self, address: str) -> Source:
        """Return *address* and nothing else."""
        return Source(b"", address)

    def is_still(self, _source: Source) -> bool:
        """Say so: an address is an address."""
        return True

    def reach_of(self, _source: Source, _network: str) -> Reach:
        """Return everything."""
        return EVERYWHERE
