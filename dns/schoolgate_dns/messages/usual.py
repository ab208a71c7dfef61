"""
What nearly every message is, read in one go.

A query of one plain name, with an OPT record without options or none; a reply to it of a few
records whose owners are pointers. Whatever is in any way unusual is left to the general walk
(`preparse`, `wire`), which alone refuses: what is read here has satisfied every one of its
bounds, and reads as it would there (`tests/dns/test_usual.py`).
"""

import struct
from typing import Final

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Edns, Lookup, Query, Rcode, Reply, Ttl
from schoolgate_dns.messages.layout import AUTHENTIC_DATA, CHECKING_DISABLED, HEADER_OCTETS
from schoolgate_dns.messages.lifetime import lasting_s
from schoolgate_dns.messages.opt import DNSSEC_OK, UDP_OCTETS
from schoolgate_dns.messages.preparse import MAX_NAME_OCTETS, MAX_POINTERS
from schoolgate_dns.messages.record_shapes import SHAPES
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.messages.wire_names import PLAIN
from schoolgate_policyd.core.names import DomainName

_MAX_RECORDS: Final = 32
_MAX_OCTETS: Final = UDP_OCTETS  # and less than a pointer reaches
# In the contents of records. A name has at most one pointer more than any before it, and an
# owner one more than that.
_MAX_NAMES: Final = MAX_POINTERS - 1
# A longer label's length is also the octet of a hyphen or a digit.
_MAX_LABEL_OCTETS: Final = 44

_HEADER: Final = struct.Struct(">5H")  # without the id
_QUESTION_FIELDS: Final = struct.Struct(">HH")
_OWNER_AND_FIELDS: Final = struct.Struct(">HHHIH")
_FROM_TTL: Final = 6  # to a record's data
_OPT_FIELDS: Final = struct.Struct(">xHHIH")
_OPT: Final = b"\0\0\x29"  # the root, and the type
_POINTER: Final = 0xC000
_ASKED: Final = _POINTER | HEADER_OCTETS
_SHAPES: Final = {int(type_): shape for type_, shape in SHAPES.items()}
_SOA, _OPT_TYPE = int(RecordType.SOA), int(RecordType.OPT)
_ADDRESSES: Final = frozenset({int(RecordType.A), int(RecordType.AAAA)})
# From a record's data to the name that a client is sent on to.
_TO_ALIAS: Final[dict[int, int]] = {
    RecordType.CNAME: 0,
    RecordType.DNAME: 0,
    RecordType.SVCB: 2,
    RecordType.HTTPS: 2,
}
_SERVICES: Final = frozenset({int(RecordType.SVCB), int(RecordType.HTTPS)})
_RCODES: Final = {int(each): each for each in (Rcode.NOERROR, Rcode.NXDOMAIN)}
_TO_TEXT: Final = bytes(
    octet if octet in PLAIN else ord(".") for octet in bytes(range(256)).lower()
)

# Its type, TTL, and where its data begins and ends.
type _Record = tuple[int, int, int, int]
# By the pointer to each name so far: its text, and the pointer to what its own labels end in.
type _Names = dict[int, tuple[str, int]]


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
    if questions != 1 or answers or authority or additional > 1 or len(octets) > _MAX_OCTETS:
        raise WireError("unusual counts, or unusually long")
    at, text = _labels(octets, HEADER_OCTETS)
    if octets[at] or len(text) + 2 > MAX_NAME_OCTETS:
        raise WireError("an unusual name")
    number, question_class = _QUESTION_FIELDS.unpack_from(octets, at + 1)
    end = at + 1 + _QUESTION_FIELDS.size
    edns, dnssec_ok = None, False
    if additional:
        udp_octets, ttl = _opt(octets, end)
        dnssec_ok = bool(ttl & DNSSEC_OK)
        edns = Edns(udp_octets, ttl >> 16 & 0xFF, dnssec_ok=dnssec_ok)
    elif end != len(octets):
        raise WireError("octets after the question")
    # No length octet is a capital letter, so lower() changes letters alone.
    name = octets[HEADER_OCTETS : at + 1].lower()
    lookup = Lookup(name, number, dnssec_ok, bool(flags & CHECKING_DISABLED))
    question = octets[HEADER_OCTETS:end]
    return Query(
        DomainName(text), number, question_class, question, lookup, flags=flags, edns=edns
    )


def _opt(octets: bytes, at: int) -> tuple[int, int]:
    """Return the sender's size and the TTL of the OPT record at *at*, the last of the message."""
    _, udp_octets, ttl, length = _OPT_FIELDS.unpack_from(octets, at)
    if length or at + _OPT_FIELDS.size != len(octets) or not octets.startswith(_OPT, at):
        raise WireError("an unusual additional section")
    return udp_octets, ttl


