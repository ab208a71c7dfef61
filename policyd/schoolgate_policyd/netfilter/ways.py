"""
What DNS tells the firewall's point: whom it told which names, and the ways that this opened.

A datagram is an array of a few `Told`. The keys are what the kernel's sets compare (see
`names.WaySet`).
"""

from collections.abc import Sequence
from struct import Struct
from sys import byteorder

import msgspec

from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.names import WaySet

# A datagram longer than this is nobody's of ours: an answer of the most ways and names is shorter.
LONGEST_TOLD = 16_384
MOST_TOLD_AT_ONCE = 64
_ARRAY_16 = Struct(">BH")
_ARRAY_16_MARK = 0xDC
MOST_NAMES = 32
MOST_WAYS = 128
LONGEST_NAME = 255
LONGEST_LIFETIME_S = 86_400

_MAC = 6
_KEY_LENGTHS = {WaySet.LINK4: 16, WaySet.LINK6: 28, WaySet.ADDRESS4: 8, WaySet.ADDRESS6: 32}


class Way(msgspec.Struct, frozen=True, array_like=True):
    """One client and one address that it was told, as an element of a set."""

    set: WaySet
    key: bytes


class Told(msgspec.Struct, frozen=True, array_like=True):
    """One answer that was given: *names* begins with the host asked for, aliases follow."""

    client: str
    names: tuple[str, ...]
    ways: tuple[Way, ...]
    lifetime_s: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[Told, ...])


def link_way(index: int, mac: bytes, destination: bytes) -> Way:
    """
    Return the way of the device *mac* on the interface *index* to *destination*.

    *mac* has 6 octets, *destination* 4 or 16. Raises NetfilterError for other lengths.
    """
    if len(mac) != _MAC:
        raise NetfilterError(f"a hardware address has 6 octets, not {len(mac)}")
    kind = _of_family(destination, WaySet.LINK4, WaySet.LINK6)
    return Way(kind, index.to_bytes(4, byteorder) + mac + b"\0\0" + destination)


def address_way(client: bytes, destination: bytes) -> Way:
    """
    Return the way of the address *client* to *destination*, both of one family.

    Raises NetfilterError if they are not 4 or 16 octets both.
    """
    if len(client) != len(destination):
        raise NetfilterError("a client and the address it was told are of one family")
    return Way(_of_family(destination, WaySet.ADDRESS4, WaySet.ADDRESS6), client + destination)


def encode_told(told: Told) -> bytes:
    """Return *told* as a part of a datagram (`datagram_of`)."""
    return _encoder.encode(told)


def datagram_of(parts: Sequence[bytes]) -> bytes:
    """Return the datagram that tells *parts*, each an encoded `Told`."""
    # An array of msgpack is its length and then its elements, so nothing is encoded twice.
    return _ARRAY_16.pack(_ARRAY_16_MARK, len(parts)) + b"".join(parts)


def decode_told(octets: bytes) -> tuple[Told, ...]:
    """Return what a datagram tells; raises NetfilterError if any of it is not bounded."""
    if len(octets) > LONGEST_TOLD:
        raise NetfilterError(f"a datagram of {len(octets)} octets tells no ways")
    try:
        told = _decoder.decode(octets)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NetfilterError(f"a datagram tells no ways: {error}") from error
    if not 0 < len(told) <= MOST_TOLD_AT_ONCE:
        raise NetfilterError(f"a datagram tells of {len(told)} answers")
    for each in told:
        _require_bounds(each)
    return told


def _of_family(destination: bytes, four: WaySet, six: WaySet) -> WaySet:
    match len(destination):
        case 4:
            return four
        case 16:
            return six
        case length:
            raise NetfilterError(f"an address has 4 or 16 octets, not {length}")


def _require_bounds(told: Told) -> None:
    if not 0 < len(told.names) <= MOST_NAMES or len(told.ways) > MOST_WAYS:
        raise NetfilterError("a datagram tells of no name, or of more than any answer has")
    if any(len(name) > LONGEST_NAME for name in (told.client, *told.names)):
        raise NetfilterError(f"a datagram has a name of more than {LONGEST_NAME} characters")
    if any(len(way.key) != _KEY_LENGTHS[way.set] for way in told.ways):
        raise NetfilterError("a datagram has a way whose key is not of its set")
    if not 0 <= told.lifetime_s <= LONGEST_LIFETIME_S:
        raise NetfilterError(f"a datagram has a lifetime of {told.lifetime_s} seconds")
