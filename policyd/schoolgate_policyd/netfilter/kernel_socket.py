"""A netlink socket: what is asked is answered within seconds, or it is an error."""

import errno
import os
import socket
import threading
from collections.abc import Callable
from struct import Struct

from schoolgate_policyd.netfilter import netlink
from schoolgate_policyd.netfilter.errors import NetfilterError

_PATIENCE_S = 2
_ACKNOWLEDGEMENT = Struct("=IHHIIi")
_TIMEVAL = Struct("@ll")
_ROOM = 65_536  # more than the kernel puts into one part of a dump
_DUMP_TRIES = 8
_SEQUENCE_BITS = 0xFFFF_FFFF

# Not in Python's socket module; linux/netlink.h and asm-generic/socket.h.
NETLINK_NETFILTER = 12
_SOL_NETLINK = 270
_CAP_ACK = 10
_RECEIVE_BUFFER_FORCE = 33


class KernelSocket:
    """
    One netlink socket, of *protocol*, that several threads may ask.

    It stays in the network namespace that it was opened in. Raises NetfilterError.
    """

    def __init__(self, protocol: int, *, groups: int = 0, receive_buffer: int = 0) -> None:
        self._lock = threading.Lock()
        self._sequence = 0
        self._answer = bytearray(4096)  # an acknowledgement has 36 octets
        try:
            self._socket = socket.socket(
                socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol
            )
        except OSError as error:
            raise NetfilterError(f"no netlink socket: {named(error.errno)}") from error
        try:
            self._prepare(groups, receive_buffer)
        except OSError as error:
            self._socket.close()
            raise NetfilterError(f"no netlink socket: {named(error.errno)}") from error

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def ask(self, request: Callable[[int], bytes]) -> int:
        """
        Send *request*, made for a sequence number; return its error's number, 0 for none.

        Raises NetfilterError if the kernel does not answer.
        """
        return self.ask_each(request, 1)[0]

    def ask_each(self, requests: Callable[[int], bytes], answers: int) -> list[int]:
        """Send several requests at once; return the number of the error of each, 0 for none."""
        with self._lock:
            sequence = self._next_sequence()
            try:
                self._socket.send(requests(sequence))
                return [self._acknowledged(sequence) for _ in range(answers)]
            except OSError as error:
                raise self._silence(error) from error

    def fetch(self, kind: int, body: bytes) -> bytes:
        """Ask for one thing and return the body of the answer. Raises NetfilterError."""
        with self._lock:
            sequence = self._next_sequence()
            try:
                self._socket.send(netlink.message(kind, netlink.REQUEST, sequence, body))
                while True:
                    for part in netlink.messages(self._socket.recv(_ROOM)):
                        if part.sequence == sequence:
                            _require_no_error(part)
                            return part.body
            except OSError as error:
                raise self._silence(error) from error

    def dump(self, kind: int, body: bytes, take: Callable[[bytes], None]) -> bool:
        """
        Ask for a whole table and give the body of each message to *take*.

        A table that changed meanwhile is asked for again, a few times: *take* may be given the
        same twice. Returns whether it stood still in the end. What *take* cannot read (it raises
        NetfilterError) is left out. Raises NetfilterError.
        """
        with self._lock:
            return any(self._dump_once(kind, body, take) for _ in range(_DUMP_TRIES))

    def waiting(self) -> bytes | None:
        """
        Return the next datagram that is there, without waiting for one; None if there is none.

        Raises OSError, ENOBUFS where the kernel had more to say than there was room for.
        """
        try:
            return self._socket.recv(_ROOM, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def _prepare(self, groups: int, receive_buffer: int) -> None:
        self._socket.bind((0, groups))
        # Connected to the kernel: no other process can put anything into our queue.
        self._socket.connect((0, 0))
        self._socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEVAL.pack(_PATIENCE_S, 0)
        )
        self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        if receive_buffer:
            self._make_room(receive_buffer)

    def _make_room(self, octets: int) -> None:
        """Take a larger queue than the system's limit, where we may."""
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, octets)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)

    def _next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) & _SEQUENCE_BITS
        return self._sequence

    def _acknowledged(self, sequence: int) -> int:
        """Wait for the next acknowledgement of *sequence* and return its error's number."""
        while True:
            length = self._socket.recv_into(self._answer)
            _, kind, _, answered, _, number = _ACKNOWLEDGEMENT.unpack_from(self._answer)
            # What an earlier question left in the queue is nobody's any more.
            if kind == netlink.ERROR and answered == sequence and length >= _ACKNOWLEDGEMENT.size:
                return -int(number)

    def _dump_once(self, kind: int, body: bytes, take: Callable[[bytes], None]) -> bool:
        sequence = self._next_sequence()
        flags = netlink.REQUEST | netlink.DUMP
        stood_still = True
        try:
            self._socket.send(netlink.message(kind, flags, sequence, body))
            while True:
                for part in netlink.messages(self._socket.recv(_ROOM)):
                    if part.sequence != sequence:
                        continue
                    stood_still = stood_still and not part.flags & netlink.INTERRUPTED
                    _require_no_error(part)
                    if part.kind == netlink.DONE:
                        return stood_still
                    _take_readable(take, part.body)
        except OSError as error:
            raise self._silence(error) from error

    @staticmethod
    def _silence(error: OSError) -> NetfilterError:
        if error.errno == errno.EAGAIN:
            return NetfilterError(f"the kernel did not answer within {_PATIENCE_S} s")
        return NetfilterError(f"the kernel cannot be asked: {named(error.errno)}")


def named(number: int | None) -> str:
    """Return the name of an error's number and what it means."""
    if number is None:
        return "unknown error"
    return f"{errno.errorcode.get(number, str(number))} ({os.strerror(number)})"


def _require_no_error(part: netlink.Message) -> None:
    if part.kind not in {netlink.ERROR, netlink.DONE}:
        return
    number = netlink.errno_of(part.body)
    if number:
        raise NetfilterError(f"the kernel does not tell: {named(number)}")


def _take_readable(take: Callable[[bytes], None], body: bytes) -> None:
    try:
        take(body)
    except NetfilterError:
        # One entry that we cannot read is no reason to stop in the middle: what is left of the
        # dump would stand in the way of every later question.
        return
