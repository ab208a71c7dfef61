"""
What nearly every message is, read in one go.

A query of one plain name, with an OPT record without options or none; a reply to it of a few
records whose owners are pointers. Whatever is in any way unusual is left to the general walk
(`preparse`, `wire`), which alone refuses: what is read here has satisfied every one of its
bounds, and reads as it would there (`tests/dns/test_usual.py`).
"""

import struct

from schoolgate_dns.errors import WireError
from schoolgate_dns.lifetime import lasting_s
from schoolgate_dns.messages import Edns, Lookup, Query, Rcode, Reply
from schoolgate_dns.opt import DNSSEC_OK
from schoolgate_dns.preparse import (
    AUTHENTIC_DATA,
    CHECKING_DISABLED,
    HEADER_OCTETS,
    MAX_NAME_OCTETS,
)
from schoolgate_dns.record_shapes import SHAPES
from schoolgate_dns.record_types import RecordType
from schoolgate_dns.wire_names import PLAIN
from schoolgate_policyd.core.names import DomainName

# So few that names cannot have too many pointers or labels: each adds at most one to those of
# the name that it points to, and the SOA record has two.
_MAX_ANSWERS = 12
_MAX_OCTETS = 4096  # less than a pointer reaches
# A longer label's length is also the octet of a hyphen or a digit.
_MAX_LABEL_OCTETS = 44

_HEADER = struct.Struct(">5H")  # without the id
_POINTER = 0xC000
_QUESTION_FIELDS = struct.Struct(">HH")
_OWNER_AND_FIELDS = struct.Struct(">HHHIH")
_TO_TTL = 6  # from a record whose owner is a pointer
_TO_RDATA = _OWNER_AND_FIELDS.size
_OPT_FIELDS = struct.Struct(">xHHIH")
_OPT = b"\0\0\x29"  # the root, and the type
_SOA_NUMBERS_OCTETS = 20
_ADDRESS_OCTETS = {int(RecordType.A): 4, int(RecordType.AAAA): 16}
_CNAME, _SOA = int(RecordType.CNAME), int(RecordType.SOA)
_SERVICES = frozenset({int(RecordType.SVCB), int(RecordType.HTTPS)})
_SHAPED = frozenset({int(RecordType.OPT), *map(int, SHAPES)})
_RCODES = {int(each): each for each in (Rcode.NOERROR, Rcode.NXDOMAIN)}
_TO_TEXT = bytes(octet if octet in PLAIN else ord(".") for octet in bytes(range(256)).lower())


def query_of(octets: bytes) -> Query | None:
    """Return the query in *octets*, None unless it is a usual one."""
    try:
        return _query(octets)
    except (WireError, LookupError, struct.error):
        return None


def reply_of(octets: bytes) -> Reply | None:
    """Return the reply in *octets*, None unless it is a usual one."""
    try:
        return _reply(octets)
    except (WireError, LookupError, struct.error):
        return None


def _query(octets: bytes) -> Query:
    flags, questions, answers, authority, additional = _HEADER.unpack_from(octets, 2)
    if questions != 1 or answers or authority or additional > 1:
        raise WireError("unusual counts")
    at, _, text = _labels(octets, HEADER_OCTETS)
    if octets[at] or not text or len(text) + 2 > MAX_NAME_OCTETS:
        raise WireError("an unusual name")
    number, question_class = _QUESTION_FIELDS.unpack_from(octets, at + 1)
    end = at + 1 + _QUESTION_FIELDS.size
    edns, dnssec_ok = None, False
    if additional:
        udp_octets, ttl = _opt(octets, end)
        dnssec_ok = bool(ttl & DNSSEC_OK)
        edns = Edns(udp_octets, ttl >> 16 & 0xFF, dnssec_ok)
    elif end != len(octets):
        raise WireError("octets after the question")
    # No length octet is a capital letter, so lower() changes letters alone.
    name = octets[HEADER_OCTETS : at + 1].lower()
    lookup = Lookup(name, number, dnssec_ok, bool(flags & CHECKING_DISABLED))
    question = octets[HEADER_OCTETS:end]
    return Query(DomainName(text), number, question_class, question, lookup, flags, edns)


def _opt(octets: bytes, at: int) -> tuple[int, int]:
    """Return the sender's size and the TTL of the OPT record at *at*, the last of the message."""
    _, udp_octets, ttl, length = _OPT_FIELDS.unpack_from(octets, at)
    if length or at + _OPT_FIELDS.size != len(octets) or not octets.startswith(_OPT, at):
        raise WireError("an unusual additional section")
    return udp_octets, ttl


def _labels(octets: bytes, at: int) -> tuple[int, list[int], str]:
    """Return where a run of labels ends, where each of them starts, and its text."""
    starts: list[int] = []
    first = at + 1
    while 0 < (length := octets[at]) <= _MAX_LABEL_OCTETS:
        starts.append(at)
        at += 1 + length
    text = octets[first:at].translate(_TO_TEXT).decode("ascii")
    # All that is not plain has become a dot, a length octet as well as a dot inside a label.
    if starts and text.count(".") != len(starts) - 1:
        raise WireError("an unusual label")
    return at, starts, text


def _name(octets: bytes, at: int, names: dict[int, str]) -> int:
    """
    Return the offset after the name at *at*, having added it to *names*.

    Those are the texts of the names so far, from each of their labels on, by the pointer to it.
    """
    end, starts, text = _labels(octets, at)
    first = at
    at = end + 1
    if octets[end]:
        # Anything but a pointer to one of them is not found.
        rest = names[octets[end] << 8 | octets[at]]
        text = f"{text}.{rest}" if starts else rest
        at += 1
    if not text or len(text) + 2 > MAX_NAME_OCTETS:
        raise WireError("an unusual name")
    for start in starts:
        names[_POINTER | start] = text[start - first :]
    if not starts:
        names[_POINTER | first] = text
    return at


def _reply(octets: bytes) -> Reply:
    flags, questions, answers, authority, additional = _HEADER.unpack_from(octets, 2)
    if questions != 1 or answers > _MAX_ANSWERS or authority > 1 or additional > 1:
        raise WireError("unusual counts")
    if len(octets) > _MAX_OCTETS:
        raise WireError("unusually long")
    rcode = _RCODES[flags & 0xF]
    names: dict[int, str] = {}
    name_end = _name(octets, HEADER_OCTETS, names)
    number, _ = _QUESTION_FIELDS.unpack_from(octets, name_end)
