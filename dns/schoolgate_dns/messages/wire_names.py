"""Names of a message within bounds as the text that they are judged by."""

from typing import Final

from schoolgate_dns.messages.preparse import MAX_LABEL_OCTETS
from schoolgate_policyd.core.names import DomainName

PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")

_PLAIN_OR_DOT: Final = bytes([*PLAIN, ord(".")])
_FURTHEST: Final = 0x3FFF  # of a pointer, whose other two bits say that it is one


def name_at(octets: bytes, at: int) -> DomainName:
    """Return the name at *at* of a message within bounds, in lower case."""
    labels = labels_at(octets, at)
    joined = b".".join(labels).lower()
    # Nearly every name is of such octets alone; a dot inside a label would make one too many.
    if not joined.translate(None, _PLAIN_OR_DOT) and joined.count(b".") == max(len(labels) - 1, 0):
        return DomainName(joined.decode("ascii"))
    return DomainName(".".join(map(text_of, labels)))


def labels_at(octets: bytes, at: int) -> list[bytes]:
    """
    Return the labels of the name at *at*, whatever octets they have (RFC 2181 section 11).

    INVARIANT: `preparse` has walked this name, so that it ends.
    """
    labels: list[bytes] = []
    while length := octets[at]:
        if length > MAX_LABEL_OCTETS:
            at = int.from_bytes(octets[at : at + 2]) & _FURTHEST
        else:
            labels.append(octets[at + 1 : at + 1 + length])
            at += 1 + length
    return labels


def text_of(label: bytes) -> str:
    """Return *label* in lower case; an octet of no host name is written in decimal (RFC 1035)."""
    lower = label.lower()
    if PLAIN.issuperset(lower):
        return lower.decode("ascii")
    return "".join(chr(octet) if octet in PLAIN else f"\\{octet:03d}" for octet in lower)
