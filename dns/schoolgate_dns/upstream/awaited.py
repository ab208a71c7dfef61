"""
A question that is on its way by UDP, and the rule by which a datagram is its answer.

The id is random, and so are the capitals of the question. What does not match is passed over and
counted, and the waiting goes on: whoever guesses has to guess all of it. Sources: RFC 5452
section 9, draft-vixie-dnsext-dns0x20.
"""

from enum import Enum
from typing import Final

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Lookup, wire
from schoolgate_dns.messages.layout import HEADER_OCTETS
from schoolgate_dns.upstream.hearing import Heard

# After so many wrong ones somebody is guessing; over TCP there is nothing to guess.
MAX_MISMATCHED: Final = 16


class Doubt(Enum):
    """Why what came is not to be believed without asking over TCP."""

    GUESSED = "too many replies that are none"
    CAPITALS = "a reply with other capitals"
    NO_EDNS = "the bare header of an error"


class Doubtful(WireError):  # noqa: N818 - reads as what it is
    """What came is not to be believed, and the question has to be asked over TCP."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.value)
        self.doubt = doubt


class Awaited:
    """
    A question that *heard* is told the reply to, until *deadline_s* (monotonic).

    *number* is its id and *query* what leaves. *letters*, an octet for each of the name's, say
    which are capitals; with None the name is asked as it is, and the reply's capitals do not
    count. A *doubt* is there since something came from an old server, or from somebody who guessed
    nearly all of it: the true reply has until the next sweep to come.
    """

    __slots__ = (
        "_question",
        "deadline_s",
        "doubt",
        "heard",
        "lookup",
        "mismatched",
        "number",
        "query",
    )

    def __init__(
        self,
        heard: Heard,
        lookup: Lookup,
        number: bytes,
        letters: bytes | None,
        deadline_s: float,
        *,
        with_edns: bool,
    ) -> None:
        name = lookup.name if letters is None else wire.mixed_case(lookup.name, letters)
        query = wire.query_for(lookup, int.from_bytes(number), name=name, with_edns=with_edns)
        self.heard = heard
        self.lookup = lookup
        self.number = number
        self.query = query
        # As it was asked, to the bit.
        self._question = (
            None if letters is None else query[HEADER_OCTETS : HEADER_OCTETS + len(name) + 4]
        )
        self.deadline_s = deadline_s
        self.mismatched = 0
        self.doubt: Doubt | None = None

    def is_answered_by(self, octets: bytes) -> bool:
        """Whether *octets* are its reply."""
        if self._question is None:
            return self._is_roughly_answered_by(octets)
        return wire.is_reply_to_query(octets, self.number, self._question)

    def pass_over(self, octets: bytes) -> Doubtful | None:
        """Count *octets*, which do not answer it; return why it is to be given up, if it is."""
        self.mismatched += 1
        if self._is_roughly_answered_by(octets):
            self.doubt = Doubt.CAPITALS
        elif octets[:2] == self.number and wire.is_bare_refusal(octets):
            self.doubt = Doubt.NO_EDNS
        elif self.mismatched > MAX_MISMATCHED:
            return Doubtful(Doubt.GUESSED)
        return None

    def _is_roughly_answered_by(self, octets: bytes) -> bool:
        return wire.is_reply_to(octets, self.lookup, int.from_bytes(self.number))
