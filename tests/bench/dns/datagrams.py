"""
Datagrams by the batch, for whoever measures: recvmmsg and sendmmsg through cffi, no compiler.

`Outbox` holds packets that are built once and sent again and again without being touched; `Inbox`
takes what comes and shows one octet of each datagram as a string of bytes, so that Python counts
answers by the hundred. It shares no line with the server that is measured.
"""

import errno
import socket
from collections.abc import Sequence
from typing import Any

from cffi import FFI

INBOX_SLOTS = 256
SLOT_OCTETS = 512
MAX_SEGMENTS = 64  # of the kernel, in one send
UDP_SEGMENT = 103  # linux/udp.h; the socket module names neither this
WAIT_FOR_ONE = 0x10000  # nor MSG_WAITFORONE

FFI_ = FFI()
FFI_.cdef(
    """
    struct iovec { void *iov_base; size_t iov_len; };
    struct msghdr { void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov;
                    size_t msg_iovlen; void *msg_control; size_t msg_controllen; int msg_flags; };
    struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
    int recvmmsg(int, struct mmsghdr *, unsigned int, int, void *);
    int sendmmsg(int, struct mmsghdr *, unsigned int, int);
    """
)
_SYSTEM: Any = FFI_.dlopen(None)
# A full buffer, and the ICMP error of a server that has just gone: the next call tells.
_PASSING = frozenset({errno.EAGAIN, errno.ECONNREFUSED, errno.ENOBUFS, errno.EINTR})


class Outbox:
    """*packets* in one piece of memory, ready to be sent by any connected socket."""

    def __init__(self, packets: Sequence[bytes]) -> None:
        self.packets = packets
        octets = b"".join(packets)
        self._memory = FFI_.new("char[]", octets)
        self._vectors = FFI_.new("struct iovec[]", len(packets))
        self._headers = FFI_.new("struct mmsghdr[]", len(packets))
        position = 0
        for number, packet in enumerate(packets):
            self._vectors[number].iov_base = self._memory + position
            self._vectors[number].iov_len = len(packet)
            self._headers[number].msg_hdr.msg_iov = self._vectors + number
            self._headers[number].msg_hdr.msg_iovlen = 1
            position += len(packet)

    def octets(self, first: int, count: int) -> memoryview:
        """Return *count* packets from *first* on, of one length, as one piece."""
        size = len(self.packets[0])
        view: memoryview = memoryview(FFI_.buffer(self._memory))
        return view[first * size : (first + count) * size]

    def send(self, fd: int, first: int, count: int) -> int:
        """Send *count* packets from *first* on; return how many the system took."""
        sent: int = _SYSTEM.sendmmsg(fd, self._headers + first, count, socket.MSG_DONTWAIT)
        return sent if sent >= 0 else _nothing()


class Inbox:
    """Room for INBOX_SLOTS datagrams; what is longer than a slot is cut off."""

    def __init__(self) -> None:
        self._memory = FFI_.new("char[]", INBOX_SLOTS * SLOT_OCTETS)
        self._vectors = FFI_.new("struct iovec[]", INBOX_SLOTS)
        self._headers = FFI_.new("struct mmsghdr[]", INBOX_SLOTS)
        for number in range(INBOX_SLOTS):
            self._vectors[number].iov_base = self._memory + number * SLOT_OCTETS
            self._vectors[number].iov_len = SLOT_OCTETS
            self._headers[number].msg_hdr.msg_iov = self._vectors + number
            self._headers[number].msg_hdr.msg_iovlen = 1
        self._view = memoryview(FFI_.buffer(self._memory))

    def receive(self, fd: int) -> int:
        """Take what is there without waiting; return how many datagrams it was."""
        count: int = _SYSTEM.recvmmsg(
            fd, self._headers, INBOX_SLOTS, socket.MSG_DONTWAIT, FFI_.NULL
        )
        return count if count >= 0 else _nothing()

    def octet_of_each(self, at: int, count: int) -> bytes:
        """Return octet *at* of each of the first *count* datagrams."""
        return self._view[at : count * SLOT_OCTETS : SLOT_OCTETS].tobytes()

    def datagram(self, slot: int) -> bytes:
        """Return the datagram in *slot*."""
        first = slot * SLOT_OCTETS
        return self._view[first : first + self._headers[slot].msg_len].tobytes()


class EchoBatch:
    """One batch after another goes back to its senders: the least that a server can do."""

    def __init__(self, slots: int = 64) -> None:
        self._slots = slots
        self._memory = FFI_.new("char[]", slots * SLOT_OCTETS)
        self._names = FFI_.new("char[]", slots * 16)
        self._vectors = FFI_.new("struct iovec[]", slots)
        self._headers = FFI_.new("struct mmsghdr[]", slots)
        for number in range(slots):
            self._vectors[number].iov_base = self._memory + number * SLOT_OCTETS
            self._vectors[number].iov_len = SLOT_OCTETS
            header = self._headers[number].msg_hdr
            header.msg_iov, header.msg_iovlen = self._vectors + number, 1
            header.msg_name, header.msg_namelen = self._names + number * 16, 16
        self._view = memoryview(FFI_.buffer(self._memory))

    def turn(self, fd: int) -> int:
        """Wait for datagrams, send each back as a reply, return how many."""
        count: int = _SYSTEM.recvmmsg(fd, self._headers, self._slots, WAIT_FOR_ONE, FFI_.NULL)
        if count <= 0:
            return _nothing()
        for number in range(count):
            self._view[number * SLOT_OCTETS + 2] = 0x81
            self._vectors[number].iov_len = self._headers[number].msg_len
        _SYSTEM.sendmmsg(fd, self._headers, count, 0)
        for number in range(count):
            self._vectors[number].iov_len = SLOT_OCTETS
        return count


def _nothing() -> int:
    if FFI_.errno not in _PASSING:
        raise OSError(FFI_.errno, "a batch of datagrams was refused")
    return 0


def connected(client: str, port: int, *, buffer_octets: int = 1 << 20) -> socket.socket:
    """Return a socket of the address *client*, connected with the server on *port*."""
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_octets)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_octets)
    own.bind((client, 0))
    own.connect(("127.0.0.1", port))
    own.setblocking(False)
    return own
