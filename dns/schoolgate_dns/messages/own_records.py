"""Records of our own making, as values."""

import struct

import msgspec

from schoolgate_dns.messages import wire


class OwnRecord(msgspec.Struct, frozen=True):
    """*owner* is in wire form, *octets* the data of a record of *type*."""

    owner: bytes
    type: int
    ttl_s: int
    octets: bytes

    def to_wire(self) -> bytes:
        """Return the record as it is sent, nothing in it compressed."""
        fields = struct.pack(">HHIH", self.type, wire.CLASS_IN, self.ttl_s, len(self.octets))
        return self.owner + fields + self.octets
