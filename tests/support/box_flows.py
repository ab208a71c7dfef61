"""
What runs while the bell rings: downloads, WebSockets and HTTP/2 streams, and when each ended.

Each flow is a client of its own in a device's namespace, which notes when octets came.
"""

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import h2.config
import h2.connection
import h2.events
from netns import Namespace

_CONNECTS_WITHIN_S = 5.0
# A flow in which nothing comes any more is over as well; its last octet tells since when.
_SILENT_AFTER_S = 2.5
_FRAME_EVERY_S = 0.02


@dataclass(frozen=True)
class Wanted:
    """A flow: what *kind* it is, from which *host* at which *address*, and by which path."""

    kind: str  # download, ticks, websocket or http2
    host: str
    address: str
    name: str


class Flow:
    """A running flow; times are the machine's, in seconds."""

    def __init__(self, wanted: Wanted, device: Namespace, authority: Path) -> None:
        self.wanted = wanted
        self.came: list[float] = []
        self.ended_at: float | None = None
        self.end = ""
        self._device = device
        self._authority = authority
        self._stopping = threading.Event()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._live, name=wanted.name)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait_begun(self) -> None:
        """Wait until octets come; fail when the flow ended before."""
        assert self._begun.wait(_CONNECTS_WITHIN_S * 2), (
            f"{self.wanted.name}: {self.end or 'mute'}"
        )
        assert self.came, f"{self.wanted.name} never began: {self.end}"

    def stop(self) -> None:
        """End it, if it has not ended."""
        self._stopping.set()
        self._thread.join()

    @property
    def is_over(self) -> bool:
        """Whether it has ended or nothing comes any more."""
        return self.ended_at is not None

    @property
    def over_at(self) -> float | None:
        """When its last octet came, or it was told of its end, whichever was later."""
        if self.ended_at is None:
            return None
        return self.came[-1] if self.end == "silent" else self.ended_at

    def longest_gap_s(self, since: float, until: float) -> float:
        """Return for how long at most nothing came between two moments."""
        within = [since, *(each for each in self.came if since <= each <= until), until]
        return max(later - earlier for earlier, later in pairwise(within))

    def _live(self) -> None:
        self._device.enter()
        run = {"websocket": _websocket, "http2": _http2}.get(self.wanted.kind, _http1)
        end = "closed"
        try:
            with self._connected() as stream:
                for octets in run(stream, self.wanted):
                    if octets:
                        self.came.append(time.time())
                        self._begun.set()
                    if self._stopping.is_set():
                        return
        except TimeoutError:
            end = "silent"
        except (OSError, h2.exceptions.ProtocolError) as error:
            end = type(error).__name__
        finally:
            self._begun.set()
        self.end = end
        self.ended_at = time.time()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[ssl.SSLSocket]:
        context = ssl.create_default_context(cafile=self._authority)
        context.set_alpn_protocols(["h2" if self.wanted.kind == "http2" else "http/1.1"])
        place = (self.wanted.address, 443)
        with (
            socket.create_connection(place, timeout=_CONNECTS_WITHIN_S) as plain,
            context.wrap_socket(plain, server_hostname=self.wanted.host) as stream,
        ):
            stream.settimeout(_SILENT_AFTER_S)
            yield stream


def _http1(stream: ssl.SSLSocket, wanted: Wanted) -> Iterator[int]:
    path = "/endless" if wanted.kind == "download" else "/ticks"
    stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {wanted.host}\r\n\r\n".encode())
    while octets := stream.recv(65536):
        yield len(octets)


def _websocket(stream: ssl.SSLSocket, wanted: Wanted) -> Iterator[int]:
    stream.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {wanted.host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    head = stream.recv(4096)
    if b" 101 " not in head:
        raise ConnectionError(head[:80])
    while True:
        stream.sendall(b"\x81\x84" + os.urandom(8))
        octets = stream.recv(4096)
        if not octets:
            return
        yield len(octets)
        time.sleep(_FRAME_EVERY_S)


def _http2(stream: ssl.SSLSocket, wanted: Wanted) -> Iterator[int]:
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    connection.initiate_connection()
    request = ((":method", "GET"), (":path", "/ticks"), (":scheme", "https"))
    connection.send_headers(1, (*request, (":authority", wanted.host)), end_stream=True)
    stream.sendall(connection.data_to_send())
    while octets := stream.recv(65536):
        for event in connection.receive_data(octets):
            if isinstance(event, h2.events.DataReceived):
                connection.acknowledge_received_data(event.flow_controlled_length, 1)
                yield len(event.data)
            elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                return
        stream.sendall(connection.data_to_send())


def run_flows(wanted: tuple[Wanted, ...], device: Namespace, authority: Path) -> list[Flow]:
    """Start each of *wanted* from *device* and return them once octets come in all of them."""
    flows = [Flow(each, device, authority) for each in wanted]
    for flow in flows:
        flow.start()
    try:
        for flow in flows:
            flow.wait_begun()
    except AssertionError:
        stop_flows(flows)
        raise
    return flows


def stop_flows(flows: list[Flow]) -> None:
    """End what still runs."""
    for flow in flows:
        flow._stopping.set()
    for flow in flows:
        flow.stop()


def wait_over(flows: list[Flow], until: float, look: Callable[[], float] = time.time) -> None:
    """Wait until all of *flows* are over, or it is *until*."""
    while not all(flow.is_over for flow in flows) and look() < until:
        time.sleep(0.02)
