"""
What our point answers beside what unbound answers, and why that may be something else.

`EXPLAINED` is the whole table of differences that there may be; any other is a mistake.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from tree_client import Asker, query_for, read
from tree_zones import Kind, Question

from schoolgate_dns.stages.held import FAILURE_S

MANNERS = ("", "edns ad", "do", "do cd")
AT_ONCE = 48
WITHIN_S = 6.0
TRIES = 6
# For what is asked of a server that never answers; our point has two seconds for an upstream.
GIVEN_UP_WITHIN_S = 5.0
_UPSTREAM_SILENT = {22, 23}
# Seconds turn between the two answers, and the machine may be slow.
TTL_DRIFT_S = 20
CLIENTS = 160
# In the SOA of what our point makes up, as `_texts` writes records.
_OUR_NAME = b"\x0aschoolgate\x07invalid\x00".hex()


@dataclass(frozen=True)
class Seen:
    """An answer, as far as it is compared; None of a server is silence."""

    rcode: str
    flags: frozenset[str]
    answer: frozenset[str]
    authority: frozenset[str]
    errors: frozenset[int]
    ttls: dict[str, int] = field(compare=False, default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One question, asked in one manner of both."""

    question: Question
    manner: str
    theirs: Seen | None
    ours: Seen | None

    def parts(self) -> frozenset[str]:
        """What differs."""
        theirs, ours = self.theirs, self.ours
        if theirs is None or ours is None:
            return frozenset() if theirs is ours else frozenset({"silence"})
        names = ("rcode", "flags", "answer", "authority", "errors")
        parts = {name for name in names if getattr(theirs, name) != getattr(ours, name)}
        if self.drifted():
            parts.add("ttls")
        return frozenset(parts)

    def drifted(self) -> frozenset[str]:
        """Whose TTLs differ by more than the time between the answers."""
        theirs = {} if self.theirs is None else self.theirs.ttls
        ours = {} if self.ours is None else self.ours.ttls
        return frozenset(
            key
            for key in theirs.keys() & ours.keys()
            if abs(theirs[key] - ours[key]) > TTL_DRIFT_S
        )

    def __str__(self) -> str:
        name, type_, kind, _ = self.question
        lines = [f"{name} {type_} ({kind}; {self.manner or 'plain'}): {sorted(self.parts())}"]
        for who, seen in (("unbound", self.theirs), ("point", self.ours)):
            lines.append(f"  {who}: {seen}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Explanation:
    """Differences of no more than *parts*, where *holds* is true, have the reason *why*."""

    why: str
    parts: frozenset[str]
    holds: Callable[[Difference], bool]

    def explains(self, difference: Difference) -> bool:
        return difference.parts() <= self.parts and self.holds(difference)


def _is_blocked(ours: Seen) -> bool:
    """Whether our point would not say: with its reason, or without EDNS under its own name."""
    if ours.rcode != "NXDOMAIN":
        return False
    if "EDNS" in ours.flags:
        return ours.errors == {dns.edns.EDECode.BLOCKED}
    return any(_OUR_NAME in record for record in ours.authority)


EXPLAINED: tuple[Explanation, ...] = (
    Explanation(
        "a query for every type is answered with HINFO (RFC 8482), and no upstream is asked",
        frozenset({"rcode", "flags", "answer", "authority", "errors"}),
        lambda each: each.question.type == "ANY",
    ),
    Explanation(
        "long names and large answers below one parent look like a tunnel to our point",
        frozenset({"rcode", "flags", "answer", "authority", "errors"}),
        lambda each: each.ours is not None and _is_blocked(each.ours),
    ),
    Explanation(
        "with CD unbound sets AD once it has validated for somebody else; ours was told before",
        frozenset({"flags"}),
        lambda each: (
            "cd" in each.manner
            and each.theirs is not None
            and each.ours is not None
            and each.ours.flags == each.theirs.flags - {"AD"}
        ),
    ),
    Explanation(
        "unbound gives another reason for a failure when it has it in its cache",
        frozenset({"errors"}),
        lambda each: each.ours is not None and each.ours.rcode == "SERVFAIL",
    ),
    Explanation(
        "unbound gives an alias that it makes of a DNAME the TTL 0 at first, and then the DNAME's",
        frozenset({"ttls"}),
        lambda each: all(
            key.endswith(" CNAME TYPE0") and ".dname" in key for key in each.drifted()
        ),
    ),
    Explanation(
        "an upstream that is waited for in vain is given up sooner than unbound gives up",
        frozenset({"silence", "errors"}),
        lambda each: each.question.kind is Kind.SILENT,
    ),
)


@dataclass
class Comparison:
    """
    What came of comparing.

    *fickle* counts what unbound said otherwise when it was asked again, as our point had done.
    """

    asked: int = 0
    fickle: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[Difference] = field(default_factory=list)
    rcodes: Counter[str] = field(default_factory=Counter)

    def take(self, difference: Difference) -> None:
        self.asked += 1
        if difference.theirs is not None:
            self.rcodes[difference.theirs.rcode] += 1
        if not difference.parts():
            return
        for explanation in EXPLAINED:
            if explanation.explains(difference):
                self.explained[explanation.why] += 1
                return
        self.unexplained.append(difference)

    def __str__(self) -> str:
        lines = [f"{self.asked} answers compared: {dict(self.rcodes.most_common())}"]
        lines.append(f"{self.fickle} times unbound gave another answer when asked again")
        lines += [f"{count} times: {why}" for why, count in self.explained.most_common()]
        lines.append(f"{len(self.unexplained)} differences without an explanation")
        lines += map(str, self.unexplained[:20])
        return "\n".join(lines)


async def compare(questions: Iterable[Question], unbound_port: int, point_port: int) -> Comparison:
    """Ask both for all *questions*, in each of MANNERS."""
    unbound = [
        await Asker("127.0.0.1", ("127.0.0.1", unbound_port)).open() for _ in range(AT_ONCE)
    ]
    staff = [
        await Asker(f"127.0.2.{1 + number}", ("127.0.0.1", point_port)).open()
        for number in range(CLIENTS)
    ]
    left = iter(questions)
    comparison = Comparison()

    async def ask_on(theirs: Asker) -> None:
        for question in left:
            for turn, manner in enumerate(MANNERS):
                if question.kind is Kind.SILENT and turn:
                    continue
                # No client asks for many names below one parent, as one with a tunnel would.
                place = question.place + turn * CLIENTS // len(MANNERS)
                ours = staff[place % CLIENTS]
                found = await _asked_of_both(question, manner, theirs, ours)
                if found.parts() and question.kind is not Kind.SILENT:
                    if found.ours is not None and found.ours.errors & _UPSTREAM_SILENT:
                        # On a busy machine unbound was late; that is remembered for a while.
                        await asyncio.sleep(FAILURE_S + 1)
                    again = await _asked_of_both(question, manner, theirs, ours)
                    if not again.parts():
                        # What stands in the cache of either is the same.
                        comparison.fickle += 1
                        found = again
                comparison.take(found)

    try:
        await asyncio.gather(*map(ask_on, unbound))
    finally:
        for each in (*unbound, *staff):
            each.close()
    return comparison


async def _asked_of_both(
    question: Question, manner: str, unbound: Asker, point: Asker
) -> Difference:
    query = query_for(question, manner)
    patience = (GIVEN_UP_WITHIN_S, 1) if question.kind is Kind.SILENT else (WITHIN_S, TRIES)
    theirs = await _seen(unbound, query, *patience)
    return Difference(question, manner, theirs, await _seen(point, query, *patience))


async def _seen(asker: Asker, query: bytes, within_s: float, tries: int) -> Seen | None:
    try:
        answer = read(await asker.ask(query, within_s, tries))
    except TimeoutError:
        return None
    return Seen(
        dns.rcode.to_text(answer.rcode()),
        frozenset(dns.flags.to_text(answer.flags).split())
        | frozenset(dns.flags.edns_to_text(answer.ednsflags).split())
        | frozenset({"EDNS"} if answer.edns >= 0 else ()),
        _texts(answer.answer),
        _texts(answer.authority),
        frozenset(each.code for each in answer.options if isinstance(each, dns.edns.EDEOption)),
        {_key_of(each): each.ttl for each in (*answer.answer, *answer.authority)},
    )


def _texts(section: Iterable[dns.rrset.RRset]) -> frozenset[str]:
    """Every record of *section*, without its TTL, and without what capitals its names have."""
    return frozenset(
        f"{_key_of(each)} {record.to_digestable().hex()}" for each in section for record in each
    )


def _key_of(each: dns.rrset.RRset) -> str:
    types = (dns.rdatatype.to_text(each.rdtype), dns.rdatatype.to_text(each.covers))
    return f"{each.name.canonicalize()} {' '.join(types)}"
