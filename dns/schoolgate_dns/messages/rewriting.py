"""
A reply written anew, without some of its records or with other data in them.

A name in a message may point back to one in another record (RFC 1035 section 4.1.4), which may
be the one that goes. So every name is written out and compressed again, by rules that need no
trust in who compressed it first. Only `preparse` has to have seen the reply, as it has every one.
"""

import struct
from collections.abc import Mapping
from typing import Final

import msgspec

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Reply, preparse, wire
from schoolgate_dns.messages.layout import HEADER_OCTETS, Outline, Record
from schoolgate_dns.messages.preparse import MAX_REPLY_OCTETS
from schoolgate_dns.messages.record_shapes import SHAPES
from schoolgate_dns.messages.record_types import RecordType

type Changes = Mapping[int, bytes | None]
"""By where a record's TTL stands: its data from now on, None if the record goes."""

_FIELDS: Final = struct.Struct(">HHIH")
_QUESTION_END_OCTETS: Final = 5  # of its name, its type and its class
_POINTER: Final = 0xC0
_FURTHEST: Final = 0x3FFF
# Other types hold names as well, which are not to be sent compressed (RFC 3597 section 4).
_COMPRESSED: Final = frozenset(
    {RecordType.NS, RecordType.CNAME, RecordType.SOA, RecordType.PTR, RecordType.MX}
)


def rewritten(reply: Reply, changes: Changes) -> Reply:
    """
    Return *reply* with *changes*, which are data without compressed names.

    The signatures over a changed set of records go with it, and if anything changes the reply is
    not authentic any more. It may be kept as long as before. Raises WireError if it becomes too
    long for a message.
    """
    outline = preparse.outline_of_reply(reply.octets)
    octets = _Rewriting(reply.octets, outline, changes).octets()
    return msgspec.structs.replace(
        wire.read_reply(octets),
        is_authentic=reply.is_authentic and not changes,
        lifetime_s=reply.lifetime_s,
        removed_addresses=reply.removed_addresses,
    )


def emptied(reply: Reply) -> Reply:
    """Return *reply* without any of its records, kept as long as before."""
    at = HEADER_OCTETS
    # A question's name has no pointer: there is nothing before it.
    while length := reply.octets[at]:
        at += 1 + length
    question = reply.octets[HEADER_OCTETS : at + _QUESTION_END_OCTETS]
    octets = reply.octets[:6] + bytes(6) + question
    return msgspec.structs.replace(
        wire.read_reply(octets),
        is_authentic=False,
        lifetime_s=reply.lifetime_s,
        removed_addresses=reply.removed_addresses,
    )


class _Rewriting:
    """One message, and the names in the new one that a pointer may lead to."""

    def __init__(self, old: bytes, outline: Outline, changes: Changes) -> None:
        self._old = old
        self._outline = outline
        self._changes = changes
        self._new = bytearray(old[: outline.question_end])
        self._places: dict[bytes, int] = {}
        self._rests: dict[int, bytes] = {}
        self._remember(self._name(HEADER_OCTETS)[0], HEADER_OCTETS)

    def octets(self) -> bytes:
        """Return the new message, with the old one's flags. Raises WireError if it is too long."""
        unsigned = self._changed_sets()
        counts = [0, 0, 0]
        for record in self._outline.records:
            owner, _ = self._name(record.at)
            if self._goes(owner, record, unsigned):
                continue
            self._write(owner, record)
            counts[record.section] += 1
            if len(self._new) > MAX_REPLY_OCTETS:
                raise WireError("too long once it is written anew")
        self._new[6:HEADER_OCTETS] = struct.pack(">3H", *counts)
        return bytes(self._new)

    def _changed_sets(self) -> set[tuple[bytes, int]]:
        return {
            (self._name(record.at)[0].lower(), record.type)
            for record in self._outline.records
            if record.ttl_at in self._changes
        }

    def _goes(self, owner: bytes, record: Record, unsigned: set[tuple[bytes, int]]) -> bool:
        if record.ttl_at in self._changes:
            return self._changes[record.ttl_at] is None
        if record.type != RecordType.RRSIG:
            return False
        covered = int.from_bytes(self._old[record.rdata_at : record.rdata_at + 2])
        return (owner.lower(), covered) in unsigned

    def _write(self, owner: bytes, record: Record) -> None:
        new = self._new
        self._write_name(owner)
        fields_at = len(new)
        new += _FIELDS.pack(record.type, record.record_class, record.ttl, 0)
        changed = self._changes.get(record.ttl_at)
        if changed is None:
            self._write_rdata(record)
        else:
            new += changed
        octets = len(new) - fields_at - _FIELDS.size
        struct.pack_into(">H", new, fields_at + _FIELDS.size - 2, octets)

    def _write_rdata(self, record: Record) -> None:
        before, count, _ = SHAPES.get(record.type, (0, 0, 0))
        at = record.rdata_at + before
        self._new += self._old[record.rdata_at : at]
        for _ in range(count):
            name, at = self._name(at)
            if record.type in _COMPRESSED:
                self._write_name(name)
            else:
                self._new += name
        self._new += self._old[at : record.rdata_end]

    def _write_name(self, name: bytes) -> None:
        at = 0
        while name[at]:
            place = self._places.get(name[at:])
            if place is not None:
                # INVARIANT: a pointer leads to a name that has none itself, so no chain grows.
                self._new += name[:at] + (_POINTER << 8 | place).to_bytes(2)
                return
            at += 1 + name[at]
        self._remember(name, len(self._new))
        self._new += name

    def _remember(self, name: bytes, place: int) -> None:
        at = 0
        while name[at] and place + at <= _FURTHEST:
            self._places.setdefault(name[at:], place + at)
            at += 1 + name[at]

    def _name(self, at: int) -> tuple[bytes, int]:
        """Return the name at *at*, written out, and the offset after it."""
        old, start = self._old, at
        while 0 < (length := old[at]) < _POINTER:
            at += 1 + length
        if not length:
            return old[start : at + 1], at + 1
        target = int.from_bytes(old[at : at + 2]) & _FURTHEST
        # Many names point to one, which is followed once.
        rest = self._rests.get(target)
        if rest is None:
            rest = self._rests[target] = self._name(target)[0]
        return old[start:at] + rest, at + 2
