"""
Bytes to a query, or to the answer that they deserve.

What is not understood gets the answer that RFC 8906 section 3 asks for, so that nobody who asks
properly takes us for broken: BADVERS for another version of EDNS, NOTIMP for another opcode;
unknown types are asked for like any, unknown options and flags are passed over and not repeated.
"""

from typing import Final

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Query, Rcode, answers, layout, preparse, wire
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.stages.parsed import Finished, ForZone

_QUERY, _UPDATE = 0, 5  # opcodes
_IS_REPLY: Final = layout.IS_REPLY >> 8  # in the third octet, before the opcode
# Zone transfers, keys and signatures are asked of those who hold zones; OPT and zero are no
# types of records at all.
_REFUSED_TYPES: Final = frozenset({0, RecordType.OPT, *range(RecordType.TKEY, RecordType.ANY)})


def read(octets: bytes) -> Query | ForZone | Finished:
    """Return the query to go on with, or what ends the matter."""
    if len(octets) < layout.HEADER_OCTETS or octets[2] & _IS_REPLY:
        # Answering answers would let two servers talk to each other for ever.
        return Finished(None)
    opcode = octets[2] >> 3
    try:
        if opcode == _UPDATE:
            return ForZone(octets, preparse.question_name_of(octets))
        if opcode != _QUERY:
            return Finished(answers.header_only_answer(octets, Rcode.NOTIMP))
        query = wire.read_query(octets)
    except WireError:
        return Finished(answers.header_only_answer(octets, Rcode.FORMERR))
    if query.type == RecordType.TKEY:
        return ForZone(octets, query.lookup.name)
    rcode = _refusal_of(query)
    return query if rcode is None else Finished(answers.negative_answer(query, rcode))


def _refusal_of(query: Query) -> Rcode | None:
    if query.edns is not None and query.edns.version > 0:
        return Rcode.BADVERS
    if query.question_class != wire.CLASS_IN or query.type in _REFUSED_TYPES:
        return Rcode.REFUSED
    return None
