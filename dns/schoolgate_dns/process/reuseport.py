"""
Which of several sockets on one port a client reaches: always the same, by its address.

What a worker knows of a client (its finished answers, how much it asks, what it was told) is
whole only where all of its queries arrive. The kernel's own choice goes by the source port too,
so we give it a program of classic BPF that hashes the source address and nothing else. Where the
kernel does not take it, its own choice stands: clients are served all the same.
"""

import socket
from itertools import pairwise
from typing import Final

import structlog

from schoolgate_dns.packet_programs import (
    IPV4_SOURCE,
    IPV6_SOURCE,
    KEEP_AS_X,
    LOAD_WORD,
    MULTIPLY,
    RETURN,
    SHIFT_RIGHT,
    XOR_WITH_X,
    Instruction,
    attach,
    by_family,
)

_SO_ATTACH_REUSEPORT_CBPF: Final = 51  # asm-generic/socket.h
# Knuth's multiplier: addresses that follow one another are spread over all of the sockets.
_MULTIPLIER: Final = 0x9E37_79B1

log = structlog.get_logger(__name__)


def program_for(sockets: int) -> tuple[Instruction, ...]:
    """Return the program that returns the number of one of *sockets*."""
    # The four words of an IPv6 address, each joined to those before.
    ipv6: list[Instruction] = [(LOAD_WORD, 0, 0, IPV6_SOURCE[0])]
    for _, word in pairwise(IPV6_SOURCE):
        ipv6 += [(KEEP_AS_X, 0, 0, 0), (LOAD_WORD, 0, 0, word), (XOR_WITH_X, 0, 0, 0)]
    choice: list[Instruction] = [
        (MULTIPLY, 0, 0, _MULTIPLIER),
        # The upper half of the product depends on every octet. What part of all its values it is
        # at, and not what a division leaves over, spreads neighbours evenly over three as well.
        (SHIFT_RIGHT, 0, 0, 16),
        (MULTIPLY, 0, 0, sockets),
        (SHIFT_RIGHT, 0, 0, 16),
        (RETURN, 0, 0, 0),
    ]
    return by_family(ipv4=[(LOAD_WORD, 0, 0, IPV4_SOURCE), *choice], ipv6=[*ipv6, *choice])


def keep_clients_together(bound: socket.socket, sockets: int) -> bool:
    """
    Have each client's packets reach one of the *sockets* that share *bound*'s port.

    Say whether the kernel does so; where it does not, that is logged.
    """
    try:
        attach(bound, _SO_ATTACH_REUSEPORT_CBPF, program_for(sockets))
    except OSError as error:
        log.warning("a client may reach several workers", cause=str(error), kind=bound.type.name)
        return False
    return True
