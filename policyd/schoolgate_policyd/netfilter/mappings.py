"""
Networks behind another router, and which IPv6 address belongs to each of their IPv4 addresses.

Of a device behind another router the gateway sees addresses alone. Both families are one device
only where the school's own plan says so: every IPv4 address stands below a prefix of the network.
"""

import ipaddress
import socket
from collections.abc import Iterable

from schoolgate_policyd.settings import NetworkSettings

_IPV4_OCTETS, _PREFIX_OCTETS = 4, 12

_Range = tuple[int, int]  # network, mask


class Mappings:
    """The routed ones of *networks*, and their mappings of both families."""

    def __init__(self, networks: Iterable[NetworkSettings]) -> None:
        self._routed: dict[str, bytes | None] = {}
        self._ranges: dict[bytes, list[_Range]] = {}
        for each in networks:
            if not each.is_routed:
                continue
            prefix = None
            if each.ipv6_mapping is not None:
                whole = ipaddress.IPv6Network(each.ipv6_mapping).network_address
                prefix = whole.packed[:_PREFIX_OCTETS]
                range_ = ipaddress.ip_network(each.cidr)
                if range_.version == 4:  # noqa: PLR2004 - the family that is mapped
                    ends = (int(range_.network_address), int(range_.netmask))
                    self._ranges.setdefault(prefix, []).append(ends)
            self._routed[each.id] = prefix

    def is_routed(self, network: str) -> bool:
        """Whether the network of this id is behind another router."""
        return network in self._routed

    def known_as(self, address: str) -> str:
        """Return the IPv4 address that *address* is mapped from, itself if it is from none."""
        if ":" not in address or not self._ranges:
            return address
        try:
            packed = socket.inet_pton(socket.AF_INET6, address)
        except OSError:
            return address
        ipv4 = self._mapped(packed)
        return address if ipv4 is None else socket.inet_ntop(socket.AF_INET, ipv4)

    def other_of(self, packed: bytes, network: str) -> bytes | None:
        """
        Return the address of the other family of the device at *packed* in *network*.

        Both are packed; None where no mapping says which that is.
        """
        prefix = self._routed.get(network)
        if prefix is None:
            return None
        if len(packed) == _IPV4_OCTETS:
            return prefix + packed
        return self._mapped(packed)

    def _mapped(self, packed: bytes) -> bytes | None:
        """Return the IPv4 address that *packed*, of IPv6, is mapped from, None if from none."""
        ranges = self._ranges.get(packed[:_PREFIX_OCTETS])
        if ranges is None:
            return None
        ipv4 = packed[_PREFIX_OCTETS:]
        number = int.from_bytes(ipv4)
        is_inside = any(number & mask == network for network, mask in ranges)
        return ipv4 if is_inside else None
