"""
What bytes must satisfy before anything else reads them.

dnslib has no bounds: two kilobytes of chained pointers exhaust its stack, one long TCP message
costs it seconds. So every message, a client's or an upstream's, is walked here first, in time
linear in its length, and refused unless: there is exactly one question, whose name is written
out; every name has at most 255 octets, labels of at most 63, and few compression pointers, each
strictly back to a name; the counts of the header agree with the length to the last octet, and are
not beyond all use; and the record types whose shape everybody relies on have it. Sources:
RFC 1035 sections 3 and 4, RFC 6891 section 6.1, RFC 9460 section 2.
"""

import struct
from collections.abc import Iterator
from typing import Final

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages.layout import (
    HEADER_OCTETS,
    Header,
    Outline,
    Record,
    Section,
)
from schoolgate_dns.messages.record_shapes import SHAPES
from schoolgate_dns.messages.record_types import RecordType

MAX_NAME_OCTETS: Final = 255  # on the wire: length octets and the root label included
MAX_LABEL_OCTETS: Final = 63
MAX_POINTERS: Final = 16  # in one name; compressors in use nest a handful
MAX_QUERY_OCTETS: Final = 4096
MAX_REPLY_OCTETS: Final = 65_535
MAX_QUERY_RECORDS: Final = 8  # beside its question a query carries OPT, a signature, little else
# Far more than any name has, and few enough that a reply made for it costs no other query a wait.
MAX_REPLY_RECORDS: Final = 256
MAX_REPLY_LABELS: Final = 4096

_HEADER: Final = struct.Struct(">6H")
_TYPE_AND_CLASS: Final = struct.Struct(">HH")
_RECORD_FIELDS: Final = struct.Struct(">HHIH")
_POINTER: Final = 0xC0


def header_of(message: bytes) -> Header:
    """Return the header. Raises WireError if *message* is shorter than one."""
    if len(message) < HEADER_OCTETS:
        raise WireError("shorter than a header")
    number, flags, questions, *counts = _HEADER.unpack_from(message)
    return Header(number, flags, questions, (counts[0], counts[1], counts[2]))


def outline_of_query(message: bytes) -> Outline:
    """Return a client's message in outline. Raises WireError if a bound is broken."""
    if sum(header_of(message).counts) > MAX_QUERY_RECORDS:
        raise WireError("more records than a query carries")
    return _outline(message, MAX_QUERY_OCTETS)


def outline_of_reply(message: bytes) -> Outline:
    """Return an upstream's message in outline. Raises WireError if a bound is broken."""
    if sum(header_of(message).counts) > MAX_REPLY_RECORDS:
        raise WireError(f"more than {MAX_REPLY_RECORDS} records")
    return _outline(message, MAX_REPLY_OCTETS)


def question_name_of(message: bytes) -> bytes:
    """
    Return the name in a client's question, in wire form and lower case, whatever follows.

    Raises WireError if the message is too long or its question is malformed.
    """
    if len(message) > MAX_QUERY_OCTETS:
        raise WireError(f"longer than {MAX_QUERY_OCTETS} octets")
    if header_of(message).questions != 1:
        raise WireError("not exactly one question")
    return message[HEADER_OCTETS : _Names(message).end_of_question() - 4].lower()


def _outline(message: bytes, max_octets: int) -> Outline:
    if len(message) > max_octets:
        raise WireError(f"longer than {max_octets} octets")
    header = header_of(message)
    if header.questions != 1:
        raise WireError("not exactly one question")
    names = _Names(message)
    question_end = names.end_of_question()
    question_type, question_class = _TYPE_AND_CLASS.unpack_from(message, question_end - 4)
    records: list[Record] = []
    at = question_end
    for section, count in zip(Section, header.counts, strict=True):
        for _ in range(count):
            record = _record(message, at, section, names)
            records.append(record)
            at = record.rdata_end
    if at != len(message):
        raise WireError("octets after the last record")
    _check_opt(message, records)
    return Outline(header, question_end, question_type, question_class, tuple(records))


def _record(message: bytes, at: int, section: Section, names: "_Names") -> Record:
    fields_at = names.end_of_name(at)
    rdata_at = fields_at + _RECORD_FIELDS.size
    if rdata_at > len(message):
        raise WireError("a record is cut short")
    number, record_class, ttl, octets = _RECORD_FIELDS.unpack_from(message, fields_at)
    rdata_end = rdata_at + octets
    if rdata_end > len(message):
        raise WireError("a record is longer than the message")
    record = Record(section, at, number, record_class, fields_at + 4, ttl, rdata_at, rdata_end)
    _check_rdata(record, names)
    return record


