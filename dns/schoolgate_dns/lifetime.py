"""How long a reply may be kept."""

from schoolgate_dns.messages import Rcode
from schoolgate_dns.preparse import Outline, Record, Section
from schoolgate_dns.record_types import RecordType

MAX_LIFETIME_S = 86_400
MAX_NEGATIVE_LIFETIME_S = 3600  # RFC 2308 section 5 finds one to three hours sensible


def lifetime_s(outline: Outline, octets: bytes, records: tuple[Record, ...]) -> int:
    """
    Return for how many seconds the *records* of a reply hold, all of them.

    That something does not exist holds for as long as its SOA says (RFC 2308 section 5).
    """
    ttl_s = min((0 if each.ttl >> 31 else each.ttl for each in records), default=0)
    asked, rcode = outline.question_type, outline.header.rcode
    answered = {each.type for each in records if each.section is Section.ANSWER}
    if rcode == Rcode.NOERROR and (asked in answered or asked == RecordType.ANY):
        return min(ttl_s, MAX_LIFETIME_S)
    soa = next((each for each in records if each.type == RecordType.SOA), None)
    if soa is not None:
        ttl_s = min(ttl_s, int.from_bytes(octets[soa.rdata_end - 4 : soa.rdata_end]))
    elif rcode != Rcode.NOERROR or not answered:
        # Nobody says how long it holds; an alias alone holds for its own time.
        ttl_s = 0
    return min(ttl_s, MAX_NEGATIVE_LIFETIME_S)