def _labels(octets: bytes, at: int) -> tuple[int, str]:
    """Return where the labels from *at* on end, and their text."""
    first, labels = at + 1, 0
    while 0 < (length := octets[at]) <= _MAX_LABEL_OCTETS:
        labels += 1
        at += 1 + length
    text = octets[first:at].translate(_TO_TEXT).decode("ascii")
    # All that is not plain has become a dot, a length octet as well as a dot inside a label.
    if labels and text.count(".") != labels - 1:
        raise WireError("an unusual label")
    return at, text


def _name(octets: bytes, at: int, names: _Names) -> int:
    """Return the offset after the name at *at*, having added it to *names*."""
    end, text = _labels(octets, at)
    after = end + 1
    if octets[end]:
        # Anything but a pointer to one of them is not found.
        rest = _text_of(octets[end] << 8 | octets[after], names)
        text = f"{text}.{rest}" if text else rest
        after += 1
    if len(text) + 2 > MAX_NAME_OCTETS:
        raise WireError("an unusually long name")
    if text:
        names[_POINTER | at] = text, _POINTER | end
    return after


def _text_of(pointer: int, names: _Names) -> str:
    if pointer in names:
        return names[pointer][0]
    for first, (text, end) in names.items():
        # A label has as many octets as its text and the dot before it.
        if first < pointer < end and text[pointer - first - 1] == ".":
            return text[pointer - first :]
    raise WireError("an unusual pointer")


def _reply(octets: bytes) -> Reply:
    flags, questions, answers, authority, additional = _HEADER.unpack_from(octets, 2)
    count = answers + authority
    if questions != 1 or count > _MAX_RECORDS or additional > 1 or len(octets) > _MAX_OCTETS:
        raise WireError("unusual counts, or unusually long")
    rcode = _RCODES[flags & 0xF]
    names: _Names = {}
    name_end = _name(octets, HEADER_OCTETS, names)
    asked, _ = _QUESTION_FIELDS.unpack_from(octets, name_end)
    records, end = _records(octets, name_end + _QUESTION_FIELDS.size, count, names)
    head = octets[:HEADER_OCTETS]
    if additional:
        if _opt(octets, end)[1] >> 24:
            raise WireError("an unusual response code")
        # The OPT record goes, and with it the count of one.
        head = octets[: HEADER_OCTETS - 1] + b"\0"
    elif end != len(octets):
        raise WireError("octets after the last record")
    answer = records[:answers]
    return Reply(
        # As in `wire`: the capitals of the name go, those octets that are none of its stay.
        octets=head + octets[HEADER_OCTETS:name_end].lower() + octets[name_end:end],
        rcode=rcode,
        is_authentic=bool(flags & AUTHENTIC_DATA),
        ttls=tuple([Ttl(at - _FROM_TTL, ttl_s) for _, ttl_s, at, _ in records]),
        lifetime_s=_lifetime_s(octets, asked, rcode, records, answer),
        aliases=_aliases(octets, answer, names),
        addresses=tuple([octets[at:end] for type_, _, at, end in answer if type_ in _ADDRESSES]),
    )


def _records(octets: bytes, at: int, count: int, names: _Names) -> tuple[list[_Record], int]:
    """Return the *count* records from *at* on, and the offset after them."""
    records: list[_Record] = []
    names_read = 0
    for _ in range(count):
        owner, type_, _, ttl, length = _OWNER_AND_FIELDS.unpack_from(octets, at)
        rdata_at = place = at + _OWNER_AND_FIELDS.size
        at = rdata_at + length
        if owner != _ASKED:
            _text_of(owner, names)
        if type_ == _OPT_TYPE:
            raise WireError("an OPT record in an unusual place")
        if shape := _SHAPES.get(type_):
            before, names_inside, after = shape
            place += before
            if names_inside:
                names_read += names_inside
                for _ in range(names_inside):
                    place = _name(octets, place, names)
            if place > at or (after is not None and place + after != at):
                raise WireError("unusual contents of a record")
        # A TTL with the highest bit set counts as zero (RFC 2181 section 8).
        records.append((type_, 0 if ttl >> 31 else ttl, rdata_at, at))
    if names_read > _MAX_NAMES:
        raise WireError("unusually many names")
    return records, at


def _lifetime_s(
    octets: bytes, asked: int, rcode: Rcode, records: list[_Record], answer: list[_Record]
) -> int:
    soas = [int.from_bytes(octets[end - 4 : end]) for type_, _, _, end in records if type_ == _SOA]
    return lasting_s(
        asked,
        rcode,
        min([ttl for _, ttl, _, _ in records], default=0),
        {type_ for type_, _, _, _ in answer},
        soas[0] if soas else None,
    )


def _aliases(octets: bytes, answer: list[_Record], names: _Names) -> tuple[DomainName, ...]:
    places = [
        at + _TO_ALIAS[type_]
        for type_, _, at, _ in answer
        # The root as a service's target means the owner itself (RFC 9460 section 2.5).
        if type_ in _TO_ALIAS and (type_ not in _SERVICES or octets[at + 2])
    ]
    if not places:
        return ()
    texts = [_text_of(_POINTER | place, names) for place in places]
    return tuple(map(DomainName, dict.fromkeys(texts)))
