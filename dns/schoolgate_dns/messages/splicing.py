"""
A reply's records behind another question, which an alias leads to them from.

Names in a message point back to others in it (RFC 1035 section 4.1.4), so records that move take
every pointer with them. What points to the question that the reply answered points to the
alias's target afterwards, which is the same name.
"""

import struct
from typing import Final

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import preparse
from schoolgate_dns.messages.layout import HEADER_OCTETS
from schoolgate_dns.messages.record_types import RecordType

_OWNER_AND_FIELDS: Final = struct.Struct(">HHHIH")
_TO_QUESTION: Final = 0xC000 | HEADER_OCTETS
_CLASS_IN: Final = 1
_FURTHEST: Final = 0x3FFF
_TYPE_AND_CLASS_OCTETS: Final = 4


def behind_alias(question: bytes, reply: bytes, ttl_s: int) -> tuple[bytes, int]:
    """
    Return *question* with an alias to *reply*'s name and all its records, and how far they moved.

    The alias's TTL is *ttl_s*, at `alias_ttl_at`. Of the header only the counts are set. Raises
    WireError where a name would be out of a pointer's reach.
    """
    outline = preparse.outline_of_reply(reply)
    target = reply[HEADER_OCTETS : outline.question_end - _TYPE_AND_CLASS_OCTETS]
    alias = _OWNER_AND_FIELDS.pack(_TO_QUESTION, RecordType.CNAME, _CLASS_IN, ttl_s, len(target))
    target_at = HEADER_OCTETS + len(question) + len(alias)
    moved = target_at + len(target) - outline.question_end
    records = bytearray(reply[outline.question_end :])
    for record in outline.records:
        for at in preparse.pointer_places(reply, record):
            leads_to = int.from_bytes(reply[at : at + 2]) & _FURTHEST
            is_in_question = leads_to < outline.question_end
            leads_to += target_at - HEADER_OCTETS if is_in_question else moved
            if leads_to > _FURTHEST:
                raise WireError("a reply too long to stand behind an alias")
            struct.pack_into(">H", records, at - outline.question_end, 0xC000 | leads_to)
    answers, authorities, additional = outline.header.counts
    header = struct.pack(">6H", 0, 0, 1, answers + 1, authorities, additional)
    return b"".join((header, question, alias, target, records)), moved


def alias_ttl_at(question: bytes) -> int:
    """Return where the TTL of the alias behind *question* stands."""
    return HEADER_OCTETS + len(question) + 6
