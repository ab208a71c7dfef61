"""
Names that are questions to the network itself, not to the internet.

Firefox looks up `use-application-dns.net` before it turns to DNS-over-HTTPS by itself; a name
that does not exist tells it that this network filters. Apple's `mask.icloud.com` is on the
circumvention list instead, since it is also the name of the service.
"""

from schoolgate_dns.answers import negative_answer
from schoolgate_dns.messages import Query, Rcode

CANARIES = frozenset({"use-application-dns.net"})
CANARY_TTL_S = 60


def answer_canary(query: Query) -> bytes | None:
    """Return the answer to a canary, None to every other query."""
    if query.name.text not in CANARIES:
        return None
    return negative_answer(query, Rcode.NXDOMAIN, soa_ttl_s=CANARY_TTL_S)
