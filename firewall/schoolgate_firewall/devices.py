"""
Which addresses belong to one device, and by which of them registers know it.

On the gateway's own links the hardware address says so; behind another router the school's plan
does, where it maps both families to each other.
"""

from typing import Protocol

from schoolgate_policyd.netfilter.mappings import Mappings
from schoolgate_policyd.netfilter.neighbours import Link


class Neighbourhood(Protocol):
    """Who is on the gateway's own links: `netfilter.neighbours.Neighbours`."""

    @property
    def changes(self) -> int:
        """A number that grows with every change of what is known."""
        ...

    def link_of(self, packed: bytes) -> Link | None:
        """Return whose address it is, None where nobody's."""
        ...

    def addresses_of(self, link: Link) -> frozenset[bytes]:
        """Return the addresses, packed, of a device."""
        ...


class Identified(Protocol):
    """By which address a neighbour is known: `netfilter.identity.Identities`."""

    def known_as(self, address: str) -> str:
        """Return the address by which the device that uses *address* is known."""
        ...


class Devices:
    """The devices that the gateway sees, by their addresses."""

    def __init__(
        self, neighbours: Neighbourhood, identities: Identified, mappings: Mappings
    ) -> None:
        self._neighbours = neighbours
        self._identities = identities
        self._mappings = mappings

    @property
    def changes(self) -> int:
        """A number that is another one whenever another device may have an address."""
        return self._neighbours.changes

    def known_as(self, address: str) -> str:
        """Return the address by which the device that uses *address* is known."""
        return self._mappings.known_as(self._identities.known_as(address))

    def link_of(self, address: bytes) -> Link | None:
        """Return on which of the gateway's own links *address* is, None where on none."""
        return self._neighbours.link_of(address)

    def addresses_of(self, link: Link) -> frozenset[bytes]:
        """Return the addresses, packed, of the device on *link*."""
        return self._neighbours.addresses_of(link)

    def addresses_with(self, address: bytes, network: str) -> frozenset[bytes]:
        """Return the addresses, packed, of whoever has *address*, in the network of that id."""
        link = self._neighbours.link_of(address)
        if link is not None:
            return self._neighbours.addresses_of(link) | {address}
        other = self._mappings.other_of(address, network)
        return frozenset({address} if other is None else {address, other})
