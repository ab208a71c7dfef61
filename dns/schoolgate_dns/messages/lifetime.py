"""How long a reply may be kept."""

from collections.abc import Set as AbstractSet
from typing import Final

from schoolgate_dns.messages import Rcode
from schoolgate_dns.messages.layout import Outline, Record, Section
from schoolgate_dns.messages.record_types import RecordType

MAX_LIFETIME_S: Final = 86_400
MAX_NEGATIVE_LIFETIME_S: Final = 3600  # RFC 2308 section 5 finds one to three hours sensible


def lifetime_s(outline: Outline, octets: bytes, records: tuple[Record, ...]) -> int:
    """Return for how many seconds the *records* of a reply hold, all of them."""
    ttl_s = min((0 if each.ttl >> 31 else each.ttl for each in records), default=0)
    answered = {each.type for each in records if each.section is Section.ANSWER}
    soa = next((each for each in records if each.type == RecordType.SOA), None)
    soa_s = None if soa is None else int.from_bytes(octets[soa.rdata_end - 4 : soa.rdata_end])
    return lasting_s(outline.question_type, outline.header.rcode, ttl_s, answered, soa_s)


def lasting_s(
    asked: int, rcode: int, ttl_s: int, answered: AbstractSet[int], soa_s: int | None
) -> int:
    """
    Return for how many seconds a reply holds, *ttl_s* being the shortest of its TTLs.

    *asked* is a type and *answered* those of the answer section. That something does not exist
    holds for as long as the SOA record says: *soa_s* if there is one (RFC 2308 section 5).
    """
    if rcode == Rcode.NOERROR and (asked in answered or asked == RecordType.ANY):
        return min(ttl_s, MAX_LIFETIME_S)
    if soa_s is not None:
        ttl_s = min(ttl_s, soa_s)
    elif rcode != Rcode.NOERROR or not answered:
        # Nobody says how long it holds; an alias alone holds for its own time.
        ttl_s = 0
    return min(ttl_s, MAX_NEGATIVE_LIFETIME_S)
