"""
Bytes to typed values and back; the only importer of dnslib.

Nothing is read that `preparse` has not bounded, and of a reply only the names that are judged:
`answers` passes a reply on as the octets it came in. dnslib writes what we say ourselves.
"""

import struct
from collections.abc import Iterator
from typing import Final

from schoolgate_dns.errors import UnusableReply, WireError
from schoolgate_dns.messages import (
    Edns,
    ExtendedError,
    ExtendedErrorCode,
    Lookup,
    Query,
    Rcode,
    Reply,
    Ttl,
    layout,
    preparse,
)
from schoolgate_dns.messages.layout import HEADER_OCTETS, Outline, Record, Section
from schoolgate_dns.messages.lifetime import lifetime_s
from schoolgate_dns.messages.opt import DNSSEC_OK, EXTENDED_ERROR_OPTION, opt_record
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.messages.usual import query_of, reply_of
from schoolgate_dns.messages.wire_names import labels_at, name_at
from schoolgate_policyd.core.names import DomainName

CLASS_IN: Final = 1
MAX_ALIASES: Final = 64
USABLE_RCODES: Final = frozenset({Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN})

_HEADER: Final = struct.Struct(">6H")
_TYPE_AND_CLASS: Final = struct.Struct(">HH")
_ONE: Final = b"\0\1"
_NO_RECORDS: Final = bytes(4)  # neither an answer nor an authority
_OPT, _OPT_WITH_DNSSEC = opt_record(dnssec_ok=False), opt_record(dnssec_ok=True)
_CASE_BITS: Final = bytes(0x20 * (octet in b"abcdefghijklmnopqrstuvwxyz") for octet in range(256))
_EXTENDED_ERROR_CODES: Final = frozenset(ExtendedErrorCode)
_ADDRESSES: Final = frozenset({RecordType.A, RecordType.AAAA})


def read_query(octets: bytes) -> Query:
    """Return the query in *octets*, whatever its id. Raises WireError if it is malformed."""
    return query_of(octets) or walked_query(octets)


def walked_query(octets: bytes) -> Query:
    """As `read_query`, whatever the query is, at several times the cost."""
    outline = preparse.outline_of_query(octets)
    flags = outline.header.flags
    edns = _edns_of(outline)
    wire_name = octets[HEADER_OCTETS : outline.question_end - 4]
    return Query(
        name=name_at(octets, HEADER_OCTETS),
        type_=outline.question_type,
        question_class=outline.question_class,
        question=octets[HEADER_OCTETS : outline.question_end],
        lookup=Lookup(
            # No length octet is a capital letter, so lower() changes letters alone.
            name=wire_name.lower(),
            type=outline.question_type,
            dnssec_ok=edns is not None and edns.dnssec_ok,
            checking_disabled=bool(flags & layout.CHECKING_DISABLED),
        ),
        flags=flags,
        edns=edns,
    )


def _edns_of(outline: Outline) -> Edns | None:
    opt = _opt_of(outline)
    if opt is None:
        return None
    return Edns(
        udp_octets=opt.record_class,
        version=opt.ttl >> 16 & 0xFF,
        dnssec_ok=bool(opt.ttl & DNSSEC_OK),
        has_options=opt.rdata_at != opt.rdata_end,
    )


def _opt_of(outline: Outline) -> Record | None:
    return next((each for each in outline.records if each.type == RecordType.OPT), None)


def query_for(
    lookup: Lookup, number: int, *, name: bytes | None = None, with_edns: bool = True
) -> bytes:
    """
    Return the query with id *number* that asks an upstream for *lookup*.

    *name* is the lookup's in other capitals; without EDNS a server from before 1999 understands.
    """
    flags = layout.RECURSION_DESIRED | layout.AUTHENTIC_DATA
    if lookup.checking_disabled:
        flags |= layout.CHECKING_DISABLED
    return b"".join(
        (
            _HEADER.pack(number, flags, 1, 0, 0, with_edns),
            lookup.name if name is None else name,
            _TYPE_AND_CLASS.pack(lookup.type, CLASS_IN),
            (_OPT_WITH_DNSSEC if lookup.dnssec_ok else _OPT) if with_edns else b"",
        )
    )


