"""
Programs of classic BPF, which the kernel runs on each packet that comes to one of our sockets.

Whoever owns a socket may give it such programs; they need no privilege. They read no more of a
packet than the address that it came from.
"""

import array
import socket
import struct
from collections.abc import Sequence
from typing import Final

# As `struct sock_filter` has it: code, how far to jump if it holds, how far if not, value.
type Instruction = tuple[int, int, int, int]

# linux/bpf_common.h and linux/filter.h
LOAD_WORD, LOAD_OCTET, KEEP_AS_X = 0x20, 0x30, 0x07
MULTIPLY, SHIFT_RIGHT, XOR_WITH_X = 0x24, 0x74, 0xAC
JUMP_IF_EQUAL, JUMP_IF_AT_LEAST = 0x15, 0x35
RETURN, RETURN_VALUE = 0x16, 0x06
# Offsets of words: from the IP header on (SKF_NET_OFF), and of a number drawn by chance.
NETWORK_HEADER: Final = 0x1_0000_0000 - 0x10_0000
RANDOM: Final = 0x1_0000_0000 - 0x1000 + 56
# Where the words of the source address stand in the IP header.
IPV4_SOURCE: Final = NETWORK_HEADER + 12
IPV6_SOURCE: Final = tuple(NETWORK_HEADER + at for at in (8, 12, 16, 20))

_IPV6: Final = 6


def by_family(ipv4: Sequence[Instruction], ipv6: Sequence[Instruction]) -> tuple[Instruction, ...]:
    """Return the program that is *ipv6* for packets of IPv6, at most 255 long, else *ipv4*."""
    return (
        (LOAD_OCTET, 0, 0, NETWORK_HEADER),
        (SHIFT_RIGHT, 0, 0, 4),
        (JUMP_IF_EQUAL, 0, len(ipv6), _IPV6),
        *ipv6,
        *ipv4,
    )


def attach(own: socket.socket, option: int, program: Sequence[Instruction]) -> None:
    """Give *own* the *program* by a socket *option* that takes one. Raises OSError if refused."""
    octets = array.array("B", b"".join(struct.pack("HBBI", *each) for each in program))
    # struct sock_fprog: how many instructions there are, and where.
    own.setsockopt(
        socket.SOL_SOCKET, option, struct.pack("HP", len(program), octets.buffer_info()[0])
    )
