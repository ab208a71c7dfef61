"""
More than a server can answer: packets are sent at a rate, whatever comes back.

The kernel cuts one send into up to sixty-four packets (UDP_SEGMENT), which is what lets one core
send several times what another can answer.
"""

import socket
import time
from collections.abc import Sequence

from datagrams import MAX_SEGMENTS, UDP_SEGMENT, Inbox, Outbox, connected
from load_generator import Tally, without_collection
from packets import Asking
from probing import Turning


class _Client:
    def __init__(self, address: str, port: int, asking: Asking, number: int) -> None:
        asks = asking.asks_of(number)
        self._outbox = Outbox([ask.packet(id_ & 0xFFFF) for id_, ask in enumerate(asks)])
        self.socket = connected(address, port)
        size = len(self._outbox.packets[0])
        if any(len(packet) != size for packet in self._outbox.packets):
            raise ValueError("packets of one length are wanted")
        self.socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
        self._next = 0

    def send(self) -> int:
        count = min(MAX_SEGMENTS, len(self._outbox.packets) - self._next)
        try:
            self.socket.send(self._outbox.octets(self._next, count))
        except OSError:
            return 0
        self._next = (self._next + count) % len(self._outbox.packets)
        return count


class Flood:
    """*clients* that send what *asking* has for each to the server on *port*."""

    def __init__(self, port: int, asking: Asking, clients: Sequence[str]) -> None:
        self._clients = [
            _Client(address, port, asking, number) for number, address in enumerate(clients)
        ]
        self._inbox = Inbox()

    def close(self) -> None:
        """Close every socket."""
        for client in self._clients:
            client.socket.close()

    def run(
        self, seconds: float, per_s: float, probes: Sequence[Turning] = ()
    ) -> tuple[Tally, float]:
        """Send for *seconds*; return what came back, and how many a second were sent."""
        tally, inbox, sent = Tally(), self._inbox, 0
        clock = time.perf_counter
        with without_collection():
            started_s = clock()
            while (passed_s := clock() - started_s) < seconds:
                # All of them or none: else the first one would send most.
                is_due = sent < passed_s * per_s
                for client in self._clients:
                    if is_due:
                        sent += client.send()
                    count = inbox.receive(client.socket.fileno())
                    tally.answered += count
                    tally.rcodes.update(octet & 0x0F for octet in inbox.octet_of_each(3, count))
                for probe in probes:
                    probe.turn(clock())
            tally.seconds = clock() - started_s
        tally.lost = sent - tally.answered
        return tally, sent / tally.seconds
