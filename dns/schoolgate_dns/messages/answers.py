"""
The octets of answers, all with id 0: whoever sends one puts the client's id in.

An answer made from a reply is the reply's own octets with question, flags and TTLs written over,
so every record type passes exactly as it came.
"""

import struct
from collections.abc import Sequence
from typing import Final

from schoolgate_dns.messages import ExtendedError, Query, Rcode, Reply, Ttl, layout, preparse, wire
from schoolgate_dns.messages.layout import HEADER_OCTETS
from schoolgate_dns.messages.opt import UDP_OCTETS, opt_record
from schoolgate_dns.messages.own_records import OwnRecord
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.messages.splicing import alias_ttl_at, behind_alias
from schoolgate_dns.outcome import Outcome

_MIN_UDP_OCTETS: Final = 512  # RFC 1035 section 4.2.1: what a client without EDNS takes
_OPCODE: Final = 0x7800
_TO_QUESTION: Final = 0xC000 | HEADER_OCTETS  # a pointer to the asked name
# What stands in an SOA of ours: who holds the zone, who answers for it (a pointer to the former
# follows), then serial and timers. The pointer is to behind the question and the record's fields.
_HOLDER, _RESPONSIBLE = b"\x0aschoolgate\x07invalid\0", b"\x0ahostmaster"
_TIMERS: Final = struct.pack(">4I", 1, 3600, 600, 86_400)
_SOA_OCTETS: Final = len(_HOLDER) + len(_RESPONSIBLE) + 2 + len(_TIMERS) + 4
_FIELDS_OCTETS: Final = 12


def with_id_of(query_octets: bytes, answer: bytes) -> bytes:
    """Return *answer* under the id that the client gave."""
    return query_octets[:2] + answer[2:]


def counted_ttls(reply: Reply, age_s: int, cap_s: int) -> tuple[Ttl, ...]:
    """Return the TTLs of *reply*, counted down by *age_s* and at most *cap_s*."""
    return tuple(Ttl(each.at, max(0, min(each.seconds - age_s, cap_s))) for each in reply.ttls)


def answer_from(
    query: Query, reply: Reply, *, age_s: int, ttl_cap_s: int, why: ExtendedError | None = None
) -> bytes:
    """Return *reply* as the answer to *query*, its TTLs counted down and at most *ttl_cap_s*."""
    return answer_with(query, reply, counted_ttls(reply, age_s, ttl_cap_s), why=why)


def answer_with(
    query: Query,
    reply: Reply,
    ttls: tuple[Ttl, ...],
    *,
    why: ExtendedError | None = None,
) -> bytes:
    """Return *reply* as the answer to *query*, with *ttls* where they stand."""
    answer = bytearray(reply.octets)
    # AD only for those who asked for it (RFC 6840 section 5.8).
    wants_authentic = query.lookup.dnssec_ok or query.flags & layout.AUTHENTIC_DATA
    flags = _flags(query, reply.rcode)
    if reply.is_authentic and wants_authentic:
        flags |= layout.AUTHENTIC_DATA
    struct.pack_into(">HH", answer, 0, 0, flags)
    answer[HEADER_OCTETS : HEADER_OCTETS + len(query.question)] = query.question
    for each in ttls:
        struct.pack_into(">I", answer, each.at, each.seconds)
    return _with_opt(bytes(answer), query, why=why)


def alias_answer(
    query: Query, reply: Reply, *, age_s: int, ttl_cap_s: int, why: ExtendedError | None = None
) -> tuple[bytes, tuple[Ttl, ...]]:
    """
    Return an alias to the name that *reply* is about, with its records, and its TTLs.

    No signature covers such an alias, so nothing claims to be authentic. Raises WireError if it
    cannot be written.
    """
    # The alias is worth as much as what stands behind it.
    alias_ttl_s = max(0, min(reply.lifetime_s - age_s, ttl_cap_s))
    octets, moved = behind_alias(query.question, reply.octets, alias_ttl_s)
    answer = bytearray(octets)
    struct.pack_into(">H", answer, 2, _flags(query, reply.rcode))
    counted = counted_ttls(reply, age_s, ttl_cap_s)
    ttls = tuple(Ttl(each.at + moved, each.seconds) for each in counted)
    for each in ttls:
        struct.pack_into(">I", answer, each.at, each.seconds)
    alias_ttl = Ttl(alias_ttl_at(query.question), alias_ttl_s)
    return _with_opt(bytes(answer), query, why=why), (alias_ttl, *ttls)


