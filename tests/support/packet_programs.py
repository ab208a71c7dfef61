"""Runs programs of classic BPF, as the kernel does: the few instructions that ours have."""

import ipaddress
from collections.abc import Sequence

from schoolgate_dns.packet_programs import Instruction

SKF_NET_OFF = 0x1_0000_0000 - 0x10_0000
RANDOM = 0x1_0000_0000 - 0x1000 + 56


def result_of(program: Sequence[Instruction], packet: bytes, drawn: int = 0) -> int:
    """
    Run *program* as the kernel does, with *packet* from its IP header on.

    *drawn* is what it draws by chance.
    """
    a = x = at = 0
    while True:
        code, yes, no, value = program[at]
        at += 1
        match code:
            case 0x20 | 0x30:
                a = drawn if value == RANDOM else _loaded(packet, code, value - SKF_NET_OFF)
            case 0x07:
                x = a
            case 0x24 | 0x74 | 0xAC:
                a = {0x24: a * value & 0xFFFF_FFFF, 0x74: a >> (value & 31), 0xAC: a ^ x}[code]
            case 0x15 | 0x35:
                at += yes if (a == value if code == 0x15 else a >= value) else no
            case 0x16 | 0x06:
                return a if code == 0x16 else value
            case _:
                raise AssertionError(code)


def _loaded(packet: bytes, code: int, at: int) -> int:
    return int.from_bytes(packet[at : at + 4]) if code == 0x20 else packet[at]


def packet_from(source: str, port: int = 5353) -> bytes:
    """Return the first octets of a packet, from its IP header on."""
    packed = ipaddress.ip_address(source).packed
    head = b"\x45" + bytes(11) if len(packed) == 4 else b"\x60" + bytes(7)
    return head + packed + bytes(len(packed)) + port.to_bytes(2) + bytes(6)
