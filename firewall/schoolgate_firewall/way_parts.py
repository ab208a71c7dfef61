"""The parts of a way's key: whose way it is, and where it leads (see `netfilter.names.WaySet`)."""

import ipaddress
import socket
from sys import byteorder
from typing import NamedTuple

from schoolgate_policyd.netfilter.names import WaySet
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.netfilter.ways import Way

_INDEX = 4
_MAC_END = 10
_DESTINATION = {WaySet.LINK4: 4, WaySet.LINK6: 16, WaySet.ADDRESS4: 4, WaySet.ADDRESS6: 16}


class Ends(NamedTuple):
    """The client's end of a way, as far as its key tells, and where it leads (packed)."""

    link: Link | None
    client: bytes | None
    destination: bytes


def ends_of(way: Way) -> Ends:
    """Return both ends of *way*: of the client either its link or its address."""
    destination = destination_of(way)
    if way.set in {WaySet.LINK4, WaySet.LINK6}:
        index = int.from_bytes(way.key[:_INDEX], byteorder)
        return Ends(Link(index, way.key[_INDEX:_MAC_END]), None, destination)
    return Ends(None, way.key[: -len(destination)], destination)


def destination_of(way: Way) -> bytes:
    """Return the address that *way* leads to."""
    return way.key[-_DESTINATION[way.set] :]


def asker_of(way: Way) -> bytes:
    """Return what all ways of one client have in common, of either family on its own link."""
    return way.key[: -_DESTINATION[way.set]]


def packed(address: str) -> bytes | None:
    """Return *address* packed, None where the text is none."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.inet_pton(family, address)
    except (OSError, ValueError):
        return None


def text_of(address: bytes) -> str:
    """Return a packed address as registers write it."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(parsed if mapped is None else mapped)
