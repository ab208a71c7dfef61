"""Datagrams that were received together, each in a slot of its own."""

import mmap
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

SLOTS: Final = 64
# A query of as many octets as this over UDP is none that we answer: the rest of it is cut off.
SLOT_OCTETS: Final = 1536


class Sender(msgspec.Struct, frozen=True, gc=False):
    """
    Who sent a datagram, in whatever form the slots that it came in have it.

    *our_address* is the control message that says to which of our addresses it came, if several.
    """

    address: bytes | tuple[str, int] | tuple[str, int, int, int]
    our_address: bytes = b""


class Slots(Protocol):
    """
    Datagrams that were received together, by slot.

    `datagrams[n]` holds slot n's, from its first octet on. *peers* holds their senders: the
    address of slot n's is `peers[peer_places[n]]`. *answer_octets* takes how long the answer in
    each slot is.
    """

    datagrams: tuple[mmap.mmap, ...]
    peers: mmap.mmap
    peer_places: tuple[slice, ...]
    answer_octets: Any

    def receive(self) -> Sequence[int]:
        """Take what has come, without waiting; return how long each is, in order of slots."""
        ...

    def send(self, first: int, end: int) -> None:
        """Send the answers in the slots [first, end); a receiver out of reach is passed over."""
        ...

    def sender_of(self, slot: int) -> Sender:
        """Return whom to answer when *slot* is another datagram's already."""
        ...

    def send_all(self, answers: Sequence[tuple[bytes, Sender]]) -> None:
        """Send answers to datagrams whose slots are others' by now; what is in slots is lost."""
        ...


class SocketAddresses:
    """
    How the system writes the addresses of a family.

    *octets* is a socket address's length, *address* the slice of it that is the address, and
    *our_address_octets* how long what says is to which of our own addresses a datagram came.
    """

    def __init__(self, family: int) -> None:
        self._family = family
        is_ipv4 = family == socket.AF_INET
        self.octets = 16 if is_ipv4 else 28
        self.address = slice(4, 8) if is_ipv4 else slice(8, 24)
        self.our_address_octets = 12 if is_ipv4 else 20

    def read(self, octets: bytes) -> tuple[str, int] | tuple[str, int, int, int]:
        """Return a socket address as the socket module writes it."""
        port = int.from_bytes(octets[2:4])
        if self._family == socket.AF_INET:
            return socket.inet_ntop(socket.AF_INET, octets[4:8]), port
        flow, scope = int.from_bytes(octets[4:8]), int.from_bytes(octets[24:28], sys.byteorder)
        return socket.inet_ntop(socket.AF_INET6, octets[8:24]), port, flow, scope

    def places(self) -> tuple[slice, ...]:
        """Return where the address of each slot's sender stands."""
        at, end = self.address.start, self.address.stop
        return tuple(slice(n * self.octets + at, n * self.octets + end) for n in range(SLOTS))


def memory_of_slots() -> tuple[mmap.mmap, ...]:
    """
    Return memory for the datagram of each slot.

    Each has its own: where a part of it ends is a small number then, and of small numbers Python
    makes no objects.
    """
    return tuple(mmap.mmap(-1, SLOT_OCTETS) for _ in range(SLOTS))
