"""
Bytes to typed values and back; the only importer of dnslib.

Nothing reaches dnslib that `preparse` has not bounded, and of a reply only the names that are
judged: `answers` passes a reply on as the octets it came in.
"""

import struct
from collections.abc import Iterator
from functools import lru_cache

from dnslib import RD, RR, SOA, DNSHeader, DNSLabel, DNSQuestion, DNSRecord
from dnslib.label import DNSBuffer

from schoolgate_dns import preparse
from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Edns, Lookup, Query, Rcode, Reply
from schoolgate_dns.opt import DNSSEC_OK, opt_record
from schoolgate_dns.preparse import HEADER_OCTETS, Outline, Record, Section
from schoolgate_dns.record_types import RecordType
from schoolgate_policyd.core.names import DomainName

CLASS_IN = 1
MAX_ALIASES = 64
MAX_LIFETIME_S = 86_400
USABLE_RCODES = frozenset({Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN})

_MNAME = DNSLabel((b"schoolgate", b"invalid"))
_RNAME = DNSLabel((b"hostmaster", b"schoolgate", b"invalid"))
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")


def read_query(octets: bytes) -> Query:
    """Return the query in *octets*, whatever its id. Raises WireError if it is malformed."""
    # The same device asks the same few hundred questions in the same octets all day.
    return _read_query(octets[2:])


