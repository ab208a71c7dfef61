"""
Which of several sockets on one port a client reaches: always the same, by its address.

What a worker knows of a client (its finished answers, how much it asks, what it was told) is
whole only where all of its queries arrive. The kernel's own choice goes by the source port too,
so we give it a program of classic BPF that hashes the source address and nothing else. Where the
kernel does not take it, its own choice stands: clients are served all the same.
"""

import array
import socket
import struct
from itertools import pairwise
from typing import Final

import structlog

_SO_ATTACH_REUSEPORT_CBPF: Final = 51  # asm-generic/socket.h
_NETWORK_HEADER: Final = 0x1_0000_0000 - 0x10_0000  # SKF_NET_OFF: offsets from the IP header
_IPV4_SOURCE: Final = 12
_IPV6_SOURCE: Final = (8, 12, 16, 20)
# Knuth's multiplier: addresses that follow one another are spread over all of the sockets.
_MULTIPLIER: Final = 0x9E37_79B1

# linux/bpf_common.h and linux/filter.h
_LOAD_WORD, _LOAD_OCTET, _KEEP_AS_X = 0x20, 0x30, 0x07
_MULTIPLY, _SHIFT_RIGHT, _XOR_WITH_X = 0x24, 0x74, 0xAC
_JUMP_IF_EQUAL, _RETURN = 0x15, 0x16

Instruction = tuple[int, int, int, int]

log = structlog.get_logger(__name__)


def program_for(sockets: int) -> tuple[Instruction, ...]:
    """Return the program that returns the number of one of *sockets*: (code, yes, no, value)."""
    # The four words of an IPv6 address, each joined to those before.
    words = [_NETWORK_HEADER + at for at in _IPV6_SOURCE]
    ipv6: list[Instruction] = [(_LOAD_WORD, 0, 0, words[0])]
    for _, word in pairwise(words):
        ipv6 += [(_KEEP_AS_X, 0, 0, 0), (_LOAD_WORD, 0, 0, word), (_XOR_WITH_X, 0, 0, 0)]
    ipv4: list[Instruction] = [(_LOAD_WORD, 0, 0, _NETWORK_HEADER + _IPV4_SOURCE)]
    choice: list[Instruction] = [
        (_MULTIPLY, 0, 0, _MULTIPLIER),
        # The upper half of the product depends on every octet. What part of all its values it is
        # at, and not what a division leaves over, spreads neighbours evenly over three as well.
        (_SHIFT_RIGHT, 0, 0, 16),
        (_MULTIPLY, 0, 0, sockets),
        (_SHIFT_RIGHT, 0, 0, 16),
        (_RETURN, 0, 0, 0),
    ]
    return (
        (_LOAD_OCTET, 0, 0, _NETWORK_HEADER),
        (_SHIFT_RIGHT, 0, 0, 4),
        (_JUMP_IF_EQUAL, 0, len(ipv6) + len(choice), 6),
        *ipv6,
        *choice,
        *ipv4,
        *choice,
    )


def keep_clients_together(bound: socket.socket, sockets: int) -> bool:
    """
    Have each client's packets reach one of the *sockets* that share *bound*'s port.

    Say whether the kernel does so; where it does not, that is logged.
    """
    instructions = program_for(sockets)
    octets = array.array("B", b"".join(struct.pack("HBBI", *each) for each in instructions))
    # struct sock_fprog: how many instructions there are, and where.
    program = struct.pack("HP", len(instructions), octets.buffer_info()[0])
    try:
        bound.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, program)
    except OSError as error:
        log.warning("a client may reach several workers", cause=str(error), kind=bound.type.name)
        return False
    return True