def pointer_places(message: bytes, record: Record) -> Iterator[int]:
    """Yield where each pointer in the names of *record* stands, *message* being within bounds."""
    before, count, _ = SHAPES.get(record.type, (0, 0, 0))
    at = _after_labels(message, record.at)
    if message[at]:
        yield at
    at = record.rdata_at + before
    for _ in range(count):
        at = _after_labels(message, at)
        if message[at]:
            yield at
            at += 1
        at += 1


def _after_labels(message: bytes, at: int) -> int:
    while 0 < (length := message[at]) <= MAX_LABEL_OCTETS:
        at += 1 + length
    return at


def _check_rdata(record: Record, names: "_Names") -> None:
    shape = SHAPES.get(record.type)
    if shape is None:
        return
    before, count, after = shape
    at = record.rdata_at + before
    for _ in range(count):
        if at >= record.rdata_end:
            raise WireError("a record's data lacks a name")
        at = names.end_of_name(at)
    if at > record.rdata_end or (after is not None and at + after != record.rdata_end):
        raise WireError("a record's data is not of its type's length")


def _check_opt(message: bytes, records: list[Record]) -> None:
    """Hold OPT to RFC 6891: at most one, additional, of the root, its options to the octet."""
    found = [record for record in records if record.type == RecordType.OPT]
    if not found:
        return
    if len(found) > 1:
        raise WireError("more than one OPT record")
    opt = found[0]
    if opt.section is not Section.ADDITIONAL or message[opt.at] != 0:
        raise WireError("an OPT record out of place")
    at = opt.rdata_at
    while at < opt.rdata_end:
        if at + 4 > opt.rdata_end:
            raise WireError("an EDNS option is cut short")
        at += 4 + int.from_bytes(message[at + 2 : at + 4])
    if at != opt.rdata_end:
        raise WireError("an EDNS option is longer than its record")


class _Names:
    """
    Walks the names of one message, in order.

    INVARIANT: `_measured` has the offset of every label of the names walked so far, with how
    many octets the name from there on has, written out, and how many pointers. A pointer may
    lead to one of these alone, as RFC 1035 section 4.1.4 has it: so every name ends, and none
    reads as a label what is a TTL, which an answer may change.
    """

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._measured: dict[int, tuple[int, int]] = {}
        self._labels = 0

    def end_of_question(self) -> int:
        """Return the offset after the question, having checked it."""
        # No name stands before the question's, so a pointer in it leads nowhere.
        end = self.end_of_name(HEADER_OCTETS) + _TYPE_AND_CLASS.size
        if end > len(self._message):
            raise WireError("the question is cut short")
        return end

    def end_of_name(self, at: int) -> int:
        """Return the offset after the name at *at*, having checked all of it."""
        message, measured = self._message, self._measured
        if at + 1 < len(message) and message[at] >= _POINTER:
            # Most names of a reply are no more than a pointer.
            known = measured.get((message[at] & ~_POINTER) << 8 | message[at + 1])
            if known is not None and known[1] < MAX_POINTERS:
                measured[at] = (known[0], known[1] + 1)
                return at + 2
        starts: list[int] = []
        while length := self._length_at(at):
            if length > MAX_LABEL_OCTETS:
                break
            starts.append(at)
            at += 1 + length
            if len(starts) > MAX_NAME_OCTETS:
                raise WireError(f"a name of more than {MAX_NAME_OCTETS} octets")
        self._labels += len(starts)
        if self._labels > MAX_REPLY_LABELS:
            raise WireError(f"names of more than {MAX_REPLY_LABELS} labels together")
        octets, pointers = self._rest(at, length)
        measured[at] = (octets, pointers)
        for start in reversed(starts):
            octets += 1 + message[start]
            measured[start] = (octets, pointers)
        if octets > MAX_NAME_OCTETS:
            raise WireError(f"a name of more than {MAX_NAME_OCTETS} octets")
        return at + 2 if length else at + 1

    def _rest(self, at: int, length: int) -> tuple[int, int]:
        """Return the measure of what ends a run of labels: the root label or a pointer."""
        if not length:
            return 1, 0
        if at + 2 > len(self._message):
            raise WireError("a pointer is cut short")
        target = int.from_bytes(self._message[at : at + 2]) & 0x3FFF
        if target not in self._measured:
            raise WireError("a pointer that leads to no name before it")
        octets, pointers = self._measured[target]
        if pointers >= MAX_POINTERS:
            raise WireError(f"a name of more than {MAX_POINTERS} pointers")
        return octets, pointers + 1

    def _length_at(self, at: int) -> int:
        if at >= len(self._message):
            raise WireError("a name runs out of the message")
        length = self._message[at]
        if MAX_LABEL_OCTETS < length < _POINTER:
            raise WireError("a label of an unknown kind")
        return length
