"""The spool's records: length and CRC-32 of a msgpack value, four octets each, then the value."""

import zlib
from collections.abc import Iterator

import msgspec

from schoolgate_policyd.ipc.messages import NumberedEvent

_HEADER_OCTETS = 8
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(NumberedEvent)


def encode(event: NumberedEvent) -> bytes:
    """Return *event* as one record."""
    value = _ENCODER.encode(event)
    return len(value).to_bytes(4, "big") + zlib.crc32(value).to_bytes(4, "big") + value


def decode_all(content: bytes, most: int) -> Iterator[tuple[NumberedEvent, int]]:
    """
    Yield up to *most* events from the start of *content*, each with the place where it ends.

    It stops before the first record that is torn or damaged.
    """
    start = 0
    for _ in range(most):
        length = int.from_bytes(content[start : start + 4], "big")
        checksum = int.from_bytes(content[start + 4 : start + _HEADER_OCTETS], "big")
        end = start + _HEADER_OCTETS + length
        value = content[start + _HEADER_OCTETS : end]
        if not length or len(value) < length or zlib.crc32(value) != checksum:
            return
        try:
            event = _DECODER.decode(value)
        except msgspec.DecodeError:
            return
        yield event, end
        start = end
