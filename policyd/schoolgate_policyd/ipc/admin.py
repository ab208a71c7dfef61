"""What the pages, the supervisor and the command line ask policyd, each in one short question."""

import socket
import time
from pathlib import Path

import msgspec

from schoolgate_policyd.ipc.frames import (
    LENGTH_OCTETS,
    FrameError,
    decode_value,
    encode_frame,
    parse_length,
)
from schoolgate_policyd.ipc.messages import Status, StatusQuery, Wake

MAX_STATUS_OCTETS = 1024 * 1024

_DECODER = msgspec.msgpack.Decoder(Status)


class AdminClient:
    """Asks policyd at *socket_path*; one connection a question, so it may be shared by threads."""

    def __init__(self, socket_path: Path) -> None:
        self._socket_path = socket_path

    def wake(self, timeout_s: float = 2.0) -> Status | None:
        """
        Say that the store has changed; return what is in force once points had time to answer.

        None when policyd gave no answer within *timeout_s*: it will find the change by itself.
        """
        return self._ask(Wake(), timeout_s)

    def status(self, timeout_s: float = 2.0) -> Status | None:
        """Return what is in force where, or None when policyd gave no answer in time."""
        return self._ask(StatusQuery(), timeout_s)

    def _ask(self, question: Wake | StatusQuery, timeout_s: float) -> Status | None:
        deadline_s = time.monotonic() + timeout_s
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout_s)
                connection.connect(str(self._socket_path))
                connection.sendall(encode_frame(question))
                header = _receive(connection, LENGTH_OCTETS, deadline_s)
                length = parse_length(header, MAX_STATUS_OCTETS)
                return decode_value(_receive(connection, length, deadline_s), _DECODER)
        except (OSError, FrameError):
            # Not reachable is an answer here: who asks says so to the person who waits.
            return None


def _receive(connection: socket.socket, octets: int, deadline_s: float) -> bytes:
    """Return exactly *octets*. Raises TimeoutError past *deadline_s*, FrameError at the end."""
    received = bytearray()
    while len(received) < octets:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        part = connection.recv(octets - len(received))
        if not part:
            raise FrameError("the connection ended inside a frame")
        received += part
    return bytes(received)
