"""
Many datagrams in one system call: recvmmsg and sendmmsg, through cffi without a compiler.

A batch has a slot for each datagram. What came in stands in its slot, the answer is written over
it, and goes back to the sender whose address the system left beside it: between the two calls
nothing is copied but the answer. Where these calls do not exist, `plain_batch` does the same with
`recvfrom` and `sendto`. Figures: docs/performance.md.
"""

import errno
import ipaddress
import mmap
import socket
import sys
from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec
import structlog

from schoolgate_dns.system_calls import ffi

SLOTS = 64
# A query of as many octets as this over UDP is none that we answer: the rest of it is cut off.
SLOT_OCTETS = 1536
# What one receiver can do to a batch: nothing. A datagram that cannot be sent is passed over.
UNSENDABLE = frozenset(
    {
        errno.EINVAL,  # a source port of zero, which somebody forged
        errno.EPERM,
        errno.EACCES,
        errno.EMSGSIZE,
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ECONNREFUSED,
    }
)

_CONTROL_OCTETS = 64
_CONTROL_HEADER_OCTETS = 16
_IP_PKTINFO = 8  # of Linux; the socket module has no name for it before Python 3.14
# How a socket is told to say to which of our addresses a datagram came, and what says it.
_ASK_OUR_ADDRESS = {
    socket.AF_INET: (socket.IPPROTO_IP, _IP_PKTINFO),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO),
}
_OUR_ADDRESS = {
    socket.AF_INET: (socket.IPPROTO_IP, _IP_PKTINFO),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO),
}

log = structlog.get_logger(__name__)


class Slots(Protocol):
    """
    Datagrams that were received together, by slot.

    *arena* holds them: slot n from octet `starts[n]` on. *peers* holds their senders: the address
    of slot n's is `peers[a:b]`, where (a, b) is `peer_places[n]`. *answer_octets* takes how long
    the answer in each slot is.
    """

    arena: mmap.mmap
    peers: mmap.mmap
    starts: tuple[int, ...]
    peer_places: tuple[tuple[int, int], ...]
    answer_octets: Any

    def receive(self) -> Sequence[int]:
        """Take what has come, without waiting; return how long each is, in order of slots."""
        ...

    def send(self, first: int, end: int) -> None:
        """Send the answers in the slots [first, end); a receiver out of reach is passed over."""
        ...

    def sender_of(self, slot: int) -> "Sender":
        """Return whom to answer when *slot* is another datagram's already."""
        ...


class Sender(msgspec.Struct, frozen=True):
    """
    Who sent a datagram, as the socket module writes addresses.

    *our_address* is the control message that says to which of our addresses it came, if several.
    """

    address: tuple[str, int] | tuple[str, int, int, int]
    our_address: bytes = b""

    def answer(self, own: socket.socket, octets: bytes) -> None:
        """Send *octets* from *own*; a receiver out of reach is passed over."""
        try:
            if self.our_address:
                level, kind = _OUR_ADDRESS[own.family]
                own.sendmsg([octets], [(level, kind, self.our_address)], 0, self.address)
            else:
                own.sendto(octets, self.address)
        except OSError as error:
            # A client that is gone, or a buffer that is full; either asks again.
            log.debug("a datagram could not be sent", cause=str(error))


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

    def places(self) -> tuple[tuple[int, int], ...]:
        """Return where the address of each slot's sender stands."""
        at, end = self.address.start, self.address.stop
        return tuple((n * self.octets + at, n * self.octets + end) for n in range(SLOTS))


