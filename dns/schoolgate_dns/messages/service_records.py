"""The data of SVCB and HTTPS records: what a client is told before it connects (RFC 9460)."""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

import msgspec

from schoolgate_dns.messages import Reply
from schoolgate_dns.messages.record_types import RecordType

_PARAMETER: Final = struct.Struct(">HH")
# More than any name has; reading and writing them is what costs most in a reply.
MAX_SERVICE_RECORDS: Final = 32
_FIELDS_AFTER_TTL: Final = 6  # the TTL itself and the length of what follows
_TYPES: Final = (RecordType.SVCB.to_bytes(2), RecordType.HTTPS.to_bytes(2))


class Key(IntEnum):
    """The parameters that this point looks at (section 14.3.2)."""

    MANDATORY = 0
    ALPN = 1
    NO_DEFAULT_ALPN = 2
    PORT = 3
    IPV4_HINT = 4
    ECH = 5
    IPV6_HINT = 6
    DOH_PATH = 7  # RFC 9461 section 5


class ServiceRecord(msgspec.Struct, frozen=True):
    """A record's data: *start* is priority and target; *parameters* are in ascending order."""

    start: bytes
    parameters: dict[int, bytes]

    def octets(self) -> bytes:
        """Return the data as it is sent."""
        parts = [self.start]
        for key, value in self.parameters.items():
            parts += (_PARAMETER.pack(key, len(value)), value)
        return b"".join(parts)

    def with_parameters(self, parameters: dict[int, bytes]) -> "ServiceRecord":
        """Return the record with *parameters*, none of which is mandatory unless it is there."""
        listed = parameters.get(Key.MANDATORY)
        if listed is not None:
            pairs = (listed[at : at + 2] for at in range(0, len(listed), 2))
            kept = b"".join(pair for pair in pairs if int.from_bytes(pair) in parameters)
            if kept:
                parameters = {**parameters, Key.MANDATORY: kept}
            else:
                parameters = {k: value for k, value in parameters.items() if k != Key.MANDATORY}
        return ServiceRecord(self.start, parameters)


def service_records(reply: Reply) -> Iterator[tuple[int, ServiceRecord | None]]:
    """
    Yield every SVCB and HTTPS record of *reply*, with where its TTL stands.

    It is None if its parameters are malformed: clients must not use it, and some will; and so is
    what comes after the first MAX_SERVICE_RECORDS.
    """
    octets = reply.octets
    count = 0
    for ttl in reply.ttls:
        at = ttl.at
        if octets[at - 4 : at - 2] in _TYPES:
            rdata_at = at + _FIELDS_AFTER_TTL
            rdata_end = rdata_at + int.from_bytes(octets[rdata_at - 2 : rdata_at])
            count += 1
            is_read = count <= MAX_SERVICE_RECORDS
            yield at, _read(octets, rdata_at, rdata_end) if is_read else None


def _read(octets: bytes, at: int, end: int) -> ServiceRecord | None:
    name_end = at + 2
    while length := octets[name_end]:
        name_end += 1 + length
        # Its target must be written out (section 2.2); a compressed one is malformed as well.
        if length > 63 or name_end >= end:  # noqa: PLR2004 - what is no label's length
            return None
    name_end += 1
    parameters: dict[int, bytes] = {}
    before = -1
    place = name_end
    while place < end:
        if place + 4 > end:
            return None
        key, length = _PARAMETER.unpack_from(octets, place)
        place += 4 + length
        if key <= before or place > end:
            return None
        parameters[key] = octets[place - length : place]
        before = key
    return ServiceRecord(octets[at:name_end], parameters)
