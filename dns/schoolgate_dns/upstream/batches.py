"""Many questions in one system call, and many replies in another, over a connected socket."""

import errno
import mmap
import os
import socket
from collections.abc import Sequence
from typing import Any, Final

from schoolgate_dns.datagrams.system_calls import ffi

SLOTS: Final = 64
# More than any reply that we ask for by UDP has; of a longer one the end is cut off.
REPLY_OCTETS: Final = 2048
# The longest name, a header, its type and class, and an OPT record without options.
_QUERY_OCTETS: Final = 320


class ConnectedBatches:
    """
    Room for SLOTS datagrams each way, whichever socket they go by.

    Raises AttributeError or OSError where the system has no such calls.
    """

    def __init__(self) -> None:
        system: Any = ffi.dlopen(None)
        self._receive, self._send = system.recvmmsg, system.sendmmsg
        self._incoming = mmap.mmap(-1, SLOTS * REPLY_OCTETS)
        self._outgoing = mmap.mmap(-1, SLOTS * _QUERY_OCTETS)
        # The headers hold addresses of what is kept here, so it lives as long as they do.
        self._kept = [ffi.from_buffer(self._incoming), ffi.from_buffer(self._outgoing)]
        self._to_receive, _ = self._headers(self._kept[0], REPLY_OCTETS)
        self._to_send, self._vectors = self._headers(self._kept[1], _QUERY_OCTETS)

    def _headers(self, memory: object, octets: int) -> tuple[Any, Any]:
        headers = ffi.new("struct mmsghdr[]", SLOTS)
        vectors = ffi.new("struct iovec[]", SLOTS)
        for slot in range(SLOTS):
            vectors[slot].iov_base = memory + slot * octets  # type: ignore[operator]  # a pointer
            vectors[slot].iov_len = octets
            headers[slot].msg_hdr.msg_iov, headers[slot].msg_hdr.msg_iovlen = vectors + slot, 1
        self._kept.append(vectors)
        return headers, vectors

    def receive(self, descriptor: int) -> list[bytes]:
        """
        Return the datagrams that have come, SLOTS at most; one of REPLY_OCTETS was cut off.

        Raises OSError, which an ICMP message about one of ours may have caused.
        """
        headers, incoming = self._to_receive, self._incoming
        count = self._receive(descriptor, headers, SLOTS, socket.MSG_DONTWAIT, ffi.NULL)
        if count < 0:
            if ffi.errno in (errno.EAGAIN, errno.EINTR):
                return []
            raise OSError(ffi.errno, os.strerror(ffi.errno))
        return [
            incoming[start : start + headers[slot].msg_len]
            for slot, start in enumerate(range(0, count * REPLY_OCTETS, REPLY_OCTETS))
        ]

    def send(self, descriptor: int, queries: Sequence[bytes]) -> int:
        """Send the first of *queries*, as many as there is room for; return how many it were.

        Raises OSError if none was sent.
        """
        outgoing, vectors, start = self._outgoing, self._vectors, 0
        count = min(len(queries), SLOTS)
        for slot in range(count):
            query = queries[slot]
            outgoing[start : start + len(query)] = query
            vectors[slot].iov_len = len(query)
            start += _QUERY_OCTETS
        sent: int = self._send(descriptor, self._to_send, count, socket.MSG_DONTWAIT)
        if sent < 0:
            raise OSError(ffi.errno, os.strerror(ffi.errno))
        return sent
