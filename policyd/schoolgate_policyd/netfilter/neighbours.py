"""
Who is on the gateway's own links: addresses and the hardware they belong to.

Read from the kernel's neighbour table once and followed as it changes. An address counts only on
a link of whose network the gateway itself has an address: over ARP and neighbour discovery anybody
may say anything, and a pupil's device must not become a teacher's, nor have one taken for two, by
naming an address of the staff's.
"""

import asyncio
import errno
import socket
from collections.abc import Collection

from schoolgate_policyd.netfilter import neighbour_messages, netlink
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.kernel_socket import KernelSocket, named
from schoolgate_policyd.netfilter.neighbour_messages import Neighbour, OwnNetwork
from schoolgate_policyd.netfilter.neighbour_table import Link, NeighbourTable

__all__ = ["Link", "Neighbours"]

_QUEUE_OCTETS = 1 << 20
# Read at one go, so that a flood of changes cannot keep the loop from its other work.
_MOST_DATAGRAMS = 256


class Neighbours:
    """
    The devices on the links of *interfaces* (names; none is all); nothing is known before `start`.

    Not for several threads.
    """

    def __init__(self, interfaces: Collection[str] = ()) -> None:
        self._interfaces = frozenset(interfaces)
        self._is_ours: dict[int, bool] = {}
        self._own_networks: set[OwnNetwork] = set()
        self._table = NeighbourTable()
        self._changed: KernelSocket | None = None
        self._asked: KernelSocket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_behind = False  # more changed than we were told

    @property
    def changes(self) -> int:
        """Grows whenever an address is another device's than it was."""
        return self._table.changes

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """
        Read the table and follow it on *loop*, in the network namespace that this thread is in.

        Raises NetfilterError.
        """
        self._changed = KernelSocket(
            socket.NETLINK_ROUTE, groups=neighbour_messages.GROUPS, receive_buffer=_QUEUE_OCTETS
        )
        try:
            self._asked = KernelSocket(socket.NETLINK_ROUTE)
            self._read_all()
        except NetfilterError:
            self.stop()
            raise
        self._loop = loop
        loop.add_reader(self._changed.fileno(), self.read)

    def stop(self) -> None:
        """Follow no more; what was known stays known."""
        if self._loop is not None and self._changed is not None:
            self._loop.remove_reader(self._changed.fileno())
        for opened in (self._changed, self._asked):
            if opened is not None:
                opened.close()
        self._loop = self._changed = self._asked = None

    def read(self) -> None:
        """Take in what changed, without waiting; the loop calls it. Raises NetfilterError."""
        if self._is_behind:
            self._catch_up()
        for _ in range(_MOST_DATAGRAMS):
            try:
                octets = None if self._changed is None else self._changed.waiting()
            except OSError as error:
                self._require_overrun(error)
                self._catch_up()
                return
            if octets is None:
                return
            self._take(octets)

    def link_of(self, packed: bytes) -> Link | None:
        """Return whose address *packed* (4 or 16 octets) is, if exactly one device's."""
        link = self._table.link_of(packed)
        if link is None:
            # Who asks for the first time was heard by the kernel before, and perhaps not by us.
            self.read()
            link = self._table.link_of(packed)
        return link

    def addresses_of(self, link: Link) -> frozenset[bytes]:
        """Return the addresses that a device uses, or used last, of both families."""
        return self._table.addresses_of(link)

    def ipv4_of(self, packed: bytes) -> bytes | None:
        """
        Return the one IPv4 address of the device that uses *packed*, or used it last.

        None if the device is unknown, or has no IPv4 address, or several.
        """
        self.link_of(packed)
        return self._table.ipv4_of(packed)

    def _catch_up(self) -> None:
        """Read the whole table where more changed than there was room for."""
        self._is_behind = True
        # What is left in the queue is older than the table, and what was lost came after it.
        while self._changed is not None:
            try:
                if self._changed.waiting() is None:
                    break
            except OSError as error:
                self._require_overrun(error)
        self._read_all()
        self._is_behind = False

    @staticmethod
    def _require_overrun(error: OSError) -> None:
        if error.errno != errno.ENOBUFS:
            raise NetfilterError(f"neighbours: {named(error.errno)}") from error

    def _read_all(self) -> None:
        if self._asked is None:
            return
        networks: set[OwnNetwork] = set()
        neighbours: dict[tuple[int, bytes], Neighbour] = {}

        def take_network(body: bytes) -> None:
            network = neighbour_messages.own_network_of(body)
            if network is not None:
                networks.add(network)

        def take_neighbour(body: bytes) -> None:
            found = neighbour_messages.neighbour_of(neighbour_messages.NEW_NEIGHBOUR, body)
            if found is not None and found.mac is not None:
                neighbours[found.index, found.packed] = found

        self._asked.dump(
            neighbour_messages.GET_ADDRESSES, neighbour_messages.ALL_ADDRESSES, take_network
        )
        self._asked.dump(
            neighbour_messages.GET_NEIGHBOURS, neighbour_messages.ALL_NEIGHBOURS, take_neighbour
        )
        self._own_networks = networks
        self._table.keep_only(neighbours.keys())
        for neighbour in neighbours.values():
            self._put(neighbour)

    def _take(self, octets: bytes) -> None:
        for part in netlink.messages(octets):
            match part.kind:
                case neighbour_messages.NEW_NEIGHBOUR | neighbour_messages.DELETE_NEIGHBOUR:
                    neighbour = neighbour_messages.neighbour_of(part.kind, part.body)
                    if neighbour is not None:
                        self._put(neighbour)
                case neighbour_messages.NEW_ADDRESS | neighbour_messages.DELETE_ADDRESS:
                    # The gateway's own networks changed: which neighbours count is read anew.
                    self._read_all()
                case _:
                    pass

    def _put(self, neighbour: Neighbour) -> None:
        index, packed, mac = neighbour.index, neighbour.packed, neighbour.mac
        if mac is None:
            self._table.leave(index, packed)
        elif self._counts(index) and self._is_of_link(index, packed):
            self._table.put(index, packed, mac)
        else:
            self._table.leave(index, packed)

    def _is_of_link(self, index: int, packed: bytes) -> bool:
        return any(
            network.index == index and network.has(packed) for network in self._own_networks
        )

    def _counts(self, index: int) -> bool:
        if not self._interfaces:
            return True
        known = self._is_ours.get(index)
        if known is None:
            try:
                name = socket.if_indextoname(index)
            except OSError:
                return False  # it is gone already
            known = self._is_ours[index] = name in self._interfaces
        return known