@lru_cache(maxsize=8192)
def _read_query(after_id: bytes) -> Query:
    octets = b"\0\0" + after_id
    outline = preparse.outline_of_query(octets)
    flags = outline.header.flags
    edns = _edns_of(outline)
    wire_name = octets[HEADER_OCTETS : outline.question_end - 4]
    return Query(
        name=_name_at(octets, HEADER_OCTETS),
        type=outline.question_type,
        question_class=outline.question_class,
        question=octets[HEADER_OCTETS : outline.question_end],
        lookup=Lookup(
            # No length octet is a capital letter, so lower() changes letters alone.
            name=wire_name.lower(),
            type=outline.question_type,
            dnssec_ok=edns is not None and edns.dnssec_ok,
            checking_disabled=bool(flags & preparse.CHECKING_DISABLED),
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
    )


def _opt_of(outline: Outline) -> Record | None:
    return next((each for each in outline.records if each.type == RecordType.OPT), None)


def _name_at(octets: bytes, at: int) -> DomainName:
    try:
        buffer = DNSBuffer(octets)
        buffer.offset = at
        labels: tuple[bytes, ...] = buffer.decode_name().label
    except Exception as error:
        # dnslib raises RecursionError, UnicodeDecodeError, IndexError and errors of its own on
        # hostile bytes and promises none of them; here all of them mean the same.
        raise WireError("a name that cannot be read") from error
    return DomainName(".".join(map(_text_of, labels)))


def _text_of(label: bytes) -> str:
    """Return *label* in lower case; an octet of no host name is written in decimal (RFC 1035)."""
    lower = label.lower()
    if _PLAIN.issuperset(lower):
        return lower.decode("ascii")
    return "".join(chr(octet) if octet in _PLAIN else f"\\{octet:03d}" for octet in lower)


def query_for(lookup: Lookup, number: int) -> bytes:
    """Return the query with id *number* that asks an upstream for *lookup*."""
    flags = preparse.RECURSION_DESIRED | preparse.AUTHENTIC_DATA
    if lookup.checking_disabled:
        flags |= preparse.CHECKING_DISABLED
    header = struct.pack(">6H", number, flags, 1, 0, 0, 1)
    opt = opt_record(dnssec_ok=lookup.dnssec_ok)
    return header + lookup.name + struct.pack(">HH", lookup.type, CLASS_IN) + opt


def is_reply_to(octets: bytes, lookup: Lookup, number: int) -> bool:
    """Whether *octets* claim to answer *lookup* under the id *number*."""
    try:
        header = preparse.header_of(octets)
    except WireError:
        return False
    name_end = HEADER_OCTETS + len(lookup.name)
    return (
        header.is_reply
        and header.id == number
        and header.opcode == 0
        and header.questions == 1
        and octets[HEADER_OCTETS:name_end].lower() == lookup.name
        and octets[name_end : name_end + 4] == struct.pack(">HH", lookup.type, CLASS_IN)
    )


def is_truncated(octets: bytes) -> bool:
    """Whether a reply says that it does not hold everything."""
    return bool(preparse.header_of(octets).flags & preparse.IS_TRUNCATED)


def read_reply(octets: bytes) -> Reply:
    """Return an upstream's reply. Raises WireError if it is malformed or of no use."""
    outline = preparse.outline_of_reply(octets)
    opt = _opt_of(outline)
    extended = 0 if opt is None else opt.ttl >> 24
    if extended or outline.header.rcode not in USABLE_RCODES:
        raise WireError(f"response code {extended << 4 | outline.header.rcode}")
    records = outline.records
    if opt is not None:
        # What follows OPT may point into it and is additional anyway, so it goes with it.
        records = records[: records.index(opt)]
        additional = sum(each.section is Section.ADDITIONAL for each in records)
        octets = octets[:10] + additional.to_bytes(2) + octets[12 : opt.at]
    # A TTL with the highest bit set counts as zero (RFC 2181 section 8).
    ttls = tuple((each.ttl_at, 0 if each.ttl >> 31 else each.ttl) for each in records)
    rcode = Rcode(outline.header.rcode)
    return Reply(
        octets=octets,
        rcode=rcode,
        is_authentic=bool(outline.header.flags & preparse.AUTHENTIC_DATA),
        ttls=ttls,
        lifetime_s=_lifetime_s(octets, rcode, records, [ttl for _, ttl in ttls]),
        aliases=_aliases_of(octets, records),
    )


def _lifetime_s(octets: bytes, rcode: Rcode, records: tuple[Record, ...], ttls: list[int]) -> int:
    """Return how long a reply may be kept: a negative one as its SOA says (RFC 2308)."""
    lifetime_s = min(ttls, default=0)
    is_negative = rcode is not Rcode.NOERROR or not any(
        each.section is Section.ANSWER for each in records
    )
    if is_negative:
        soa = next((each for each in records if each.type == RecordType.SOA), None)
        minimum_s = 0 if soa is None else int.from_bytes(octets[soa.rdata_end - 4 : soa.rdata_end])
        lifetime_s = min(lifetime_s, minimum_s)
    return min(lifetime_s, MAX_LIFETIME_S)


def _aliases_of(octets: bytes, records: tuple[Record, ...]) -> tuple[DomainName, ...]:
    places = list(_alias_places(octets, records))
    if len(places) > MAX_ALIASES:
        raise WireError(f"more than {MAX_ALIASES} aliases")
    return tuple(dict.fromkeys(_name_at(octets, at) for at in places))


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
    Return a message of our own making, with id 0 and without OPT.

    With *soa_ttl_s* it has an SOA of the asked name, which says how long nothing may be kept;
    with *hinfo_ttl_s* the HINFO that answers a query for every type (RFC 8482 section 4.2).
    """
    try:
        name = DNSBuffer(query.question).decode_name()
        question = DNSQuestion(name, query.type, query.question_class)
        message = DNSRecord(DNSHeader(id=0, bitmap=flags), questions=[question])
        if soa_ttl_s is not None:
            soa = SOA(_MNAME, _RNAME, (1, 3600, 600, 86_400, soa_ttl_s))
            message.add_auth(RR(name, RecordType.SOA, CLASS_IN, soa_ttl_s, soa))
        if hinfo_ttl_s is not None:
            hinfo = RD(b"\x07RFC8482\x00")
            message.add_answer(RR(name, RecordType.HINFO, CLASS_IN, hinfo_ttl_s, hinfo))
        octets = bytes(message.pack())
    except Exception as error:
        # As in _name_at: what dnslib raises is not part of its contract.
        raise WireError("an answer that cannot be written") from error
    return octets