class Batch:
    """
    Slots over recvmmsg and sendmmsg for *own*, a bound socket that does not block.

    Raises AttributeError or OSError where the system has no such calls.
    """

    def __init__(self, own: socket.socket) -> None:
        system: Any = ffi.dlopen(None)
        self._receive, self._send = system.recvmmsg, system.sendmmsg
        self._fd = own.fileno()
        self._addresses = SocketAddresses(own.family)
        self._our_address_octets = self._addresses.our_address_octets if is_of_any(own) else 0
        self._control_space = socket.CMSG_SPACE(self._our_address_octets)
        self.arena = mmap.mmap(-1, SLOTS * SLOT_OCTETS)
        self.peers = mmap.mmap(-1, SLOTS * self._addresses.octets)
        self._control = mmap.mmap(-1, SLOTS * _CONTROL_OCTETS)
        self.starts = tuple(slot * SLOT_OCTETS for slot in range(SLOTS))
        self.peer_places = self._addresses.places()
        # The headers hold addresses of what is kept here, so it lives as long as they do.
        self._kept = [ffi.from_buffer(each) for each in (self.arena, self.peers, self._control)]
        self._incoming, incoming_vectors = self._headers()
        self._outgoing, outgoing_vectors = self._headers()
        self._kept += [incoming_vectors, outgoing_vectors]
        self._lengths = self._column(self._incoming, "struct mmsghdr", "I", "msg_len")
        self._control_lengths = self._column(
            self._incoming, "struct mmsghdr", "L", "msg_hdr", "msg_controllen"
        )
        self._whole_control = memoryview(bytearray(8 * SLOTS)).cast("L")
        for slot in range(SLOTS):
            self._whole_control[slot] = self._control_space
        self.answer_octets = self._column(outgoing_vectors, "struct iovec", "L", "iov_len")

    def _headers(self) -> tuple[Any, Any]:
        """Return headers and vectors, one of each for every slot, that point into the memory."""
        arena, peers, control = self._kept[:3]
        headers = ffi.new("struct mmsghdr[]", SLOTS)
        vectors = ffi.new("struct iovec[]", SLOTS)
        for slot in range(SLOTS):
            vectors[slot].iov_base = arena + slot * SLOT_OCTETS
            vectors[slot].iov_len = SLOT_OCTETS
            header = headers[slot].msg_hdr
            header.msg_name = peers + slot * self._addresses.octets
            header.msg_namelen = self._addresses.octets
            header.msg_iov, header.msg_iovlen = vectors + slot, 1
            if self._our_address_octets:
                header.msg_control = control + slot * _CONTROL_OCTETS
                header.msg_controllen = self._control_space
        return headers, vectors

    def _column(
        self, array: object, kind: str, form: Literal["I", "L"], *field: str
    ) -> memoryview:
        """Return one field of every struct in *array*: numbers of *form*, that can be written."""
        numbers = memoryview(ffi.buffer(array)).cast("B").cast(form)
        width = numbers.itemsize
        first, step = ffi.offsetof(kind, *field), ffi.sizeof(kind)
        return numbers[first // width :: step // width]

    def receive(self) -> Sequence[int]:
        """See `Slots`."""
        if self._our_address_octets:
            self._control_lengths[:] = self._whole_control
        count = self._receive(self._fd, self._incoming, SLOTS, socket.MSG_DONTWAIT, ffi.NULL)
        # Nothing has come, or only an error about an earlier answer: either way nothing to read.
        return self._lengths[: max(count, 0)].tolist()

    def send(self, first: int, end: int) -> None:
        """See `Slots`."""
        while first < end:
            sent = self._send(self._fd, self._outgoing + first, end - first, socket.MSG_DONTWAIT)
            if sent > 0:
                first += sent
            elif ffi.errno == errno.EINTR:
                continue
            elif ffi.errno in UNSENDABLE:
                first += 1
            else:
                # The system has no room for more: clients ask again, as for any datagram lost.
                return

    def sender_of(self, slot: int) -> Sender:
        """See `Slots`."""
        at = slot * self._addresses.octets
        address = self._addresses.read(self.peers[at : at + self._addresses.octets])
        if not self._our_address_octets:
            return Sender(address)
        at = slot * _CONTROL_OCTETS + _CONTROL_HEADER_OCTETS
        return Sender(address, self._control[at : at + self._our_address_octets])


class PlainBatch:
    """Slots over `recvfrom` and `sendto` for *own*, where the system has no more than those."""

    def __init__(self, own: socket.socket) -> None:
        self._own = own
        self._addresses = SocketAddresses(own.family)
        self._senders: list[Sender] = []
        self.arena = mmap.mmap(-1, SLOTS * SLOT_OCTETS)
        self.peers = mmap.mmap(-1, SLOTS * self._addresses.octets)
        self.starts = tuple(slot * SLOT_OCTETS for slot in range(SLOTS))
        self.peer_places = self._addresses.places()
        self.answer_octets: list[int] = [0] * SLOTS

    def receive(self) -> Sequence[int]:
        """See `Slots`."""
        lengths: list[int] = []
        self._senders.clear()
        for start, (at, end) in zip(self.starts, self.peer_places, strict=True):
            try:
                octets, address = self._own.recvfrom(SLOT_OCTETS)
            except OSError:
                # Nothing has come, or only an error about an earlier answer.
                break
            self.arena[start : start + len(octets)] = octets
            self.peers[at:end] = socket.inet_pton(self._own.family, address[0].partition("%")[0])
            self._senders.append(Sender(address))
            lengths.append(len(octets))
        return lengths

    def send(self, first: int, end: int) -> None:
        """See `Slots`."""
        for slot in range(first, end):
            start = self.starts[slot]
            octets = self.arena[start : start + self.answer_octets[slot]]
            self._senders[slot].answer(self._own, octets)

    def sender_of(self, slot: int) -> Sender:
        """See `Slots`."""
        return self._senders[slot]


def open_batch(own: socket.socket) -> Slots:
    """Return slots for *own*, over the best calls that the system has."""
    if is_of_any(own):
        level, option = _ASK_OUR_ADDRESS[own.family]
        own.setsockopt(level, option, 1)
    try:
        return Batch(own)
    except (AttributeError, OSError) as error:
        log.warning("datagrams are taken one by one, which is slower", cause=str(error))
        return PlainBatch(own)


def is_of_any(own: socket.socket) -> bool:
    """Whether *own* takes what comes to any of our addresses; then answers leave from the same."""
    return bool(ipaddress.ip_address(own.getsockname()[0].partition("%")[0]).is_unspecified)
