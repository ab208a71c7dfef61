"""
What one client asks below one parent domain, and whether it is a tunnel.

The points of `carriage` add up and leak away as time goes by. Neither names nor labels are kept:
what was asked before is one bit of a hash, and all is forgotten when the points have leaked away.
"""

import msgspec

from schoolgate_dns.carriage import (
    WEIGHTS,
    is_code,
    manner_of,
    reversed_address_labels,
    shape_of,
)
from schoolgate_dns.record_types import type_name

BOUND_POINTS = 8_000.0
LEAK_POINTS_PER_S = 20.0
LOOK_UP_FACTOR = 10.0
CLOSED_S = 3_600.0
# What a name counts that does not exist: it carries one way alone, to who serves the parent.
ASKED_SHARE = 0.1
_SEEN_BITS = 2_048
_MAX_TYPES = 8


class Below(msgspec.Struct):
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
        leaking = LEAK_POINTS_PER_S * (LOOK_UP_FACTOR if self.is_look_up else 1.0)
        self.points = max(0.0, self.points - (now_s - self.at_s) * leaking)
        self.at_s = now_s
        if self.closed_until_s is not None and now_s >= self.closed_until_s:
            self.closed_until_s = None
            self.points = 0.0
        if self.is_over:
            self.since_s = now_s
            self.seen = self.names = self.code_names = 0
            self.name_octets = self.answer_octets = 0
            self.types.clear()
            self.evidence = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be remembered."""
        return not self.points and self.closed_until_s is None

    def count_name(self, type_number: int, labels: list[bytes]) -> float:
        """
        Take in a query of *type_number* for *labels* (lower case) in front of the parent.

        Returns the points to add if the name turns out to exist.
        """
        weight = WEIGHTS[manner_of(type_number, labels, is_look_up=self.is_look_up)]
        first_carrying = reversed_address_labels(labels)
        path, bits, new_octets, code_octets = 0, 0, 0, 0
        for place in range(len(labels) - 1, -1, -1):
            label = labels[place]
            # INVARIANT: of a name no more is kept than one bit for each of its labels.
            path = hash((path, label))
            bit = 1 << path % _SEEN_BITS
            if self.seen & bit:
                continue
            bits |= bit
            if place < first_carrying:
                continue
            new_octets += len(label) + 1
            if weight.code_octet > weight.word_octet and is_code(label):
                code_octets += len(label) + 1
        if not bits:
            return 0.0
        self.seen |= bits
        self.names += 1
        self.code_names += bool(code_octets)
        self.name_octets += sum(map(len, labels)) + len(labels)
        if type_number in self.types or len(self.types) < _MAX_TYPES:
            self.types[type_number] = self.types.get(type_number, 0) + 1
        points = (
            weight.name
            + new_octets * weight.word_octet
            + code_octets * (weight.code_octet - weight.word_octet)
        )
        # A page can make a browser ask for any names below anybody's domain; only the domain's
        # own server can make them exist.
        self.points += points * ASKED_SHARE
        return points * (1 - ASKED_SHARE)

    def count_answer(self, type_number: int, labels: list[bytes], octets: int) -> None:
        """Take in that such a query had an answer of *octets*."""
        manner = manner_of(type_number, labels, is_look_up=self.is_look_up)
        self.answer_octets += octets
        self.points += WEIGHTS[manner].of_answer(octets)

    def judge(self, now_s: float, labels: list[bytes]) -> bool:
        """
        Whether the parent is closed at *now_s*; of *labels*, the newest, the shape is told.

        While it is closed, only what would close it again prolongs it: what a device asks in the
        background does not keep a false alarm alive.
        """
        if self.points >= BOUND_POINTS * (LOOK_UP_FACTOR if self.is_look_up else 1.0):
            if self.closed_until_s is None:
                self.evidence = self._evidence(now_s, labels)
            self.points = 0.0
            self.closed_until_s = now_s + CLOSED_S
        return self.closed_until_s is not None

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
