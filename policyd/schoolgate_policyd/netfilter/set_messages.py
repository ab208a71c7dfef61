"""
The messages about the elements of one set, packed for speed; and what the kernel answers.

A change is a transaction: between the beginning and the end of a batch all happens or nothing.
Source: linux/netfilter/nf_tables.h and nfnetlink.h.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from struct import Struct

import msgspec

from schoolgate_policyd.netfilter import netlink
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.names import TABLE

_SUBSYSTEM = 10  # NFNL_SUBSYS_NFTABLES
_NFPROTO_INET = 1
_BATCH_BEGIN = 0x10
_BATCH_END = 0x11
_NFGENMSG = Struct(">BBH")  # family, version, resource
_GENERIC = _NFGENMSG.pack(_NFPROTO_INET, 0, 0)
_BATCH = _NFGENMSG.pack(0, 0, _SUBSYSTEM)

_GET_TABLE = _SUBSYSTEM << 8 | 1
_GET_SET = _SUBSYSTEM << 8 | 10
_GET_ELEMENTS = _SUBSYSTEM << 8 | 13

# NFTA_SET_ELEM_LIST_*: in a message; NFTA_SET_ELEM_*: in an element; NFTA_*: in those.
_LIST_TABLE = 1
_LIST_SET = 2
_LIST_ELEMENTS = 3
_LIST_ELEMENT = 1
_KEY = 1
_TIMEOUT = 4
_EXPIRATION = 5
_EXPRESSION = 7
_EXPRESSIONS = 11
_VALUE = 1
_EXPRESSION_NAME = 1
_EXPRESSION_DATA = 2
_COUNTER_OCTETS = 1
_COUNTER_PACKETS = 2

# NFTA_TABLE_*
_TABLE_NAME = 1
_TABLE_HANDLE = 4

_NUMBER = Struct(">Q")
_HEAD = netlink.ATTRIBUTE_HEAD
_NESTED = netlink.NESTED
_TIMEOUT_HEAD = _HEAD.pack(12, _TIMEOUT)
_FLAGS = netlink.REQUEST | netlink.CREATE
_LAST_FLAGS = _FLAGS | netlink.ACKNOWLEDGE
_LONGEST_KEY = 64  # NFT_DATA_VALUE_MAXLEN


class Change(IntEnum):
    """What happens to the elements in a message: its kind and flags."""

    NEW = _SUBSYSTEM << 8 | 12
    DELETE = _SUBSYSTEM << 8 | 14


ADD = (Change.NEW,)
REMOVE = (Change.DELETE,)
# Added first, so that there is something to delete whether or not it was there.
ADD_ANEW = (Change.NEW, Change.DELETE, Change.NEW)


class Element(msgspec.Struct, frozen=True):
    """One element: when it ends, if ever, and what its counter counted, if it has one."""

    key: bytes
    expires_s: float | None
    packets: int
    octets: int


class SetMessages:
    """The messages about one set, as far as they are always the same."""

    def __init__(self, set_name: str) -> None:
        self._place = (
            _GENERIC + netlink.text(_LIST_TABLE, TABLE) + netlink.text(_LIST_SET, set_name)
        )

    def transaction(
        self, keys: Sequence[bytes], timeout_ms: int | None, changes: tuple[Change, ...]
    ) -> Callable[[int], bytes]:
        """
        Return what makes the octets of *changes* to *keys*, all at once, for a sequence number.

        One acknowledgement comes back. Raises NetfilterError if keys are not of one length.
        """
        body = self._place + _elements(keys, timeout_ms)
        length = netlink.MESSAGE_HEAD.size + len(body)
        last = len(changes) - 1

        def request(sequence: int) -> bytes:
            parts = [_head(_BATCH_BEGIN, netlink.REQUEST, sequence), _BATCH]
            for place, change in enumerate(changes):
                flags = _FLAGS if place < last else _LAST_FLAGS
                parts += (netlink.MESSAGE_HEAD.pack(length, change, flags, sequence, 0), body)
            parts += (_head(_BATCH_END, netlink.REQUEST, sequence), _BATCH)
            return b"".join(parts)

        return request

    def listing(self) -> tuple[int, bytes]:
        """Return the kind and the body of the question for all elements."""
        return _GET_ELEMENTS, self._place

    def search(self, key: bytes) -> tuple[int, bytes]:
        """Return the kind and the body of the question for one element."""
        return _GET_ELEMENTS, self._place + _elements([key], None)

    def question(self) -> Callable[[int], bytes]:
        """Return what makes the question whether there is the set."""
        flags = netlink.REQUEST | netlink.ACKNOWLEDGE
        return lambda sequence: netlink.message(_GET_SET, flags, sequence, self._place)


def table_question() -> tuple[int, bytes]:
    """Return the kind and the body of the question for our table."""
    return _GET_TABLE, _GENERIC + netlink.text(_TABLE_NAME, TABLE)


def table_handle_of(body: bytes) -> int:
    """Return the number that the kernel gave a table; raises NetfilterError if there is none."""
    attributes = dict(netlink.attributes(body, _NFGENMSG.size))
    return netlink.unpacked(_NUMBER, attributes.get(_TABLE_HANDLE, b""))[0]


def elements_of(body: bytes) -> Iterator[Element]:
    """Yield the elements in an answer; raises NetfilterError where it cannot be read."""
    for attributes in _each_element(body):
        key = dict(netlink.attributes(attributes.get(_KEY, b""))).get(_VALUE)
        if key is None:
            continue  # the element that stands for what is not in a set of intervals
        expires_ms = attributes.get(_EXPIRATION)
        packets, octets = _counted(attributes)
        yield Element(
            key,
            None if expires_ms is None else netlink.unpacked(_NUMBER, expires_ms)[0] / 1000,
            packets,
            octets,
        )


def timeout_ms_of(body: bytes) -> int:
    """Return the timeout of the first element in an answer, 0 if it has none of its own."""
    for attributes in _each_element(body):
        timeout = attributes.get(_TIMEOUT)
        return 0 if timeout is None else netlink.unpacked(_NUMBER, timeout)[0]
    return 0


def _elements(keys: Sequence[bytes], timeout_ms: int | None) -> bytes:
    """Return the attribute of all *keys*, each with the timeout."""
    length = len(keys[0])
    if any(len(key) != length for key in keys) or not 0 < length <= _LONGEST_KEY or length % 4:
        raise NetfilterError("the keys of a set are of one length, a multiple of four octets")
    tail = b"" if timeout_ms is None else _TIMEOUT_HEAD + _NUMBER.pack(timeout_ms)
    heads = _element_head(length, len(tail))
    # The keys are what differs: what stands between two of them is always the same.
    inside = heads + (tail + heads).join(keys) + tail
    return _HEAD.pack(4 + len(inside), _LIST_ELEMENTS | _NESTED) + inside


@functools.cache
def _element_head(key_length: int, tail_length: int) -> bytes:
    return (
        _HEAD.pack(12 + key_length + tail_length, _LIST_ELEMENT | _NESTED)
        + _HEAD.pack(8 + key_length, _KEY | _NESTED)
        + _HEAD.pack(4 + key_length, _VALUE)
    )


def _head(kind: int, flags: int, sequence: int) -> bytes:
    return netlink.MESSAGE_HEAD.pack(netlink.MESSAGE_HEAD.size + 4, kind, flags, sequence, 0)


def _each_element(body: bytes) -> Iterator[dict[int, bytes]]:
    for kind, value in netlink.attributes(body, _NFGENMSG.size):
        if kind == _LIST_ELEMENTS:
            for _, element in netlink.attributes(value):
                yield dict(netlink.attributes(element))


def _counted(element: dict[int, bytes]) -> tuple[int, int]:
    """Return the packets and octets that an element's counter counted."""
    one = element.get(_EXPRESSION)
    expressions = [value for _, value in netlink.attributes(element.get(_EXPRESSIONS, b""))]
    for expression in expressions if one is None else [one]:
        parts = dict(netlink.attributes(expression))
        if parts.get(_EXPRESSION_NAME) == b"counter\0":
            counts = dict(netlink.attributes(parts.get(_EXPRESSION_DATA, b"")))
            nothing = _NUMBER.pack(0)
            packets = netlink.unpacked(_NUMBER, counts.get(_COUNTER_PACKETS, nothing))[0]
            return packets, netlink.unpacked(_NUMBER, counts.get(_COUNTER_OCTETS, nothing))[0]
    return 0, 0