def mixed_case(name: bytes, chance: bytes) -> bytes:
    """Return *name*, which is lower case, in capitals where *chance* has the letter's bit."""
    # In ASCII a letter's capital differs by one bit, and no length octet is a letter.
    capitals = int.from_bytes(name.translate(_CASE_BITS)) & int.from_bytes(chance)
    return (int.from_bytes(name) ^ capitals).to_bytes(len(name))


def is_reply_to(octets: bytes, lookup: Lookup, number: int) -> bool:
    """Whether *octets* claim to answer *lookup* under the id *number*, in whatever capitals."""
    name_end = HEADER_OCTETS + len(lookup.name)
    return (
        is_reply_to_query(octets[:HEADER_OCTETS], number.to_bytes(2), b"")
        and octets[HEADER_OCTETS:name_end].lower() == lookup.name
        and octets[name_end : name_end + 4] == _TYPE_AND_CLASS.pack(lookup.type, CLASS_IN)
    )


def is_reply_to_query(octets: bytes, number: bytes, question: bytes) -> bool:
    """
    Whether *octets* claim to answer exactly *question*, capitals included, under the id *number*.

    *question* is a question's octets, *number* the two of the id.
    """
    return (
        octets[:2] == number
        and len(octets) >= HEADER_OCTETS
        # QR, and the opcode of an ordinary query.
        and octets[2] & 0xF8 == 0x80  # noqa: PLR2004 - read as bits
        and octets[4:6] == _ONE
        and octets.startswith(question, HEADER_OCTETS)
    )


def is_bare_refusal(octets: bytes) -> bool:
    """Whether *octets* are the mere header by which an old server refuses what it cannot read."""
    return (
        len(octets) == HEADER_OCTETS
        and octets[2] & 0x80 == 0x80  # noqa: PLR2004 - read as bits
        and octets[3] & 0xF in (Rcode.FORMERR, Rcode.NOTIMP)
    )


def is_refusal_of_edns(octets: bytes) -> bool:
    """
    Whether a reply to a query with EDNS says that its server knows none, or another version.

    Raises WireError if the reply is malformed. Source: RFC 6891 section 7.
    """
    rcode = octets[3] & 0xF
    # BADVERS reads as NOERROR here; what has an answer or an authority is neither.
    if octets[6:10] != _NO_RECORDS or rcode not in (Rcode.NOERROR, Rcode.FORMERR, Rcode.NOTIMP):
        return False
    if is_bare_refusal(octets):
        return True
    opt = _opt_of(preparse.outline_of_reply(octets))
    if opt is None:
        return rcode != Rcode.NOERROR
    # A server that sends OPT knows EDNS: whatever it finds malformed, it is not that.
    return opt.ttl >> 24 << 4 | rcode == Rcode.BADVERS


def is_truncated(octets: bytes) -> bool:
    """Whether a reply says that it does not hold everything."""
    return bool(octets[2] & layout.IS_TRUNCATED >> 8)


def read_reply(octets: bytes) -> Reply:
    """Return an upstream's reply. Raises WireError if it is malformed, UnusableReply if no use."""
    return reply_of(octets) or walked_reply(octets)


def walked_reply(octets: bytes) -> Reply:
    """As `read_reply`, whatever the reply is, at several times the cost."""
    outline = preparse.outline_of_reply(octets)
    opt = _opt_of(outline)
    extended = 0 if opt is None else opt.ttl >> 24
    if extended or outline.header.rcode not in USABLE_RCODES:
        raise UnusableReply(extended << 4 | outline.header.rcode, _why_of(octets, opt))
    records = outline.records
    if opt is not None:
        # What follows OPT may point into it and is additional anyway, so it goes with it.
        records = records[: records.index(opt)]
        additional = sum(each.section is Section.ADDITIONAL for each in records)
        octets = octets[:10] + additional.to_bytes(2) + octets[12 : opt.at]
    # It was asked for in capitals by chance; where it stands for an owner, clients see it.
    # The type stays as it is: that of HTTPS is the octet of a capital A.
    name_end = outline.question_end - 4
    octets = octets[:HEADER_OCTETS] + octets[HEADER_OCTETS:name_end].lower() + octets[name_end:]
    # A TTL with the highest bit set counts as zero (RFC 2181 section 8).
    ttls = tuple(Ttl(each.ttl_at, 0 if each.ttl >> 31 else each.ttl) for each in records)
    rcode = Rcode(outline.header.rcode)
    return Reply(
        octets=octets,
        rcode=rcode,
        is_authentic=bool(outline.header.flags & layout.AUTHENTIC_DATA),
        ttls=ttls,
        lifetime_s=lifetime_s(outline, octets, records),
        aliases=_aliases_of(octets, records),
        addresses=tuple(
            octets[each.rdata_at : each.rdata_end]
            for each in records
            if each.section is Section.ANSWER and each.type in _ADDRESSES
        ),
    )


