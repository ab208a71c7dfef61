"""
Which addresses lead to the inside: of the school, of a device, of nobody on the internet.

The documentation's ranges are not among them: they lead nowhere, inside as outside.
Sources: the IANA registries of special-purpose addresses; RFC 4291, RFC 3056, RFC 4380, RFC 6052.
"""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

IsInside = Callable[[bytes], bool]
"""Whether a packed address is of the inside."""

_IPV4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host: reaches what listens on the device itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared, behind a provider's translation
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_BENCHMARKING: Final = IPv6Network("2001:2::/48").network_address.packed[:6]
_TEREDO: Final = b"\x20\x01\0\0"
_6TO4 = b"\x20\x02"
_MAPPED: Final = bytes(10) + b"\xff\xff"
_NAT64: Final = b"\0\x64\xff\x9b" + bytes(8)
_GLOBAL_UNICAST: Final = 1  # the upper three bits: 2000::/3 is all that is allocated
_IPV4_OCTETS: Final = 4


def _by_first_octet() -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return (mask, network) of the networks that begin with each octet."""
    return tuple(
        tuple(
            (int(network.netmask), int(network.network_address))
            for network in _IPV4
            if network.overlaps(IPv4Network((first << 24, 8)))
        )
        for first in range(256)
    )


_IPV4_BY_FIRST_OCTET: Final = _by_first_octet()


def is_inside(address: bytes) -> bool:
    """Whether the packed *address*, of four or sixteen octets, leads inside, however spelt."""
    if len(address) == _IPV4_OCTETS:
        networks = _IPV4_BY_FIRST_OCTET[address[0]]
        if not networks:
            return False
        number = int.from_bytes(address)
        return any(number & mask == network for mask, network in networks)
    if address[0] >> 5 != _GLOBAL_UNICAST:
        # All the rest is local, multicast, reserved, or a spelling of an IPv4 address.
        return not address.startswith((_MAPPED, _NAT64)) or is_inside(address[12:])
    if address.startswith(_6TO4):
        return is_inside(address[2:6])
    if address.startswith(_TEREDO):
        # The client's own address has its bits inverted.
        client = bytes(octet ^ 0xFF for octet in address[12:])
        return is_inside(address[4:8]) or is_inside(client)
    return address.startswith(_BENCHMARKING)


def inside_but(permitted: Iterable[str]) -> IsInside:
    """Return `is_inside`, but for the ranges *permitted*, each an address and a prefix length."""
    ranges = [ip_network(each) for each in permitted]
    if not ranges:
        return is_inside

    def is_inside_and_not_permitted(address: bytes) -> bool:
        if not is_inside(address):
            return False
        asked = ip_address(address)
        return not any(asked in each for each in ranges)

    return is_inside_and_not_permitted
