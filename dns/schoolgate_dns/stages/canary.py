"""
Names that are questions to the network itself, not to the internet.

A program looks them up to learn whether this network filters, and a name that does not exist
tells it so. They are answered alike for everybody and every type of record.

- `use-application-dns.net`: Firefox, before it turns to DNS over HTTPS by itself. Any response
  code but NOERROR, or neither A nor AAAA records, keeps it from that.
  Source: support.mozilla.org, "Canary domain - use-application-dns.net".
- `mask.icloud.com` and `mask-h2.icloud.com`: iCloud Private Relay. A negative answer, and at once
  (silence or a block of its packets would delay every page), has the device tell its user that
  the network does without it. `mask.apple-dns.net` is what the first leads to; devices were seen
  to ask for it directly. Source: developer.apple.com, "Prepare your network or web server for
  iCloud Private Relay".

None of them is recorded. A device looks them up by itself whenever it joins a network, whoever
carries it: an event for each would accuse a child of what a telephone does on its own, and the
one real attempt would drown in them. Nobody gets the relay's address here, so nothing was got
round; the names stay on the circumvention list, by which the proxy blocks and records them.
"""

from typing import Final

from schoolgate_dns.messages import Query, Rcode
from schoolgate_dns.messages.answers import negative_answer
from schoolgate_dns.outcome import Outcome

CANARIES: Final = frozenset(
    {
        "use-application-dns.net",
        "mask.icloud.com",
        "mask-h2.icloud.com",
        "mask.apple-dns.net",
    }
)
CANARY_TTL_S: Final = 60
# It never changes; this only bounds for how long it is kept.
CANARY_LASTS_S: Final = 3600


def answer_canary(query: Query) -> Outcome | None:
    """Return the answer to a canary, None to every other query."""
    if query.name.text not in CANARIES:
        return None
    octets = negative_answer(query, Rcode.NXDOMAIN, soa_ttl_s=CANARY_TTL_S)
    return Outcome(octets, lasts_s=CANARY_LASTS_S)
