"""How a message is laid out: header, question and records (RFC 1035 section 4)."""

from enum import IntEnum
from typing import Final

import msgspec

HEADER_OCTETS: Final = 12

IS_REPLY: Final = 0x8000
IS_AUTHORITATIVE: Final = 0x0400
IS_TRUNCATED: Final = 0x0200
RECURSION_DESIRED: Final = 0x0100
RECURSION_AVAILABLE: Final = 0x0080
AUTHENTIC_DATA: Final = 0x0020
CHECKING_DISABLED: Final = 0x0010


class Section(IntEnum):
    """The sections that hold records."""

    ANSWER = 0
    AUTHORITY = 1
    ADDITIONAL = 2


class Header(msgspec.Struct, frozen=True):
    """The twelve octets; *counts* are of answer, authority and additional records."""

    id: int
    flags: int
    questions: int
    counts: tuple[int, int, int]

    @property
    def is_reply(self) -> bool:
        """Whether QR is set."""
        return bool(self.flags & IS_REPLY)

    @property
    def opcode(self) -> int:
        """What kind of query it is; 0 is the ordinary one."""
        return self.flags >> 11 & 0xF

    @property
    def rcode(self) -> int:
        """The lower four bits of the response code."""
        return self.flags & 0xF


class Record(msgspec.Struct, frozen=True):
    """Where a record stands: offsets into the message, and its fixed fields as they are."""

    section: Section
    at: int
    type: int
    record_class: int
    ttl_at: int
    ttl: int
    rdata_at: int
    rdata_end: int


class Outline(msgspec.Struct, frozen=True):
    """A message that satisfies every bound; the question is octets 12 to *question_end*."""

    header: Header
    question_end: int
    question_type: int
    question_class: int
    records: tuple[Record, ...]
