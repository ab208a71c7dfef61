"""A client's address: as the kernel packs it, as a socket gives it, and as registers write it."""

import ipaddress
import socket


def client_address(address: str) -> str:
    """Return the address of a peer as registers write it: no zone, IPv4 as IPv4."""
    if ":" not in address:
        return address
    parsed = ipaddress.IPv6Address(address.partition("%")[0])
    return str(parsed if parsed.ipv4_mapped is None else parsed.ipv4_mapped)


def address_of(packed: bytes) -> str:
    """Return a packed address as registers write it."""
    if len(packed) == 4:  # noqa: PLR2004 - an IPv4 address has four octets
        return socket.inet_ntop(socket.AF_INET, packed)
    return client_address(socket.inet_ntop(socket.AF_INET6, packed))


def packed_address(address: str) -> bytes:
    """Return an address, as registers write it, packed. Raises OSError for any other text."""
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
