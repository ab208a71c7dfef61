"""
By which address a device is known: the IPv4 address of the same hardware, if there is one.

Registers, claims, grants and restrictions name a device by its IPv4 address. A device on the
gateway's own link that asks or connects over IPv6, from any of the addresses it gives itself, is
the same device; behind another router nothing shows that, and it is known by what it uses.
"""

from ipaddress import IPv6Address

from schoolgate_policyd.netfilter.neighbours import Neighbours

_MOST_CACHED = 4096
_LONGEST_ADDRESS = 64


class Identities:
    """What registers, claims and grants call the devices that use an address."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        self._cached: dict[str, str] = {}
        self._cached_at = -1

    def known_as(self, address: str) -> str:
        """
        Return the address by which the device that uses *address* is known, spelled canonically.

        What is no IPv6 address is returned as it is.
        """
        if ":" not in address:
            return address
        if self._cached_at != self._neighbours.changes or len(self._cached) >= _MOST_CACHED:
            self._cached.clear()
        known = self._cached.get(address)
        if known is None:
            known = self._found(address)
            self._cached[address] = known
            # Looking may have taken in changes, which what was cached before did not know of.
            if self._cached_at != self._neighbours.changes:
                self._cached = {address: known}
                self._cached_at = self._neighbours.changes
        return known

    def _found(self, address: str) -> str:
        if len(address) > _LONGEST_ADDRESS:
            return address
        try:
            ipv6 = IPv6Address(address)
        except ValueError:
            return address
        if ipv6.ipv4_mapped is not None:
            return str(ipv6.ipv4_mapped)
        ipv4 = self._neighbours.ipv4_of(ipv6.packed)
        # Without its scope: an address of a link is compared with those that were written down.
        return str(IPv6Address(ipv6.packed)) if ipv4 is None else ".".join(map(str, ipv4))
