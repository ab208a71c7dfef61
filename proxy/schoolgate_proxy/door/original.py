"""
Whom an intercepted connection was meant for, before the firewall brought it here.

Its port is the one to connect to; its address is evidence and nothing else.
"""

import socket
import struct
from dataclasses import dataclass

# Source: linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h; the number is the same.
_ORIGINAL_DST = 80
_IPV4 = struct.Struct("!2xH4s8x")
_IPV6 = struct.Struct("!2xH4x16s4x")


@dataclass(frozen=True, slots=True)
class Original:
    """The address and port that the client connected to; whether it *was_brought* from there."""

    address: str
    port: int
    was_brought: bool


def original_of(connection: socket.socket) -> Original:
    """Return whom *connection* was meant for: ourselves, unless the firewall brought it."""
    address, port, *_ = connection.getsockname()
    if connection.family == socket.AF_INET6:
        level, shape = socket.IPPROTO_IPV6, _IPV6
    else:
        level, shape = socket.IPPROTO_IP, _IPV4
    try:
        meant_port, packed = shape.unpack(connection.getsockopt(level, _ORIGINAL_DST, shape.size))
    except OSError:
        # The kernel follows no connections, or not this one: nothing can have brought it.
        return Original(address, port, was_brought=False)
    meant = socket.inet_ntop(connection.family, packed)
    return Original(meant, meant_port, was_brought=(meant, meant_port) != (address, port))
