"""Bytes to a query, or to the answer that they deserve."""

import msgspec

from schoolgate_dns import answers, preparse, wire
from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Query, Rcode
from schoolgate_dns.record_types import RecordType

# Zone transfers, keys and signatures are asked of those who hold zones; OPT and zero are no
# types of records at all.
_REFUSED_TYPES = frozenset({0, RecordType.OPT, *range(RecordType.TKEY, RecordType.ANY)})


class Finished(msgspec.Struct, frozen=True):
    """Nothing more is to be done: send *answer*, or nothing where it is None."""

    answer: bytes | None


def read(octets: bytes) -> Query | Finished:
    """Return the query to go on with, or what ends the matter."""
    try:
        header = preparse.header_of(octets)
    except WireError:
        return Finished(None)
    if header.is_reply:
        # Answering answers would let two servers talk to each other for ever.
        return Finished(None)
    if header.opcode != 0:
        return Finished(answers.header_only_answer(octets, Rcode.NOTIMP))
    try:
        query = wire.read_query(octets)
    except WireError:
        return Finished(answers.header_only_answer(octets, Rcode.FORMERR))
    rcode = _refusal_of(query)
    return query if rcode is None else Finished(answers.negative_answer(query, rcode))


def _refusal_of(query: Query) -> Rcode | None:
    if query.edns is not None and query.edns.version > 0:
        return Rcode.BADVERS
    if query.question_class != wire.CLASS_IN or query.type in _REFUSED_TYPES:
        return Rcode.REFUSED
    return None
