"""
Many datagrams in one system call: recvmmsg and sendmmsg, through cffi without a compiler.

What came in stands in its slot, the answer is written over it, and goes back to the sender whose
address the system left beside it: between the two calls nothing is copied but the answer. Where
these calls do not exist, `plain_batch` takes their place. Figures: docs/performance.md.
"""

import errno
import ipaddress
import mmap
import socket
from collections.abc import Sequence
from typing import Any, Final, Literal, cast

import structlog

from schoolgate_dns.datagrams.plain_batch import PlainBatch
from schoolgate_dns.datagrams.slots import (
    SLOT_OCTETS,
    SLOTS,
    Sender,
    Slots,
    SocketAddresses,
    memory_of_slots,
)
from schoolgate_dns.datagrams.system_calls import ffi

# What one receiver can do to a batch: nothing. A datagram that cannot be sent is passed over.
UNSENDABLE: Final = frozenset(
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

_CONTROL_OCTETS: Final = 64
_IP_PKTINFO: Final = 8  # of Linux; the socket module has no name for it before Python 3.14
# How a socket is told to say to which of our addresses a datagram came.
_ASK_OUR_ADDRESS: Final = {
    socket.AF_INET: (socket.IPPROTO_IP, _IP_PKTINFO),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO),
}

log = structlog.get_logger(__name__)


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
        self.datagrams = memory_of_slots()
        self.peers = mmap.mmap(-1, SLOTS * self._addresses.octets)
        self._control = mmap.mmap(-1, SLOTS * _CONTROL_OCTETS)
        self.peer_places = self._addresses.places()
        # The headers hold addresses of what is kept here, so it lives as long as they do.
        parts = (self.peers, self._control, *self.datagrams)
        self._kept = [ffi.from_buffer(each) for each in parts]
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
        peers, control, *datagrams = self._kept[: 2 + SLOTS]
        headers = ffi.new("struct mmsghdr[]", SLOTS)
        vectors = ffi.new("struct iovec[]", SLOTS)
        for slot in range(SLOTS):
            vectors[slot].iov_base = datagrams[slot]
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
        address = self.peers[at : at + self._addresses.octets]
        if not self._our_address_octets:
            return Sender(address)
        at = slot * _CONTROL_OCTETS
        return Sender(address, self._control[at : at + self._control_space])

    def send_all(self, answers: Sequence[tuple[bytes, Sender]]) -> None:
        """See `Slots`."""
        octets = self._addresses.octets
        for first in range(0, len(answers), SLOTS):
            part = answers[first : first + SLOTS]
            for slot, (answer, sender) in enumerate(part):
                self.datagrams[slot][: len(answer)] = answer
                self.answer_octets[slot] = len(answer)
                # The slots that it came in were of this kind, so it is as the system wrote it.
                self.peers[slot * octets : (slot + 1) * octets] = cast("bytes", sender.address)
                if sender.our_address:
                    at = slot * _CONTROL_OCTETS
                    self._control[at : at + self._control_space] = sender.our_address
            self.send(0, len(part))


def open_slots(own: socket.socket) -> Slots:
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
