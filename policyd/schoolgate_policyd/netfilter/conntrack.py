"""
The kernel's table of connections: those that are no longer allowed are taken out of it.

A connection is found by its original tuple: who opened it and the address that was meant, also
where it was translated to another (as to the proxy's). Source: linux/netfilter/
nfnetlink_conntrack.h.
"""

import errno
import socket
from collections.abc import Collection
from struct import Struct
from sys import byteorder

from schoolgate_policyd.netfilter import netlink
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.kernel_socket import NETLINK_NETFILTER, KernelSocket, named

_GET = 1 << 8 | 1
_DELETE = 1 << 8 | 2
_NFGENMSG_SIZE = 4
_DELETED_AT_ONCE = 64  # their acknowledgements fit into any socket's queue

_TUPLE = 1  # CTA_TUPLE_ORIG
_STATUS = 3
_DESTINATION_TRANSLATED = 1 << 5  # IPS_DST_NAT
_ID = 12
_ZONE = 18
_FILTER = 25
_FILTER_FLAGS = 1
_BY_SOURCE_AND_DESTINATION = (1 << 0 | 1 << 1).to_bytes(4, byteorder)
_ADDRESSES = 1  # CTA_TUPLE_IP
_SOURCE_AND_DESTINATION = {4: (1, 2), 16: (3, 4)}
_FAMILIES = {4: socket.AF_INET, 16: socket.AF_INET6}

# The heads of the tuple, in it of the addresses, in it of the source: length and kind of each.
_HEADS = Struct("=HHHH4sI")
_HEAD = netlink.ATTRIBUTE_HEAD
_IPV4_SOURCE, _IPV4_DESTINATION = _HEAD.pack(8, 1), _HEAD.pack(8, 2)
_IPV6_SOURCE, _IPV6_DESTINATION = _HEAD.pack(20, 3), _HEAD.pack(20, 4)
_LEAST_ENTRY = 52

type Pair = tuple[bytes, bytes]


class Connections:
    """The connections that the kernel follows, over one socket that several threads may use."""

    def __init__(self) -> None:
        self._socket = KernelSocket(NETLINK_NETFILTER)

    def end(self, client: bytes, destination: bytes) -> int:
        """
        Forget all connections from *client* to *destination*; return how many there were.

        *destination* is what the client used, whatever it was translated to.
        Raises NetfilterError.
        """
        return self.end_many([(client, destination)])

    def end_many(
        self, pairs: Collection[tuple[bytes, bytes]], *, only_direct: bool = False
    ) -> int:
        """
        Forget all connections of *pairs* with one look at the table; return how many there were.

        With *only_direct* those stay that were translated to another destination, as to the
        proxy's. Raises NetfilterError, also for pairs that are not of one family.
        """
        wanted = frozenset(pairs)
        if not wanted:
            return 0
        question = _question(wanted)
        found: dict[bytes, bytes] = {}

        def take(body: bytes) -> None:
            if pair_of(body) in wanted and not (only_direct and _is_translated(body)):
                handle = _handle_of(body)
                found[handle] = body[:1] + bytes(3) + handle

        self._socket.dump(_GET, question, take)
        return self._delete(list(found.values()))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _delete(self, bodies: list[bytes]) -> int:
        ended = 0
        flags = netlink.REQUEST | netlink.ACKNOWLEDGE
        for start in range(0, len(bodies), _DELETED_AT_ONCE):
            part = bodies[start : start + _DELETED_AT_ONCE]

            def requests(sequence: int, part: list[bytes] = part) -> bytes:
                return b"".join(netlink.message(_DELETE, flags, sequence, body) for body in part)

            for number in self._socket.ask_each(requests, len(part)):
                # One that ended by itself meanwhile is as good as deleted.
                if number not in {0, errno.ENOENT}:
                    raise NetfilterError(f"a connection cannot be ended: {named(number)}")
                ended += not number
        return ended


def pair_of(body: bytes) -> Pair | None:
    """
    Return the source and destination of an entry's original tuple, None if it has none.

    Raises NetfilterError if it cannot be read.
    """
    # Nearly every entry of a large table is not the one: compared where the kernel puts it.
    if len(body) >= _LEAST_ENTRY:
        _, tuple_kind, _, addresses_kind, source, _ = _HEADS.unpack_from(body, _NFGENMSG_SIZE)
        if tuple_kind == _TUPLE | netlink.NESTED and addresses_kind == _ADDRESSES | netlink.NESTED:
            if source == _IPV4_SOURCE and body[20:24] == _IPV4_DESTINATION:
                return body[16:20], body[24:28]
            if source == _IPV6_SOURCE and body[32:36] == _IPV6_DESTINATION:
                return body[16:32], body[36:52]
    return _pair_anywhere(body)


def _pair_anywhere(body: bytes) -> Pair | None:
    original = dict(netlink.attributes(body, _NFGENMSG_SIZE)).get(_TUPLE, b"")
    addresses = dict(netlink.attributes(dict(netlink.attributes(original)).get(_ADDRESSES, b"")))
    for length, (source, destination) in _SOURCE_AND_DESTINATION.items():
        pair = addresses.get(source, b""), addresses.get(destination, b"")
        if all(len(address) == length for address in pair):
            return pair
    return None


def _is_translated(body: bytes) -> bool:
    status = dict(netlink.attributes(body, _NFGENMSG_SIZE)).get(_STATUS, b"")
    return bool(int.from_bytes(status) & _DESTINATION_TRANSLATED)


def _handle_of(body: bytes) -> bytes:
    """Return the attributes of an entry by which the kernel finds just this one again."""
    attributes = dict(netlink.attributes(body, _NFGENMSG_SIZE))
    return netlink.nested(_TUPLE, attributes[_TUPLE]) + b"".join(
        netlink.attribute(kind, attributes[kind]) for kind in (_ZONE, _ID) if kind in attributes
    )


def _question(wanted: frozenset[Pair]) -> bytes:
    """Return the question for all entries among which those of *wanted* are."""
    families = {_family_of(pair) for pair in wanted}
    if len(families) > 1:
        return bytes(_NFGENMSG_SIZE)
    question = bytes([*families, 0, 0, 0])
    # For IPv6 the kernel's own choosing leaves out just those that are asked for (6.18).
    if len(wanted) > 1 or families != {socket.AF_INET}:
        return question
    addresses = [
        netlink.attribute(kind, address)
        for kind, address in zip(_SOURCE_AND_DESTINATION[4], next(iter(wanted)), strict=True)
    ]
    return (
        question
        + netlink.nested(_TUPLE, netlink.nested(_ADDRESSES, *addresses))
        + netlink.nested(_FILTER, netlink.attribute(_FILTER_FLAGS, _BY_SOURCE_AND_DESTINATION))
    )


def _family_of(pair: Pair) -> int:
    client, destination = pair
    family = _FAMILIES.get(len(client))
    if family is None or len(client) != len(destination):
        raise NetfilterError("a connection has two addresses of one family, 4 or 16 octets each")
    return family
