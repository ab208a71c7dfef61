"""
What the packet filter logs: the first octets of each connection that it refused.

The kernel sends them over netlink to whoever is bound to the group; only one may be. Source:
linux/netfilter/nfnetlink_log.h.
"""

import errno
from struct import Struct

import msgspec

from schoolgate_policyd.netfilter import netlink
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.kernel_socket import NETLINK_NETFILTER, KernelSocket, named
from schoolgate_policyd.netfilter.packets import packet_head

_SUBSYSTEM = 4  # NFNL_SUBSYS_ULOG
_PACKET = _SUBSYSTEM << 8
_CONFIGURE = _SUBSYSTEM << 8 | 1
_NFGENMSG = Struct(">BBH")  # family, version, group

_COMMAND = 1
_MODE = 2
_LONGEST_WAIT = 4
_THRESHOLD = 5
_BIND = b"\1"
_COPIED_OCTETS = 128
_COPY_PACKETS = Struct(">IBx").pack(_COPIED_OCTETS, 2)
# Sent together: at most so many, kept back at most so many hundredths of a second.
_MOST_TOGETHER = Struct(">I").pack(32)
_KEPT_BACK = Struct(">I").pack(5)

_IN_INDEX = 4
_HARDWARE = 8
_PAYLOAD = 9
_PREFIX = 10
_NUMBER = Struct(">I")
_HARDWARE_LENGTH = Struct(">H")
_LONGEST_HARDWARE = 8
_LONGEST_PREFIX = 128

_QUEUE_OCTETS = 1 << 20
_MOST_DATAGRAMS = 64


class Logged(msgspec.Struct, frozen=True):
    """
    One packet that was logged; *source* and *destination* have 4 or 16 octets.

    *in_index* is 0 and *hardware* empty for what came over no interface. The ports are those of
    TCP and UDP, None where the packet had none or was not the first fragment.
    """

    prefix: str
    in_index: int
    hardware: bytes
    source: bytes
    destination: bytes
    protocol: int
    source_port: int | None
    destination_port: int | None


class PacketLog:
    """
    The packets logged to one group, which nobody else may read at the same time.

    *overruns* is how often the kernel had more than there was room for, *unreadable* how many
    entries were not those of an IP packet. Raises NetfilterError.
    """

    def __init__(self, group: int) -> None:
        self.overruns = 0
        self.unreadable = 0
        self._group = group
        self._socket = KernelSocket(NETLINK_NETFILTER, receive_buffer=_QUEUE_OCTETS)
        try:
            self._configure(netlink.attribute(_COMMAND, _BIND))
            self._configure(
                netlink.attribute(_MODE, _COPY_PACKETS)
                + netlink.attribute(_LONGEST_WAIT, _KEPT_BACK)
                + netlink.attribute(_THRESHOLD, _MOST_TOGETHER)
            )
        except NetfilterError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor that is readable when something was logged."""
        return self._socket.fileno()

    def read(self) -> list[Logged]:
        """
        Return what was logged, without waiting, as much as is read at one go.

        Raises NetfilterError.
        """
        read: list[Logged] = []
        for _ in range(_MOST_DATAGRAMS):
            try:
                octets = self._socket.waiting()
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise NetfilterError(f"the packet log: {named(error.errno)}") from error
                self.overruns += 1
                continue
            if octets is None:
                break
            read += self._entries(octets)
        return read

    def close(self) -> None:
        """Close the socket; what is logged from now on is lost."""
        self._socket.close()

    def _configure(self, attributes: bytes) -> None:
        flags = netlink.REQUEST | netlink.ACKNOWLEDGE
        body = _NFGENMSG.pack(0, 0, self._group) + attributes
        number = self._socket.ask(
            lambda sequence: netlink.message(_CONFIGURE, flags, sequence, body)
        )
        if number:
            raise NetfilterError(
                f"the packet log's group {self._group} cannot be read: {named(number)}; "
                "see whether another process reads it"
            )

    def _entries(self, octets: bytes) -> list[Logged]:
        entries: list[Logged] = []
        try:
            for part in netlink.messages(octets):
                if part.kind == _PACKET:
                    entry = logged_of(part.body)
                    if entry is None:
                        self.unreadable += 1
                    else:
                        entries.append(entry)
        except NetfilterError:
            self.unreadable += 1
        return entries


def logged_of(body: bytes) -> Logged | None:
    """
    Return what an entry of the log says; None if it is not an IP packet.

    Raises NetfilterError if it cannot be read.
    """
    attributes = dict(netlink.attributes(body, _NFGENMSG.size))
    head = packet_head(attributes.get(_PAYLOAD, b"")[:_COPIED_OCTETS])
    if head is None:
        return None
    in_index = attributes.get(_IN_INDEX)
    prefix = attributes.get(_PREFIX, b"")[:_LONGEST_PREFIX].partition(b"\0")[0]
    return Logged(
        prefix.decode("ascii", errors="replace").strip(),
        0 if in_index is None else netlink.unpacked(_NUMBER, in_index)[0],
        _hardware_of(attributes.get(_HARDWARE)),
        *head,
    )


def _hardware_of(value: bytes | None) -> bytes:
    """Return the sender's hardware address: a length, two octets of padding, and eight of room."""
    if value is None:
        return b""
    length = netlink.unpacked(_HARDWARE_LENGTH, value)[0]
    return value[4 : 4 + min(length, _LONGEST_HARDWARE)]
