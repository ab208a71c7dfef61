"""
Response policy zones as zone text (draft-vixie-dnsop-dns-rpz): the triggers on the asked name.

`x CNAME .`, `x CNAME *.` and `x CNAME rpz-drop.` block that name alone, `*.x` the names under it;
so does an address that leads nowhere. Other data would answer with something else, `rpz-passthru`
would open something, and triggers on addresses, servers and clients are not about the name.
"""

import re
from collections.abc import Iterable

from schoolgate_policyd.lists.formats.hosts import NOWHERE
from schoolgate_policyd.lists.intake import AT, BELOW, Intake
from schoolgate_policyd.lists.tally import Reason

# Nearly every line of every zone: a relative owner, and that it does not exist.
_USUAL = re.compile(
    rb"([a-z0-9_*][a-z0-9_.-]*[a-z0-9_])[ \t]+"
    rb"(?:[0-9]+[ \t]+)?(?:IN[ \t]+)?CNAME[ \t]+\.[ \t\r]*\Z",
    re.IGNORECASE,
)
_SEMICOLON = ord(";")
_TTL = re.compile(rb"[0-9][0-9smhdw]*\Z", re.IGNORECASE)
_CLASSES = frozenset({b"IN", b"CH", b"HS"})
_BLOCKING_TARGETS = frozenset({b".", b"*.", b"RPZ-DROP."})
_OPENING_TARGETS = frozenset({b"RPZ-PASSTHRU.", b"RPZ-TCP-ONLY."})
_OF_THE_ZONE = frozenset({b"SOA", b"NS", b"DNSKEY", b"RRSIG", b"NSEC", b"NSEC3", b"NSEC3PARAM"})
_OTHER_TRIGGERS = (b".rpz-ip", b".rpz-client-ip", b".rpz-nsip", b".rpz-nsdname")


def read_rpz(lines: Iterable[bytes], intake: Intake) -> None:
    """Give *intake* every name of *lines*."""
    zone = _Zone(intake)
    match = _USUAL.match
    for number, line in enumerate(lines, 1):
        usual = match(line)
        if usual is not None and zone.takes_usual_lines:
            zone.block(usual[1], line, number)
        else:
            zone.read(line, number)


class _Zone:
    """What one line of a zone file hands on to the next."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._origin: bytes | None = None
        self._apex: bytes | None = None
        self._owner: bytes | None = None
        self._depth = 0  # of parentheses, inside which a record goes on

    @property
    def takes_usual_lines(self) -> bool:
        """Whether a relative owner is the name itself, and no record is going on."""
        return not self._depth and self._origin == self._apex

    def block(self, owner: bytes, line: bytes, number: int) -> None:
        """Take the name that *owner*, which is relative to the zone itself, is about."""
        self._owner = owner
        self._take(owner.lower(), line, number)

    def read(self, line: bytes, number: int) -> None:
        text = line.partition(b";")[0] if _SEMICOLON in line else line
        if self._depth:
            self._depth = max(0, self._depth + text.count(b"(") - text.count(b")"))
            return
        words = text.split()
        if not words:
            return
        if words[0].startswith(b"$"):
            self._direct(words, line, number)
            return
        self._depth = max(0, text.count(b"(") - text.count(b")"))
        if text[:1] not in b" \t":
            self._owner = words.pop(0)
        while words and (words[0].upper() in _CLASSES or _TTL.match(words[0])):
            del words[0]
        if self._owner is None or not words:
            self._intake.leave(Reason.SYNTAX, line, number)
            return
        self._record(self._owner, words[0].upper(), words[1:], line, number)

    def _direct(self, words: list[bytes], line: bytes, number: int) -> None:
        directive = words[0].upper()
        if directive == b"$ORIGIN" and len(words) > 1:
            self._origin = words[1].lower()
            self._apex = self._apex or self._origin
        elif directive != b"$TTL":
            # $INCLUDE would read a file of ours, $GENERATE make a line a million.
            self._intake.leave(Reason.DIRECTIVE, line, number)

    def _record(
        self, owner: bytes, kind: bytes, values: list[bytes], line: bytes, number: int
    ) -> None:
        if kind == b"SOA" and owner.endswith(b"."):
            self._apex = owner.lower()
            self._origin = self._origin or self._apex
        if kind in _OF_THE_ZONE or owner == b"@":
            return
        reason = _reason_against(kind, values)
        if reason is not None:
            self._intake.leave(reason, line, number)
            return
        name = self._policy_name(owner.lower())
        if name is None or b"\\" in name:
            self._intake.leave(Reason.SYNTAX, line, number)
        else:
            self._take(name, line, number)

    def _take(self, name: bytes, line: bytes, number: int) -> None:
        if name.endswith(_OTHER_TRIGGERS):
            self._intake.leave(Reason.TRIGGER, line, number)
        elif name.startswith(b"*."):
            self._intake.take(name[2:], BELOW, number)
        else:
            self._intake.take(name, AT, number)

    def _policy_name(self, owner: bytes) -> bytes | None:
        """Return the name that *owner* is about: what stands before the zone's own name."""
        if not owner.endswith(b"."):
            if self._origin == self._apex:
                return owner
            owner = owner + b"." + (self._origin or b"")
        # An absolute name outside the zone, or in one of unknown name, is about nothing.
        ending = b"." + (self._apex or b"")
        if self._apex in {None, b"."} or not owner.endswith(ending):
            return None
        return owner.removesuffix(ending)


def _reason_against(kind: bytes, values: list[bytes]) -> Reason | None:
    """Return why a record of *kind* does not simply block, if it does not."""
    value = values[0].upper() if values else b""
    if kind == b"CNAME":
        if value in _BLOCKING_TARGETS:
            return None
        return Reason.EXCEPTION if value in _OPENING_TARGETS else Reason.REWRITE
    if kind in {b"A", b"AAAA"} and value in NOWHERE:
        return None
    return Reason.REWRITE if kind in {b"A", b"AAAA", b"TXT", b"DNAME"} else Reason.SYNTAX
