"""Slots over `recvfrom` and `sendto`, which every system has."""

import mmap
import socket
from collections.abc import Sequence

import structlog

from schoolgate_dns.datagrams.slots import (
    SLOT_OCTETS,
    SLOTS,
    Sender,
    SocketAddresses,
    memory_of_slots,
)

log = structlog.get_logger(__name__)


class PlainBatch:
    """Slots over `recvfrom` and `sendto` for *own*, where the system has no more than those."""

    def __init__(self, own: socket.socket) -> None:
        self._own = own
        self._addresses = SocketAddresses(own.family)
        self._senders: list[Sender] = []
        self.datagrams = memory_of_slots()
        self.peers = mmap.mmap(-1, SLOTS * self._addresses.octets)
        self.peer_places = self._addresses.places()
        self.answer_octets: list[int] = [0] * SLOTS

    def receive(self) -> Sequence[int]:
        """See `Slots`."""
        lengths: list[int] = []
        self._senders.clear()
        for datagram, place in zip(self.datagrams, self.peer_places, strict=True):
            try:
                octets, address = self._own.recvfrom(SLOT_OCTETS)
            except OSError:
                # Nothing has come, or only an error about an earlier answer.
                break
            datagram[: len(octets)] = octets
            self.peers[place] = socket.inet_pton(self._own.family, address[0].partition("%")[0])
            self._senders.append(Sender(address))
            lengths.append(len(octets))
        return lengths

    def send(self, first: int, end: int) -> None:
        """See `Slots`."""
        for slot in range(first, end):
            octets = self.datagrams[slot][: self.answer_octets[slot]]
            self._send(octets, self._senders[slot])

    def sender_of(self, slot: int) -> Sender:
        """See `Slots`."""
        return self._senders[slot]

    def send_all(self, answers: Sequence[tuple[bytes, Sender]]) -> None:
        """See `Slots`."""
        for answer, sender in answers:
            self._send(answer, sender)

    def _send(self, octets: bytes, sender: Sender) -> None:
        try:
            self._own.sendto(octets, sender.address)
        except OSError as error:
            # A client out of reach, or a buffer that is full; either way it asks again.
            log.debug("a datagram could not be sent", cause=str(error))
