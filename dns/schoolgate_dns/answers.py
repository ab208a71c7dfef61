"""
The octets of answers, all with id 0: whoever sends one puts the client's id in.

An answer made from a reply is the reply's own octets with question, flags and TTLs written over,
so every record type passes exactly as it came.
"""

import struct
from functools import lru_cache

from schoolgate_dns import preparse, wire
from schoolgate_dns.messages import ExtendedError, Query, Rcode, Reply
from schoolgate_dns.opt import UDP_OCTETS, opt_record
from schoolgate_dns.preparse import HEADER_OCTETS

_MIN_UDP_OCTETS = 512  # RFC 1035 section 4.2.1: what a client without EDNS takes
_OPCODE = 0x7800


def with_id_of(query_octets: bytes, answer: bytes) -> bytes:
    """Return *answer* under the id that the client gave."""
    return query_octets[:2] + answer[2:]


def answer_from(query: Query, reply: Reply, *, age_s: int, ttl_cap_s: int) -> bytes:
    """Return *reply* as the answer to *query*, its TTLs counted down and at most *ttl_cap_s*."""
    answer = bytearray(reply.octets)
    # AD only for those who asked for it (RFC 6840 section 5.8).
    wants_authentic = query.lookup.dnssec_ok or query.flags & preparse.AUTHENTIC_DATA
    flags = _flags(query, reply.rcode)
    if reply.is_authentic and wants_authentic:
        flags |= preparse.AUTHENTIC_DATA
    struct.pack_into(">HH", answer, 0, 0, flags)
    answer[HEADER_OCTETS : HEADER_OCTETS + len(query.question)] = query.question
    for at, ttl_s in reply.ttls:
        struct.pack_into(">I", answer, at, max(0, min(ttl_s - age_s, ttl_cap_s)))
    return _with_opt(bytes(answer), query)


@lru_cache(maxsize=4096)
def negative_answer(
    query: Query,
    rcode: Rcode,
    soa_ttl_s: int | None = None,
    why: ExtendedError | None = None,
) -> bytes:
    """
    Return an answer without records: *rcode*, and *why* if the client speaks EDNS.

    With *soa_ttl_s* an SOA of the asked name says how long the answer may be kept.
    Raises WireError if it cannot be written.
    """
    octets = wire.synthetic(query, _flags(query, rcode), soa_ttl_s=soa_ttl_s)
    return _with_opt(octets, query, extended_rcode=rcode >> 4, why=why)


def every_type_answer(query: Query, ttl_s: int) -> bytes:
    """Return the answer to a query for every type: one HINFO (RFC 8482 section 4.2)."""
    flags = _flags(query, Rcode.NOERROR)
    return _with_opt(wire.synthetic(query, flags, hinfo_ttl_s=ttl_s), query)


def header_only_answer(query_octets: bytes, rcode: Rcode) -> bytes:
    """Return *rcode* to a query of which no more than the header is to be trusted."""
    kept = preparse.header_of(query_octets).flags & (_OPCODE | preparse.RECURSION_DESIRED)
    return struct.pack(">6H", 0, preparse.IS_REPLY | kept | rcode, 0, 0, 0, 0)


def fitted_to_udp(query: Query, answer: bytes) -> bytes:
    """Return *answer*, or where it is too long for *query*'s client the way to TCP."""
    asked = 0 if query.edns is None else query.edns.udp_octets
    if len(answer) <= min(max(asked, _MIN_UDP_OCTETS), UDP_OCTETS):
        return answer
    flags = int.from_bytes(answer[2:4]) | preparse.IS_TRUNCATED
    header = struct.pack(">6H", 0, flags, 1, 0, 0, 0)
    return _with_opt(header + query.question, query)


def _flags(query: Query, rcode: Rcode) -> int:
    kept = query.flags & (preparse.RECURSION_DESIRED | preparse.CHECKING_DISABLED)
    return preparse.IS_REPLY | preparse.RECURSION_AVAILABLE | kept | rcode & 0xF


def _with_opt(
    octets: bytes, query: Query, *, extended_rcode: int = 0, why: ExtendedError | None = None
) -> bytes:
    """Return *octets* with an OPT record if the client sent one (RFC 6891 section 7)."""
    if query.edns is None:
        return octets
    additional = int.from_bytes(octets[10:12]) + 1
    opt = opt_record(dnssec_ok=query.edns.dnssec_ok, extended_rcode=extended_rcode, why=why)
    return octets[:10] + additional.to_bytes(2) + octets[12:] + opt
