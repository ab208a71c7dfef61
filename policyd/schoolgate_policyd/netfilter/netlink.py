"""
The frames of netlink: messages and their attributes, packed and taken apart.

A message is a header of 16 octets (length, kind, flags, sequence, port) and a body; an attribute
is a length, a kind and a value, filled up to four octets. Both are in the machine's own order;
what netfilter puts into values is mostly in the network's. Source: linux/netlink.h.
"""

from collections.abc import Iterator
from struct import Struct, error
from typing import NamedTuple

from schoolgate_policyd.netfilter.errors import NetfilterError

# Kinds of messages that netlink itself has.
ERROR = 2
DONE = 3

# Flags of a request, and of a part of a dump that was overtaken by a change.
REQUEST = 0x1
ACKNOWLEDGE = 0x4
INTERRUPTED = 0x10
DUMP = 0x300
CREATE = 0x400

NESTED = 0x8000  # beside the kind of an attribute whose value is attributes
_KIND_BITS = 0x3FFF

MESSAGE_HEAD = Struct("=IHHII")
ATTRIBUTE_HEAD = Struct("=HH")
_ERRNO = Struct("=i")
_LONGEST_VALUE = 0xFFFF - ATTRIBUTE_HEAD.size


class Message(NamedTuple):
    """One message that the kernel sent."""

    kind: int
    flags: int
    sequence: int
    body: bytes


def message(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    """Return a message to the kernel."""
    return MESSAGE_HEAD.pack(MESSAGE_HEAD.size + len(body), kind, flags, sequence, 0) + body


def attribute(kind: int, value: bytes) -> bytes:
    """Return an attribute, filled up to four octets; raises NetfilterError for a long value."""
    if len(value) > _LONGEST_VALUE:
        raise NetfilterError(f"a netlink attribute cannot hold {len(value)} octets")
    head = ATTRIBUTE_HEAD.pack(ATTRIBUTE_HEAD.size + len(value), kind)
    return head + value + bytes(-len(value) % 4)


def nested(kind: int, *attributes_inside: bytes) -> bytes:
    """Return an attribute whose value is attributes."""
    return attribute(kind | NESTED, b"".join(attributes_inside))


def text(kind: int, value: str) -> bytes:
    """Return an attribute with a name and the NUL behind it."""
    return attribute(kind, value.encode("ascii") + b"\0")


def messages(octets: bytes) -> Iterator[Message]:
    """Yield the messages of one datagram; raises NetfilterError where it is not messages."""
    offset, end = 0, len(octets)
    while offset < end:
        start = offset + MESSAGE_HEAD.size
        if start > end:
            raise NetfilterError("a netlink message is cut short")
        length, kind, flags, sequence, _ = MESSAGE_HEAD.unpack_from(octets, offset)
        if not MESSAGE_HEAD.size <= length <= end - offset:
            raise NetfilterError(f"a netlink message says that it has {length} octets")
        yield Message(kind, flags, sequence, octets[start : offset + length])
        offset += (length + 3) & ~3


def attributes(octets: bytes, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the value of each attribute; raises NetfilterError where it has none."""
    end = len(octets)
    while offset < end:
        start = offset + ATTRIBUTE_HEAD.size
        if start > end:
            raise NetfilterError("a netlink attribute is cut short")
        length, kind = ATTRIBUTE_HEAD.unpack_from(octets, offset)
        if not ATTRIBUTE_HEAD.size <= length <= end - offset:
            raise NetfilterError(f"a netlink attribute says that it has {length} octets")
        yield kind & _KIND_BITS, octets[start : offset + length]
        offset += (length + 3) & ~3


def errno_of(body: bytes) -> int:
    """Return the positive number of the error in an acknowledgement; 0 is none."""
    return -int(unpacked(_ERRNO, body)[0])


def unpacked(shape: Struct, octets: bytes, offset: int = 0) -> tuple[int, ...]:
    """Return the numbers of *shape* at *offset*; raises NetfilterError where it is cut short."""
    try:
        return shape.unpack_from(octets, offset)
    except error as cause:
        raise NetfilterError(f"a netlink message is cut short: {cause}") from cause
