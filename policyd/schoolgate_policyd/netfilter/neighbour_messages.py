"""
What the kernel says about neighbours and about the gateway's own addresses.

Source: linux/neighbour.h, if_addr.h and rtnetlink.h.
"""

import socket
from dataclasses import dataclass
from struct import Struct

from schoolgate_policyd.netfilter import netlink

NEW_ADDRESS = 20
DELETE_ADDRESS = 21
NEW_NEIGHBOUR = 28
DELETE_NEIGHBOUR = 29
GET_ADDRESSES = 22
GET_NEIGHBOURS = 30

# RTMGRP_NEIGH, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR.
GROUPS = 0x4 | 0x10 | 0x100

_NDMSG = Struct("=BBHiHBB")  # family, padding, padding, index, state, flags, type
_IFADDRMSG = Struct("=BBBBI")  # family, prefix length, flags, scope, index
_NEIGHBOUR_ADDRESS = 1
_NEIGHBOUR_HARDWARE = 2
_INTERFACE_ADDRESS = 1
_ADDRESS_LENGTHS: dict[int, int] = {socket.AF_INET: 4, socket.AF_INET6: 16}
_MAC_LENGTH = 6
_PROXY = 0x08
# Reachable, stale, delay, probe and permanent: whoever answered, or is written down.
_KNOWN_STATES = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
# Failed: nobody answers there any more. An incomplete one is being asked.
_LOST_STATES = 0x20

ALL_NEIGHBOURS = _NDMSG.pack(socket.AF_UNSPEC, 0, 0, 0, 0, 0, 0)
ALL_ADDRESSES = _IFADDRMSG.pack(socket.AF_UNSPEC, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An address on a link; without a hardware address it is nobody's any more."""

    index: int
    packed: bytes
    mac: bytes | None


@dataclass(frozen=True, slots=True)
class OwnNetwork:
    """
    A network that the gateway itself has an address of, on the link *index*.

    *length* is that of its addresses in octets: 4 or 16.
    """

    index: int
    length: int
    network: int
    mask: int

    def has(self, packed: bytes) -> bool:
        """Whether an address of either family is of this network."""
        return len(packed) == self.length and int.from_bytes(packed) & self.mask == self.network


def neighbour_of(kind: int, body: bytes) -> Neighbour | None:
    """
    Return what a message says, None if that is nothing about a device.

    Raises NetfilterError for what the kernel would not say.
    """
    family, _, _, index, state, flags, _ = netlink.unpacked(_NDMSG, body)
    length = _ADDRESS_LENGTHS.get(family)
    attributes = dict(netlink.attributes(body, _NDMSG.size))
    packed = attributes.get(_NEIGHBOUR_ADDRESS, b"")
    if length is None or len(packed) != length or flags & _PROXY:
        return None
    if kind == DELETE_NEIGHBOUR or state & _LOST_STATES:
        return Neighbour(index, packed, None)
    mac = attributes.get(_NEIGHBOUR_HARDWARE, b"")
    if not state & _KNOWN_STATES or len(mac) != _MAC_LENGTH or not any(mac):
        return None
    return Neighbour(index, packed, mac)


def own_network_of(body: bytes) -> OwnNetwork | None:
    """Return the network of an address of the gateway's, None if it is of neither family."""
    family, prefix_length, _, _, index = netlink.unpacked(_IFADDRMSG, body)
    packed = dict(netlink.attributes(body, _IFADDRMSG.size)).get(_INTERFACE_ADDRESS, b"")
    length = _ADDRESS_LENGTHS.get(family)
    if length is None or len(packed) != length or prefix_length > length * 8:
        return None
    mask = (1 << length * 8) - (1 << length * 8 - prefix_length)
    return OwnNetwork(index, length, int.from_bytes(packed) & mask, mask)
