"""Record types by number (the IANA registry of DNS parameters)."""

from enum import IntEnum
from typing import Final


class RecordType(IntEnum):
    """The types that this point knows by number; every other is passed on as it is."""

    A = 1
    NS = 2
    MD = 3
    MF = 4
    CNAME = 5
    SOA = 6
    MB = 7
    MG = 8
    MR = 9
    NULL = 10
    PTR = 12
    HINFO = 13
    MINFO = 14
    MX = 15
    TXT = 16
    RP = 17
    AFSDB = 18
    RT = 21
    KEY = 25
    AAAA = 28
    SRV = 33
    DNAME = 39
    OPT = 41
    RRSIG = 46
    NSEC = 47
    SVCB = 64
    HTTPS = 65
    TKEY = 249
    ANY = 255


_NAMED: Final = frozenset(RecordType)


def type_name(number: int) -> str:
    """Return a record type as people write it (RFC 3597 section 5 for those without a name)."""
    return RecordType(number).name if number in _NAMED else f"TYPE{number}"
