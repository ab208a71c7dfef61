"""What becomes of octets that are no query to go on with."""

import msgspec


class Finished(msgspec.Struct, frozen=True):
    """Nothing more is to be done: send *answer*, or nothing where it is None."""

    answer: bytes | None


class ForZone(msgspec.Struct, frozen=True):
    """
    A message that concerns only whoever holds the zone of *name* (wire form, lower case).

    *octets* are the whole of it: an update (RFC 2136) or the exchange of keys before one
    (RFC 3645), which may be signed, so that not an octet but the id may change.
    """

    octets: bytes
    name: bytes
