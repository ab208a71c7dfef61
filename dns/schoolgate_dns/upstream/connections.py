"""One message over a TCP connection of its own, framed as RFC 7766 section 8 has it."""

import asyncio
import os
from typing import Final

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages.layout import HEADER_OCTETS, IS_REPLY
from schoolgate_dns.resolvers import Place

_OPCODE_AND_REPLY: Final = 0xF8


async def exchange(place: Place, octets: bytes) -> bytes:
    """
    Return the message that *place* sends for the message *octets*, under the id of *octets*.

    It goes out under a random id. Raises OSError, or WireError for what is no reply to it.
    """
    number = os.urandom(2)
    reader, writer = await asyncio.open_connection(place.address, place.port)
    try:
        writer.write(len(octets).to_bytes(2) + number + octets[2:])
        await writer.drain()
        length = int.from_bytes(await reader.readexactly(2))
        reply = await reader.readexactly(length)
    except asyncio.IncompleteReadError as error:
        raise WireError("the connection ended inside a message") from error
    finally:
        # Nobody asks twice on it, and what it still holds is nobody's.
        writer.transport.abort()
    if (
        length < HEADER_OCTETS
        or reply[:2] != number
        or reply[2] & _OPCODE_AND_REPLY != octets[2] & _OPCODE_AND_REPLY | IS_REPLY >> 8
    ):
        raise WireError("over TCP came something else than the reply")
    return octets[:2] + reply[2:]
