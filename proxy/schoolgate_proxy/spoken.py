"""Which protocol a client's first bytes begin: TLS and HTTP are served, nothing else is."""

import re
from enum import Enum, auto

_TLS_RECORD_HEADER_OCTETS = 3
_HANDSHAKE = 0x16
_TLS_MAJOR = 3
_NEWEST_MINOR = 3
_REQUEST = re.compile(rb"[A-Z][A-Z-]{0,19} ")
_PART_OF_METHOD = re.compile(rb"(?:[A-Z][A-Z-]{0,19})?")


class Spoken(Enum):
    """What the first bytes of a client are."""

    TLS = auto()
    HTTP = auto()
    OTHER = auto()
    UNKNOWN_YET = auto()


def spoken(first: bytes) -> Spoken:
    """Return what *first*, the bytes that came so far, begin."""
    if first and first[0] == _HANDSHAKE:
        if len(first) < _TLS_RECORD_HEADER_OCTETS:
            return Spoken.UNKNOWN_YET
        is_tls = first[1] == _TLS_MAJOR and first[2] <= _NEWEST_MINOR
        return Spoken.TLS if is_tls else Spoken.OTHER
    # HTTP/2 without TLS begins with a method that nobody uses otherwise.
    if _REQUEST.match(first) and not first.startswith(b"PRI "):
        return Spoken.HTTP
    return Spoken.UNKNOWN_YET if _PART_OF_METHOD.fullmatch(first) else Spoken.OTHER
