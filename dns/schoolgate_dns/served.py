"""
Whom this point serves, and what becomes of everybody else.

An open resolver is a weapon: whoever forges the address of a victim has it send the victim
answers. So those outside the school's address ranges are not served. They are told so (REFUSED,
with the extended error Prohibited), since silence makes an honest device that is misplaced try
for seconds and its owner look in the wrong place (RFC 8906 section 3 asks for an answer too); but
only so often, network by network and in all, that what a forged source is sent amounts to nothing.
A refusal is of a header and the few octets that say why, hardly more than was sent for it.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

MAX_REMEMBERED: Final = 8192
PER_NETWORK_PER_S: Final = 2.0
PER_NETWORK_AT_ONCE: Final = 5.0
IN_ALL_PER_S: Final = 50.0
IN_ALL_AT_ONCE: Final = 100.0
MAX_NETWORKS: Final = 1024
# Who shares such a network shares a line or a building: it is as one asks, or is forged.
_IPV4_NETWORK_OCTETS: Final = 3
_IPV6_NETWORK_OCTETS: Final = 7

_Range = tuple[int, int, int]  # version, network, mask


class Served:
    """The addresses in *ranges*, each an address and a prefix length: `address in served`."""

    def __init__(self, ranges: tuple[str, ...]) -> None:
        self._ranges: list[_Range] = []
        for text in ranges:
            network = ipaddress.ip_network(text)
            mask, first = int(network.netmask), int(network.network_address)
            self._ranges.append((network.version, first, mask))
        self._known: dict[str, bool] = {}

    def __contains__(self, address: str) -> bool:
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= MAX_REMEMBERED:
                # Forged sources are without end, and an address is looked at in microseconds.
                self._known.clear()
            known = self._known[address] = self._looked_up(address)
        return known

    def _looked_up(self, text: str) -> bool:
        try:
            address = _parsed(text)
        except ValueError:
            return False
        number = int(address)
        return any(
            version == address.version and number & mask == first
            for version, first, mask in self._ranges
        )


class _Bucket:
    """Lets through *at_once*, and from then on *per_s*; times are of a monotonic clock."""

    __slots__ = ("_at_once", "_at_s", "_left", "_per_s")

    def __init__(self, per_s: float, at_once: float, now_s: float) -> None:
        self._per_s, self._at_once = per_s, at_once
        self._left, self._at_s = at_once, now_s

    def has_one(self, now_s: float) -> bool:
        left = self._left + (now_s - self._at_s) * self._per_s
        self._left, self._at_s = min(left, self._at_once), now_s
        return self._left >= 1.0

    def take(self) -> None:
        self._left -= 1.0


class Outsiders:
    """
    Decides which of those who are not served are told so; *monotonic* gives seconds.

    *refused* counts who was told, *ignored* who was not.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.refused = 0
        self.ignored = 0
        self._monotonic = monotonic
        self._all = _Bucket(IN_ALL_PER_S, IN_ALL_AT_ONCE, monotonic())
        self._networks: OrderedDict[bytes, _Bucket] = OrderedDict()

    def may_be_told(self, address: str, *, is_proven: bool = False) -> bool:
        """
        Whether a query from *address* is answered with a refusal; False is silence.

        *is_proven* says that the address cannot be forged, since it came over a connection.
        """
        if is_proven or self._is_seldom(address):
            self.refused += 1
            return True
        self.ignored += 1
        return False

    def _is_seldom(self, address: str) -> bool:
        now_s = self._monotonic()
        try:
            network = _network_of(address)
        except ValueError:
            return False
        bucket = self._networks.get(network)
        if bucket is None:
            bucket = self._networks[network] = _Bucket(
                PER_NETWORK_PER_S, PER_NETWORK_AT_ONCE, now_s
            )
            # A flood of networks pushes others out; how many are told in all bounds it then.
            if len(self._networks) > MAX_NETWORKS:
                self._networks.popitem(last=False)
        else:
            self._networks.move_to_end(network)
        if not (bucket.has_one(now_s) and self._all.has_one(now_s)):
            return False
        bucket.take()
        self._all.take()
        return True


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address without its zone, one of IPv4 as such. Raises ValueError."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _network_of(text: str) -> bytes:
    address = _parsed(text)
    is_ipv4 = isinstance(address, ipaddress.IPv4Address)
    return address.packed[: _IPV4_NETWORK_OCTETS if is_ipv4 else _IPV6_NETWORK_OCTETS]
