"""
What the kernel lets into a socket, and how full that is.

A filter drops datagrams before they take a place in the socket, and costs the process that reads
nothing. It is a program of classic BPF, which whoever owns a socket may attach.
"""

import ipaddress
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple

import structlog

from schoolgate_dns.packet_programs import (
    IPV4_SOURCE,
    IPV6_SOURCE,
    JUMP_IF_AT_LEAST,
    JUMP_IF_EQUAL,
    LOAD_WORD,
    RANDOM,
    RETURN_VALUE,
    Instruction,
    attach,
    by_family,
)

# The program of one IPv6 address is twelve instructions, and none may jump over more than 255.
MOST_FILTERED: Final = 16

# asm-generic/socket.h
_SO_ATTACH_FILTER: Final = 26
_SO_DETACH_FILTER: Final = 27
_SO_MEMINFO: Final = 55
# linux/sock_diag.h: numbers of 32 bits, of which these are read.
_MEMINFO: Final = struct.Struct("9I")
_RMEM_ALLOC, _RCVBUF, _DROPS = 0, 1, 8

_IPV4: Final = 4
_DROP, _WHOLE = 0, 0xFFFF_FFFF
_WORD_VALUES: Final = 1 << 32

log = structlog.get_logger(__name__)


class SocketState(NamedTuple):
    """Which part of a socket's room is taken, and how many datagrams it has lost, modulo 2**32."""

    taken: float
    lost: int


class SocketFilter:
    """
    The filter of *own*, a socket of datagrams; what another process left there is taken off.

    Where the system has none, nothing is filtered: that is logged, once.
    """

    def __init__(self, own: socket.socket) -> None:
        self._own = own
        self._is_attached = False
        self._is_refused = False
        # A worker that takes the place of one that died has its sockets.
        with suppress(OSError):
            own.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)

    def state(self) -> SocketState | None:
        """Return the state of the socket; None where the system does not say."""
        try:
            octets = self._own.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
            numbers = _MEMINFO.unpack(octets)
        except (OSError, struct.error) as error:
            self._refused(error)
            return None
        return SocketState(numbers[_RMEM_ALLOC] / numbers[_RCVBUF], numbers[_DROPS])

    def let_through(self, parts: Mapping[bytes, float]) -> None:
        """Let through these *parts* of what clients send, by packed address; of others, all."""
        if not parts and not self._is_attached:
            return
        try:
            if parts:
                attach(self._own, _SO_ATTACH_FILTER, program_for(parts))
            else:
                self._own.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
        except OSError as error:
            self._refused(error)
        else:
            self._is_attached = bool(parts)

    def _refused(self, error: Exception) -> None:
        if not self._is_refused:
            self._is_refused = True
            log.warning(
                "a flood may crowd out others: bound queries in front of DNS", cause=str(error)
            )


def program_for(parts: Mapping[bytes, float]) -> tuple[Instruction, ...]:
    """
    Return the program that lets through *parts* of what addresses send: from 0 to below 1.

    Raises ValueError if there are more than `MOST_FILTERED`.
    """
    if len(parts) > MOST_FILTERED:
        raise ValueError(f"{len(parts)} addresses are more than {MOST_FILTERED}")
    ipv4: list[Instruction] = []
    ipv6: list[Instruction] = []
    for packed, part in parts.items():
        address = ipaddress.ip_address(packed)
        # What comes to a socket of IPv6 over IPv4 has an IPv4 header all the same.
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if address.version == _IPV4:
            ipv4 += _chance_of(address.packed, (IPV4_SOURCE,), part)
        else:
            ipv6 += _chance_of(address.packed, IPV6_SOURCE, part)
    others: Instruction = (RETURN_VALUE, 0, 0, _WHOLE)
    return by_family(ipv4=[*ipv4, others], ipv6=[*ipv6, others])


def _chance_of(packed: bytes, places: tuple[int, ...], part: float) -> list[Instruction]:
    """Return what decides about packets from *packed* and passes over those of others."""
    chance: list[Instruction] = [
        (LOAD_WORD, 0, 0, RANDOM),
        (JUMP_IF_AT_LEAST, 0, 1, int(part * _WORD_VALUES)),
        (RETURN_VALUE, 0, 0, _DROP),
        (RETURN_VALUE, 0, 0, _WHOLE),
    ]
    program = chance
    words = struct.unpack(f">{len(places)}I", packed)
    for place, word in reversed([*zip(places, words, strict=True)]):
        program = [(LOAD_WORD, 0, 0, place), (JUMP_IF_EQUAL, 0, len(program), word), *program]
    return program
