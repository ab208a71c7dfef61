"""
The name in a ClientHello, read from the first bytes of a connection.

What two readers could read differently, we and the origin, is refused here rather than judged:
what stands twice, what overlaps, what is left over. Source: RFC 8446 sections 4.1.2 and 5.1,
RFC 6066 section 3.
"""

from dataclasses import dataclass
from struct import Struct

from schoolgate_policyd.core.errors import SchoolgateError

# Honest ones have two thousand octets, of which more than half are a key that quantum computers
# would not find.
MOST_HELLO_OCTETS = 16 * 1024

_RECORD = Struct("!BBBH")
_PAIR = Struct("!HH")
_HANDSHAKE = 0x16
_TLS_MAJOR = 3
_MOST_RECORD_OCTETS = 16 * 1024
_CLIENT_HELLO = 1
_MESSAGE_HEADER_OCTETS = 4
_VERSION_AND_RANDOM_OCTETS = 34
_LONGEST_SESSION_ID = 32
_SERVER_NAME = 0
_ENCRYPTED_HELLO = 0xFE0D
_HOST_NAME = 0
_NAME_HEADER_OCTETS = 5


class HelloError(SchoolgateError):
    """The bytes begin like TLS and are no ClientHello that can be read in one way."""


@dataclass(frozen=True, slots=True)
class Hello:
    """
    What a ClientHello says in the open: its SNI, None without one.

    *has_encrypted* says that there may be another hello inside, encrypted; browsers put noise
    there too, so that nobody can tell (RFC 9849, GREASE).
    """

    name: str | None
    has_encrypted: bool = False


def read_hello(first: bytes) -> Hello | None:
    """
    Return the hello that *first*, all that came so far, begins with; None when more must come.

    Raises HelloError.
    """
    message = _message(first)
    if message is None:
        return None
    try:
        return _hello(message)
    except (IndexError, ValueError) as error:
        raise HelloError("the ClientHello does not add up") from error


def _message(first: bytes) -> bytes | None:
    """Return the handshake message without its header; None when more must come."""
    at, message, wanted = 0, b"", _MESSAGE_HEADER_OCTETS
    while len(message) < wanted:
        if len(first) < at + _RECORD.size:
            _check_room(first)
            return None
        kind, major, _, length = _RECORD.unpack_from(first, at)
        if kind != _HANDSHAKE or major != _TLS_MAJOR or not 0 < length <= _MOST_RECORD_OCTETS:
            raise HelloError("the ClientHello is not in records of its own")
        at += _RECORD.size
        message += first[at : at + length]
        at += length
        if len(message) >= _MESSAGE_HEADER_OCTETS:
            wanted = _MESSAGE_HEADER_OCTETS + int.from_bytes(message[1:4])
            if message[0] != _CLIENT_HELLO or wanted > MOST_HELLO_OCTETS:
                raise HelloError("the first message is no ClientHello, or a giant one")
        if at > len(first):
            _check_room(first)
            return None
    if len(message) > wanted:
        raise HelloError("something follows the ClientHello in its record")
    return message[_MESSAGE_HEADER_OCTETS:]


def _check_room(first: bytes) -> None:
    """Raise HelloError where *first* is all that we look at and more would have to come."""
    if len(first) >= MOST_HELLO_OCTETS:
        raise HelloError("the ClientHello does not come to an end")


def _hello(message: bytes) -> Hello:
    at = _extensions_at(message)
    name, kinds = None, set()
    while at < len(message):
        kind, length = _PAIR.unpack_from(_exactly(message, at, _PAIR.size))
        at += _PAIR.size
        if kind in kinds:
            raise ValueError("an extension stands twice")
        kinds.add(kind)
        if kind == _SERVER_NAME:
            name = _server_name(_exactly(message, at, length))
        at += length
    if at != len(message):
        raise ValueError("an extension is longer than the message")
    return Hello(name, _ENCRYPTED_HELLO in kinds)


def _extensions_at(message: bytes) -> int:
    """Return where the extensions begin, having checked that they end with *message*."""
    at = _VERSION_AND_RANDOM_OCTETS
    if message[at] > _LONGEST_SESSION_ID:
        raise ValueError("the session id is too long")
    at += 1 + message[at]
    ciphers = int.from_bytes(_exactly(message, at, 2))
    if not ciphers or ciphers % 2:
        raise ValueError("the cipher suites do not come in pairs of octets")
    at += 2 + ciphers
    if not message[at]:
        raise ValueError("no compression method is offered")
    at += 1 + message[at]
    if at == len(message):
        return at  # TLS 1.2 may have none
    if at + 2 + int.from_bytes(_exactly(message, at, 2)) != len(message):
        raise ValueError("the extensions do not fill the message")
    return at + 2


def _server_name(extension: bytes) -> str:
    """Return the one host name of *extension*; others than one are never sent."""
    length = len(extension) - _NAME_HEADER_OCTETS
    has_one = (
        length > 0
        and int.from_bytes(extension[0:2]) == length + 3
        and extension[2] == _HOST_NAME
        and int.from_bytes(extension[3:5]) == length
    )
    if not has_one:
        raise ValueError("there is not one name of a host")
    return extension[_NAME_HEADER_OCTETS:].decode("ascii")


def _exactly(message: bytes, at: int, length: int) -> bytes:
    part = message[at : at + length]
    if len(part) != length:
        raise ValueError("the message ends too early")
    return part
