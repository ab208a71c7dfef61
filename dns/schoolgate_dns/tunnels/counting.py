"""
What one client asks below one parent domain, and whether it is a tunnel.

The points of `carriage` add up and leak away as time goes by. Neither names nor labels are kept:
what was asked before is one bit of a hash, and all is forgotten when the points have leaked away.
"""

from typing import Final

from schoolgate_dns.messages.record_types import type_name
from schoolgate_dns.tunnels.below import Below
from schoolgate_dns.tunnels.carriage import MIN_CODE_OCTETS, answer_points, is_code, shape_of
from schoolgate_dns.tunnels.weight import Weight

BOUND_POINTS: Final = 8_000.0
LEAK_POINTS_PER_S: Final = 20.0
# Below the parents of lookup-services.toml.
LOOK_UP_BOUND_POINTS: Final = 10 * BOUND_POINTS
LOOK_UP_LEAK_POINTS_PER_S: Final = 10 * LEAK_POINTS_PER_S
CLOSED_S: Final = 3_600.0
# What a name counts that does not exist: it carries one way alone, to who serves the parent.
ASKED_SHARE: Final = 0.1
_OWED_SHARE: Final = 1 - ASKED_SHARE
_SEEN_BITS: Final = 2_048
_MAX_TYPES: Final = 8


def points_left(below: Below, now_s: float) -> float:
    """Return what has not leaked away by *now_s*; below zero since it all has."""
    leaking = LOOK_UP_LEAK_POINTS_PER_S if below.is_look_up else LEAK_POINTS_PER_S
    return below.points - (now_s - below.at_s) * leaking


def is_closed(below: Below, now_s: float) -> bool:
    """Whether the parent is closed at *now_s*."""
    return below.closed_until_s is not None and now_s < below.closed_until_s


def pass_time(below: Below, now_s: float) -> None:
    """Let points leak, and what is over be forgotten."""
    points = points_left(below, now_s)
    below.at_s = now_s
    if below.closed_until_s is None:
        if points > 0.0:
            below.points = points
            return
    elif is_closed(below, now_s):
        below.points = max(0.0, points)
        return
    below.points = 0.0
    below.closed_until_s = None
    below.since_s = now_s
    below.seen = below.names = below.code_names = 0
    below.name_octets = below.answer_octets = 0
    below.types.clear()
    below.evidence = ""


def count_name(
    below: Below, type_number: int, labels: list[bytes], weight: Weight, of_address: int
) -> float:
    """
    Take in a query of *type_number* for *labels* (lower case) in front of the parent.

    The first *of_address* labels are an address backwards. Returns the points to add if the
    name turns out to exist.
    """
    seen_before = seen = below.seen
    path = name_octets = new_octets = code_octets = 0
    place = len(labels)
    has_code = weight.code_octet > weight.word_octet
    for label in reversed(labels):
        place -= 1
        octets = len(label) + 1
        name_octets += octets
        # INVARIANT: of a name no more is kept than one bit for each of its labels.
        path = hash((path, label))
        bit = 1 << path % _SEEN_BITS
        if seen_before and seen_before & bit:
            continue
        seen |= bit
        if place >= of_address:
            new_octets += octets
            if octets > MIN_CODE_OCTETS and has_code and is_code(label):
                code_octets += octets
    if seen == seen_before:
        return 0.0
    below.seen = seen
    below.names += 1
    below.name_octets += name_octets
    types = below.types
    if type_number in types:
        types[type_number] += 1
    elif len(types) < _MAX_TYPES:
        types[type_number] = 1
    points = weight.name + new_octets * weight.word_octet
    if code_octets:
        below.code_names += 1
        points += code_octets * (weight.code_octet - weight.word_octet)
    # A page can make a browser ask for any names below anybody's domain; only the domain's
    # own server can make them exist.
    below.points += points * ASKED_SHARE
    return points * _OWED_SHARE


def count_answer(below: Below, octets: int, weight: Weight, owed: float) -> None:
    """Take in the answer, of *octets*, and what the name was *owed*."""
    below.answer_octets += octets
    below.points += owed + answer_points(weight, octets)


def judge(below: Below, now_s: float, labels: list[bytes]) -> float | None:
    """
    Return until when the parent is closed; of *labels*, the newest, the shape is told.

    While it is closed, only what would close it again prolongs it: what a device asks in the
    background does not keep a false alarm alive.
    """
    if below.points >= (LOOK_UP_BOUND_POINTS if below.is_look_up else BOUND_POINTS):
        if below.closed_until_s is None:
            below.evidence = _evidence(below, now_s, labels)
        below.points = 0.0
        below.closed_until_s = now_s + CLOSED_S
    return below.closed_until_s


def _evidence(below: Below, now_s: float, labels: list[bytes]) -> str:
    """Return what was seen, in words; of names only how many, how long, and their shape."""
    seconds = max(1, round(now_s - below.since_s))
    by_type = sorted(below.types.items(), key=lambda each: (-each[1], each[0]))
    types = ", ".join(f"{type_name(number)} {count}" for number, count in by_type)
    shape = ".".join(shape_of(label) for label in labels[:2])
    return (
        f"{below.names} new names in {seconds} s, {below.code_names} of them like code; "
        f"{below.name_octets:,} octets in names and {below.answer_octets:,} in answers; "
        f"types {types}; the last name looked like {shape}"
    )
