"""
How much a query and its answer could carry for a tunnel, in points.

A tunnel hides octets in names that nobody asked before and takes its answers from records that
carry much. A point is about one octet in a new name that reads like words; code, rare types of
records and large answers weigh more. What the points add up to, `stages.tunnel` watches.
"""

from collections.abc import Callable
from itertools import takewhile
from typing import Final

from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.tunnels.weight import Weight

# What browsers, operating systems and mail servers ask for all day.
_ORDINARY_TYPES: Final = frozenset(
    {
        RecordType.A,
        RecordType.AAAA,
        RecordType.HTTPS,
        RecordType.SVCB,
        RecordType.NS,
        RecordType.SOA,
        43,  # DS
        48,  # DNSKEY
    }
)
# Every other type that was assigned for a use of its own.
_RARE_TYPES: Final = frozenset(
    {5, 12, 13, 15, 16, 17, 18, 29, 33, 35, 37, 39, 44, 45, 46, 47, 50, 51, 52, 53, 55, 57}
    | {59, 60, 61, 62, 63, 99, 249, 250, 256, 257}
)

USUAL_ANSWER_OCTETS: Final = 200
MIN_CODE_OCTETS: Final = 8
_MAX_WORD_OCTETS: Final = 32
_MAX_DECIMAL: Final = 255
_MAX_ADDRESS_LABEL_OCTETS: Final = len("255")
_REVERSED_IPV4_LABELS: Final = 4
_REVERSED_IPV6_LABELS: Final = 32
_IN_WORDS: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-_"
_UNDERSCORE: Final = ord("_")
_HEX: Final = frozenset(b"0123456789abcdef")
# Neighbouring letters that are frequent in English words and in the names of machines.
_WORD_PAIRS: Final = (
    b"th he in er an re nd on en at ou ed ha to or it is hi es ng st ar te se me ve ea al le "
    b"ti of ne ra ro ic co de io us ma ec om ur ri li el la ce ta ch di as si ho ll tr pe ca "
    b"so un no ac et em op po ee ss oo wa we ge ly rs ut ol ad ie id il ni am lo ct ul pr mo "
    b"ow ir ot im os pl sh ai mp nt ns be su fo ap pa vi sc ub up um ag ab ev iv ov ay ey oc "
    b"od og ob ru tu du bl cl fl gl sl br cr dr fr gr wo wi wh ck rd rt rn ww ap pi vi dn cd"
).split()
# By each octet, those that follow it in words.
_FOLLOWING: Final = tuple(
    bytes(pair[1] for pair in _WORD_PAIRS if pair[0] == octet) for octet in range(256)
)


ORDINARY: Final = Weight(6, 1, 18, 1 / 16, 1 / 4)
RARE_TYPE: Final = Weight(60, 4, 30, 1 / 2)
# No program that a school uses asks for NULL, KEY or private types.
STRANGE_TYPE: Final = Weight(400, 80, 80, 2)
LOOK_UP: Final = Weight(2, 1, 1, 1 / 32)
# Lists of addresses are asked about each that sends mail, and four octets carry little.
REVERSED_ADDRESS: Final = Weight(0.1, 1, 1, 1 / 16)
# Whoever scans a network asks for the name of each address in it.
REVERSE_LOOK_UP: Final = Weight(0.1, 1, 1, 1 / 256)

_BY_TYPE: Final = {
    int(number): weight
    for numbers, weight in ((_RARE_TYPES, RARE_TYPE), (_ORDINARY_TYPES, ORDINARY))
    for number in numbers
}


def weight_of(type_number: int, labels: list[bytes], *, is_look_up: bool) -> tuple[Weight, int]:
    """
    Return how a query of *type_number* for *labels* below a parent is weighed.

    With it comes how many of the first labels carry nothing, since they are an address backwards.
    """
    of_address = 0
    # Nearly every name is told from an address by the length of its first label.
    if labels and len(labels[0]) <= _MAX_ADDRESS_LABEL_OCTETS:
        of_address = reversed_address_labels(labels)
    by_type = _BY_TYPE.get(type_number)
    if by_type is None:
        return STRANGE_TYPE, of_address
    if of_address:
        is_pointer = type_number == RecordType.PTR
        return REVERSE_LOOK_UP if is_pointer else REVERSED_ADDRESS, of_address
    if is_look_up:
        return LOOK_UP, 0
    for label in labels:
        # `selector._domainkey`, `_ldap._tcp`: names that a protocol prescribes, of any type.
        if label[0] == _UNDERSCORE:
            return LOOK_UP, 0
    return by_type, 0


def answer_points(weight: Weight, octets: int) -> float:
    """Return the points of an answer of *octets*."""
    points = octets * weight.answer_octet
    if octets > USUAL_ANSWER_OCTETS:
        points += (octets - USUAL_ANSWER_OCTETS) * weight.excess_octet
    return points


def reversed_address_labels(labels: list[bytes]) -> int:
    """
    Return how many of the first *labels* are an address backwards, as PTR and blocklists have it.

    A parent in a reverse zone holds the rest of the address, so all labels may be a part of one.
    """
    if len(labels[0]) > 1 and not labels[0].isdigit():
        return 0
    decimal = _leading(labels, _REVERSED_IPV4_LABELS, _is_decimal)
    if decimal == len(labels) or decimal == _REVERSED_IPV4_LABELS:
        return decimal
    nibbles = _leading(labels, _REVERSED_IPV6_LABELS, _is_nibble)
    return nibbles if nibbles in (len(labels), _REVERSED_IPV6_LABELS) else 0


def _leading(labels: list[bytes], most: int, is_part: Callable[[bytes], bool]) -> int:
    return sum(1 for _ in takewhile(is_part, labels[:most]))


def _is_decimal(label: bytes) -> bool:
    return (
        len(label) <= _MAX_ADDRESS_LABEL_OCTETS and label.isdigit() and int(label) <= _MAX_DECIMAL
    )


def _is_nibble(label: bytes) -> bool:
    return len(label) == 1 and label[0] in _HEX


def is_code(label: bytes) -> bool:
    """
    Whether *label* (lower case) reads like code: long, binary, or unlike words.

    Fewer than a third of the neighbouring letters are such as words have. An internationalised
    label is code by nature, and no measure of anything.
    """
    if len(label) < MIN_CODE_OCTETS or label.startswith(b"xn--"):
        return False
    if len(label) > _MAX_WORD_OCTETS or label.translate(None, _IN_WORDS):
        return True
    # Most words are told before their end; code has to be read to its own.
    lacking = len(label) - 1
    following = b""
    for octet in label:
        if octet in following:
            lacking -= 3
            if lacking <= 0:
                return False
        following = _FOLLOWING[octet]
    return True


def shape_of(label: bytes, most: int = 24) -> str:
    """Return what *label* looks like without what it says: `aaa99a` for `xqr07k`."""
    shape = "".join(
        "9" if chr(octet).isdigit() else "a" if octet in _IN_WORDS else "?"
        for octet in label[:most]
    )
    return shape if len(label) <= most else f"{shape}…"
