"""
What one client asks below one parent domain, and whether it is a tunnel.

The points of `carriage` add up and leak away as time goes by. Neither names nor labels are kept:
what was asked before is one bit of a hash, and all is forgotten when the points have leaked away.
"""

import msgspec

from schoolgate_dns.messages.record_types import type_name
from schoolgate_dns.tunnels.carriage import MIN_CODE_OCTETS, Weight, is_code, shape_of

BOUND_POINTS = 8_000.0
LEAK_POINTS_PER_S = 20.0
# Below the parents of lookup-services.toml.
LOOK_UP_BOUND_POINTS = 10 * BOUND_POINTS
LOOK_UP_LEAK_POINTS_PER_S = 10 * LEAK_POINTS_PER_S
CLOSED_S = 3_600.0
# What a name counts that does not exist: it carries one way alone, to who serves the parent.
ASKED_SHARE = 0.1
_OWED_SHARE = 1 - ASKED_SHARE
_SEEN_BITS = 2_048
_MAX_TYPES = 8


class Below(msgspec.Struct, gc=False):
    """
    The counts since *since_s*; *at_s* is when they were brought up to date.

    *is_look_up* says that new names are the rule below this parent. *seen* has a bit for each
    path of labels. While *closed_until_s* is not None the parent is closed, and *evidence* says
    why.
    """

    is_look_up: bool
    since_s: float
    at_s: float
    points: float = 0.0
    seen: int = 0
    names: int = 0
    code_names: int = 0
    name_octets: int = 0
    answer_octets: int = 0
    types: dict[int, int] = msgspec.field(default_factory=dict)
    closed_until_s: float | None = None
    evidence: str = ""

    def pass_time(self, now_s: float) -> None:
        """Let points leak, and what is over be forgotten."""
        leaking = LOOK_UP_LEAK_POINTS_PER_S if self.is_look_up else LEAK_POINTS_PER_S
        points = self.points - (now_s - self.at_s) * leaking
        self.at_s = now_s
        if self.closed_until_s is None:
            if points > 0.0:
                self.points = points
                return
        elif now_s < self.closed_until_s:
            self.points = max(0.0, points)
            return
        self.points = 0.0
        self.closed_until_s = None
        self.since_s = now_s
        self.seen = self.names = self.code_names = 0
        self.name_octets = self.answer_octets = 0
        self.types.clear()
        self.evidence = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be remembered."""
        return not self.points and self.closed_until_s is None

    def count_name(
        self, type_number: int, labels: list[bytes], weight: Weight, of_address: int
    ) -> float:
        """
        Take in a query of *type_number* for *labels* (lower case) in front of the parent.

        The first *of_address* labels are an address backwards. Returns the points to add if the
        name turns out to exist.
        """
        seen_before = seen = self.seen
        path = name_octets = new_octets = code_octets = 0
        place = len(labels)
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
                if octets > MIN_CODE_OCTETS and weight.has_code and is_code(label):
                    code_octets += octets
        if seen == seen_before:
            return 0.0
        self.seen = seen
        self.names += 1
        self.name_octets += name_octets
        types = self.types
        if type_number in types:
            types[type_number] += 1
        elif len(types) < _MAX_TYPES:
            types[type_number] = 1
        points = weight.name + new_octets * weight.word_octet
        if code_octets:
            self.code_names += 1
            points += code_octets * (weight.code_octet - weight.word_octet)
        # A page can make a browser ask for any names below anybody's domain; only the domain's
        # own server can make them exist.
        self.points += points * ASKED_SHARE
        return points * _OWED_SHARE

    def count_answer(self, octets: int, weight: Weight, owed: float) -> None:
        """Take in the answer, of *octets*, and what the name was *owed*."""
        self.answer_octets += octets
        self.points += owed + weight.of_answer(octets)

    def judge(self, now_s: float, labels: list[bytes]) -> float | None:
        """
        Return until when the parent is closed; of *labels*, the newest, the shape is told.

        While it is closed, only what would close it again prolongs it: what a device asks in the
        background does not keep a false alarm alive.
        """
        if self.points >= (LOOK_UP_BOUND_POINTS if self.is_look_up else BOUND_POINTS):
            if self.closed_until_s is None:
                self.evidence = self._evidence(now_s, labels)
            self.points = 0.0
            self.closed_until_s = now_s + CLOSED_S
        return self.closed_until_s

    def _evidence(self, now_s: float, labels: list[bytes]) -> str:
        """Return what was seen, in words; of names only how many, how long, and their shape."""
        seconds = max(1, round(now_s - self.since_s))
        by_type = sorted(self.types.items(), key=lambda each: (-each[1], each[0]))
        types = ", ".join(f"{type_name(number)} {count}" for number, count in by_type)
        shape = ".".join(shape_of(label) for label in labels[:2])
        return (
            f"{self.names} new names in {seconds} s, {self.code_names} of them like code; "
            f"{self.name_octets:,} octets in names and {self.answer_octets:,} in answers; "
            f"types {types}; the last name looked like {shape}"
        )
