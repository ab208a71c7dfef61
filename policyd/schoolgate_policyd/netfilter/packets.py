"""The head of an IP packet, as much of it as was logged: every octet is a stranger's."""

from typing import NamedTuple

_TCP = 6
_UDP = 17
_IPV4_HEAD = 20
_IPV6_HEAD = 40
# Hop-by-hop options, routing and destination options: a kind, a length in eights, options.
_EXTENSIONS = frozenset({0, 43, 60})
_FRAGMENT = 44
_AUTHENTICATION = 51
_MOST_EXTENSIONS = 8
_IPV4_OFFSET_BITS = 0x1FFF
_IPV6_OFFSET_BITS = 0xFFF8


class PacketHead(NamedTuple):
    """Who sent a packet to whom; the ports are those of TCP and UDP, where they were seen."""

    source: bytes
    destination: bytes
    protocol: int
    source_port: int | None
    destination_port: int | None


def packet_head(octets: bytes) -> PacketHead | None:
    """Return the head of the packet that begins with *octets*; None if it is not one of IP."""
    match octets[0] >> 4 if octets else 0:
        case 4:
            return _ipv4_head(octets)
        case 6:
            return _ipv6_head(octets)
        case _:
            return None


def _ipv4_head(octets: bytes) -> PacketHead | None:
    length = (octets[0] & 0x0F) * 4
    if length < _IPV4_HEAD or len(octets) < _IPV4_HEAD:
        return None
    protocol = octets[9]
    # Only the first fragment has ports; what stands in their place in others is the sender's.
    is_first = not int.from_bytes(octets[6:8]) & _IPV4_OFFSET_BITS
    ports = _ports(octets, length, protocol) if is_first else (None, None)
    return PacketHead(octets[12:16], octets[16:20], protocol, *ports)


def _ipv6_head(octets: bytes) -> PacketHead | None:
    if len(octets) < _IPV6_HEAD:
        return None
    protocol, at, is_first = octets[6], _IPV6_HEAD, True
    for _ in range(_MOST_EXTENSIONS):
        if at + 8 > len(octets):
            break
        if protocol in _EXTENSIONS:
            length = (octets[at + 1] + 1) * 8
        elif protocol == _AUTHENTICATION:
            length = (octets[at + 1] + 2) * 4
        elif protocol == _FRAGMENT:
            length = 8
            is_first = not int.from_bytes(octets[at + 2 : at + 4]) & _IPV6_OFFSET_BITS
        else:
            break
        protocol, at = octets[at], at + length
        if not is_first:
            break
    ports = _ports(octets, at, protocol) if is_first else (None, None)
    return PacketHead(octets[8:24], octets[24:40], protocol, *ports)


def _ports(octets: bytes, at: int, protocol: int) -> tuple[int | None, int | None]:
    if protocol not in {_TCP, _UDP} or at + 4 > len(octets):
        return None, None
    return int.from_bytes(octets[at : at + 2]), int.from_bytes(octets[at + 2 : at + 4])
