"""
Replies, and what is asked, as values; `wire` makes them from bytes, so inside they are proofs.

None of them can be a part of a cycle, so the collector of garbage passes them over (gc=False).
"""

from enum import IntEnum

import msgspec

from schoolgate_policyd.core.names import DomainName


class Rcode(IntEnum):
    """The response codes that this point gives or looks at."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    BADVERS = 16


class ExtendedErrorCode(IntEnum):
    """The codes of RFC 8914 section 4: some this point gives itself, any an upstream may."""

    OTHER = 0
    UNSUPPORTED_KEY_ALGORITHM = 1
    UNSUPPORTED_DIGEST_TYPE = 2
    STALE_ANSWER = 3
    FORGED_ANSWER = 4
    INDETERMINATE = 5
    BOGUS = 6
    SIGNATURE_EXPIRED = 7
    SIGNATURE_NOT_YET_VALID = 8
    KEY_MISSING = 9
    SIGNATURES_MISSING = 10
    NO_ZONE_KEY_BIT = 11
    DENIAL_MISSING = 12
    CACHED_ERROR = 13
    NOT_READY = 14
    BLOCKED = 15
    CENSORED = 16
    FILTERED = 17
    PROHIBITED = 18
    STALE_NAME_ERROR = 19
    NOT_AUTHORITATIVE = 20
    NOT_SUPPORTED = 21
    NO_REACHABLE_AUTHORITY = 22
    NETWORK_ERROR = 23
    INVALID_DATA = 24


class ExtendedError(msgspec.Struct, frozen=True, gc=False):
    """Why an answer is what it is; *text* is for people, at most 200 octets in UTF-8."""

    code: ExtendedErrorCode
    text: str = ""


class Lookup(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """
    What an upstream is asked, and all that its reply can depend on.

    *name* is in wire form, lower case. Who asks is not part of it.
    """

    name: bytes
    type: int
    dnssec_ok: bool = False
    checking_disabled: bool = False


class Ttl(msgspec.Struct, frozen=True, gc=False):
    """A TTL of *seconds*, whose four octets stand at offset *at* of its message."""

    at: int
    seconds: int


class Reply(msgspec.Struct, frozen=True, gc=False):
    """
    An upstream's usable reply, kept as the octets it came in, without its OPT record.

    *ttls* are all that there are in it. *lifetime_s* is how long it may be kept, *aliases* the
    names that a client is sent on to (CNAME, DNAME, SVCB and HTTPS targets), in order, and
    *addresses* the packed ones of the answer's A and AAAA records. Of addresses of the inside it
    had *removed_addresses* more (`scrub`).
    """

    octets: bytes
    rcode: Rcode
    is_authentic: bool
    ttls: tuple[Ttl, ...]
    lifetime_s: int
    aliases: tuple[DomainName, ...] = ()
    addresses: tuple[bytes, ...] = ()
    removed_addresses: int = 0
