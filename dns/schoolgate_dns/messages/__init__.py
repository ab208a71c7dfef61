"""DNS messages: octets to values and back, within bounds, and answers of our own making."""

from schoolgate_dns.messages.query import Edns, Query
from schoolgate_dns.messages.values import (
    ExtendedError,
    ExtendedErrorCode,
    Lookup,
    Rcode,
    Reply,
    Ttl,
)

__all__ = [
    "Edns",
    "ExtendedError",
    "ExtendedErrorCode",
    "Lookup",
    "Query",
    "Rcode",
    "Reply",
    "Ttl",
]