def address_answer(
    query: Query, address: bytes, ttl_s: int, why: ExtendedError | None = None
) -> bytes:
    """Return one record of the asked name and type, which is A or AAAA, with *address*."""
    header = struct.pack(">6H", 0, _flags(query, Rcode.NOERROR), 1, 1, 0, 0)
    fields = struct.pack(">HHHIH", _TO_QUESTION, query.type, wire.CLASS_IN, ttl_s, len(address))
    return _with_opt(header + query.question + fields + address, query, why=why)


def own_answer(
    query: Query, records: Sequence[OwnRecord], additional: Sequence[OwnRecord] = ()
) -> bytes:
    """Return *records* as the answer to *query*, and *additional* ones behind them."""
    counts = (1, len(records), 0, len(additional))
    header = struct.pack(">6H", 0, _flags(query, Rcode.NOERROR), *counts)
    octets = b"".join(each.to_wire() for each in (*records, *additional))
    return _with_opt(header + query.question + octets, query)


def negative_answer(
    query: Query,
    rcode: Rcode,
    soa_ttl_s: int | None = None,
    why: ExtendedError | None = None,
) -> bytes:
    """
    Return an answer without records: *rcode*, and *why* if the client speaks EDNS.

    With *soa_ttl_s* an SOA of the asked name says how long the answer may be kept. The octets are
    those of `wire.synthetic`, which takes twenty times as long.
    """
    header = struct.pack(">6H", 0, _flags(query, rcode), 1, 0, soa_ttl_s is not None, 0)
    octets = header + query.question
    if soa_ttl_s is not None:
        holder_at = len(octets) + _FIELDS_OCTETS
        fields = (_TO_QUESTION, RecordType.SOA, wire.CLASS_IN, soa_ttl_s, _SOA_OCTETS)
        octets += struct.pack(">HHHIH", *fields) + _HOLDER + _RESPONSIBLE
        octets += struct.pack(">H", 0xC000 | holder_at) + _TIMERS + struct.pack(">I", soa_ttl_s)
    return _with_opt(octets, query, extended_rcode=rcode >> 4, why=why)


def every_type_answer(query: Query, ttl_s: int) -> bytes:
    """Return the answer to a query for every type: one HINFO (RFC 8482 section 4.2)."""
    flags = _flags(query, Rcode.NOERROR)
    return _with_opt(wire.synthetic(query, flags, hinfo_ttl_s=ttl_s), query)


def header_only_answer(query_octets: bytes, rcode: Rcode) -> bytes:
    """Return *rcode* to a query of which no more than the header is to be trusted."""
    kept = preparse.header_of(query_octets).flags & (_OPCODE | layout.RECURSION_DESIRED)
    return struct.pack(">6H", 0, layout.IS_REPLY | kept | rcode, 0, 0, 0, 0)


def fitted_to_udp(query: Query, answer: bytes) -> bytes:
    """Return *answer*, or where it is too long for *query*'s client the way to TCP."""
    asked = 0 if query.edns is None else query.edns.udp_octets
    if len(answer) <= min(max(asked, _MIN_UDP_OCTETS), UDP_OCTETS):
        return answer
    flags = int.from_bytes(answer[2:4]) | layout.IS_TRUNCATED
    header = struct.pack(">6H", 0, flags, 1, 0, 0, 0)
    return _with_opt(header + query.question, query)


def way_to_tcp(reply: bytes) -> bytes:
    """Return somebody else's *reply*, of one too long for UDP its header with TC set."""
    if len(reply) <= _MIN_UDP_OCTETS:
        return reply
    flags = int.from_bytes(reply[2:4]) | layout.IS_TRUNCATED
    return struct.pack(">6H", 0, flags, 0, 0, 0, 0)


def fitted(query: Query, outcome: Outcome) -> Outcome:
    """Return *outcome* with an answer that is fitted to UDP; one without records has no TTLs."""
    octets = fitted_to_udp(query, outcome.octets)
    if octets is outcome.octets:
        return outcome
    return outcome.cut_short(octets)


def _flags(query: Query, rcode: Rcode) -> int:
    kept = query.flags & (layout.RECURSION_DESIRED | layout.CHECKING_DISABLED)
    return layout.IS_REPLY | layout.RECURSION_AVAILABLE | kept | rcode & 0xF


def _with_opt(
    octets: bytes, query: Query, *, extended_rcode: int = 0, why: ExtendedError | None = None
) -> bytes:
    """Return *octets* with an OPT record if the client sent one (RFC 6891 section 7)."""
    if query.edns is None:
        return octets
    additional = int.from_bytes(octets[10:12]) + 1
    opt = opt_record(dnssec_ok=query.edns.dnssec_ok, extended_rcode=extended_rcode, why=why)
    return octets[:10] + additional.to_bytes(2) + octets[12:] + opt
