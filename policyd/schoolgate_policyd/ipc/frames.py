"""Frames: four octets of length, most significant first, then one msgpack value."""

import asyncio

import msgspec

from schoolgate_policyd.core.errors import SchoolgateError

LENGTH_OCTETS = 4

_ENCODER = msgspec.msgpack.Encoder()


class FrameError(SchoolgateError):
    """What came over the socket is no frame of ours; the connection is of no use any more."""


def encode_frame(message: msgspec.Struct) -> bytes:
    """Return *message* as one frame, its length included."""
    value = _ENCODER.encode(message)
    return len(value).to_bytes(LENGTH_OCTETS, "big") + value


def parse_length(header: bytes, most_octets: int) -> int:
    """
    Return the length that the four octets of *header* announce, in [1, *most_octets*].

    Raises FrameError outside of it, before a single octet of the value is read.
    """
    length = int.from_bytes(header, "big")
    if not 1 <= length <= most_octets:
        raise FrameError(f"a frame of {length} octets came, where 1 to {most_octets} are allowed")
    return length


def decode_value[T](value: bytes, decoder: msgspec.msgpack.Decoder[T]) -> T:
    """Return the message in *value*. Raises FrameError for anything that *decoder* refuses."""
    try:
        return decoder.decode(value)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        # Constructors of the core raise ValueError too, and none of these values may leave it.
        raise FrameError(f"a frame does not hold a message: {type(error).__name__}") from error


async def read_message[T](
    reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[T], most_octets: int
) -> T | None:
    """
    Return the next message, or None when the other side closed between two frames.

    Raises FrameError for a frame over the bound, cut short or holding something else.
    """
    try:
        header = await reader.readexactly(LENGTH_OCTETS)
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise FrameError("the connection ended inside a frame's length") from error
    try:
        value = await reader.readexactly(parse_length(header, most_octets))
    except asyncio.IncompleteReadError as error:
        raise FrameError("the connection ended inside a frame") from error
    return decode_value(value, decoder)


async def send_message(writer: asyncio.StreamWriter, message: msgspec.Struct) -> None:
    """Write *message* as one frame and wait until the other side can take more."""
    writer.write(encode_frame(message))
    await writer.drain()
