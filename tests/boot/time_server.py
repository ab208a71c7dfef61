"""A time server of the test's own, which says the time that it is told to (RFC 4330)."""

import socket
import struct
import threading
import time
from datetime import UTC, datetime

from netns import Namespace

_PORT = 123
# From the epoch of NTP, 1900, to that of Unix.
_EPOCHS_APART_S = 2_208_988_800
_LENGTH = 48
_SERVER = 0b00_100_100  # no leap second, version 4, a server
_LOOK_S = 0.2


def answer_to(request: bytes, now_s: float) -> bytes | None:
    """Return the answer of a server whose Unix time is *now_s*; None to what is no request."""
    if len(request) < _LENGTH:
        return None
    stamp = _stamp(now_s)
    head = struct.pack("!BBbbII4s", _SERVER, 2, 6, -20, 0, 0, b"TEST")
    return head + stamp + request[40:48] + stamp + stamp


def _stamp(moment_s: float) -> bytes:
    whole, fraction = divmod(moment_s, 1.0)
    return struct.pack("!II", (int(whole) + _EPOCHS_APART_S) % 2**32, int(fraction * 2**32))


class TimeServer:
    """A time server at *address* in *namespace*, silent until it is started."""

    def __init__(self, namespace: Namespace, address: str) -> None:
        self._namespace = namespace
        self._address = address
        self._ahead_s = 0.0
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, moment: datetime) -> None:
        """Say from now on that it is *moment*, and go on from there."""
        self.stop()
        self._ahead_s = moment.timestamp() - time.monotonic()
        self._is_over.clear()
        self._thread = threading.Thread(target=self._serve, name="time server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say nothing more."""
        if self._thread is not None:
            self._is_over.set()
            self._thread.join()
        self._thread = None

    def now(self) -> datetime:
        """Return the time that it says."""
        return datetime.fromtimestamp(time.monotonic() + self._ahead_s, UTC)

    def _serve(self) -> None:
        self._namespace.enter()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as serving:
            serving.settimeout(_LOOK_S)
            serving.bind((self._address, _PORT))
            while not self._is_over.is_set():
                try:
                    request, whom = serving.recvfrom(1024)
                except TimeoutError:
                    continue
                said = answer_to(request, time.monotonic() + self._ahead_s)
                if said is not None:
                    serving.sendto(said, whom)