def _why_of(octets: bytes, opt: Record | None) -> ExtendedError | None:
    """Return the first extended error that *opt* gives, None without one that we know."""
    at = 0 if opt is None else opt.rdata_at
    while opt is not None and at < opt.rdata_end:
        option, length = _TYPE_AND_CLASS.unpack_from(octets, at)
        at += 4
        if option == EXTENDED_ERROR_OPTION and length >= 2:  # noqa: PLR2004 - the code's octets
            code = int.from_bytes(octets[at : at + 2])
            text = octets[at + 2 : at + length].decode(errors="replace").rstrip("\0")
            known = code in _EXTENDED_ERROR_CODES
            return ExtendedError(ExtendedErrorCode(code), text) if known else None
        at += length
    return None


def _aliases_of(octets: bytes, records: tuple[Record, ...]) -> tuple[DomainName, ...]:
    places = list(_alias_places(octets, records))
    if len(places) > MAX_ALIASES:
        raise WireError(f"more than {MAX_ALIASES} aliases")
    return tuple(dict.fromkeys(name_at(octets, at) for at in places))


def _alias_places(octets: bytes, records: tuple[Record, ...]) -> Iterator[int]:
    for record in records:
        if record.section is not Section.ANSWER:
            continue
        if record.type in (RecordType.CNAME, RecordType.DNAME):
            yield record.rdata_at
        # The root as a target means the owner itself (RFC 9460 section 2.5).
        elif record.type in (RecordType.SVCB, RecordType.HTTPS) and octets[record.rdata_at + 2]:
            yield record.rdata_at + 2


def synthetic(
    query: Query, flags: int, *, soa_ttl_s: int | None = None, hinfo_ttl_s: int | None = None
) -> bytes:
    """
    Return a message of our own making, with id 0 and without OPT, as dnslib writes it.

    It is what `answers.negative_answer` is held to. With *soa_ttl_s* it has an SOA of the asked
    name, which says how long nothing may be kept; with *hinfo_ttl_s* the HINFO that answers a
    query for every type (RFC 8482 section 4.2).
    """
    # Three megabytes of a worker's memory, for a kind of query that hardly anybody sends.
    from dnslib import (  # noqa: PLC0415 - as said
        RD,
        RR,
        SOA,
        DNSHeader,
        DNSLabel,
        DNSQuestion,
        DNSRecord,
    )

    holder = (b"schoolgate", b"invalid")
    try:
        name = DNSLabel(tuple(labels_at(query.question, 0)))
        question = DNSQuestion(name, query.type, query.question_class)
        message = DNSRecord(DNSHeader(id=0, bitmap=flags), questions=[question])
        if soa_ttl_s is not None:
            names = DNSLabel(holder), DNSLabel((b"hostmaster", *holder))
            soa = SOA(*names, (1, 3600, 600, 86_400, soa_ttl_s))
            message.add_auth(RR(name, RecordType.SOA, CLASS_IN, soa_ttl_s, soa))
        if hinfo_ttl_s is not None:
            hinfo = RD(b"\x07RFC8482\x00")
            message.add_answer(RR(name, RecordType.HINFO, CLASS_IN, hinfo_ttl_s, hinfo))
        octets = bytes(message.pack())
    except Exception as error:
        # dnslib raises UnicodeDecodeError, IndexError and errors of its own, and promises none
        # of them; here all of them mean the same.
        raise WireError("an answer that cannot be written") from error
    return octets
