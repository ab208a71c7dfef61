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

MANNERS = ("", "edns ad", "do", "do cd")
AT_ONCE = 48
UNBOUND_WITHIN_S = 30.0
POINT_WITHIN_S = 8.0
# Seconds turn between the two answers, and the machine may be slow.
TTL_DRIFT_S = 20
_CLIENTS = 240


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
        for key in theirs.ttls.keys() & ours.ttls.keys():
            if abs(theirs.ttls[key] - ours.ttls[key]) > TTL_DRIFT_S:
                parts.add("ttls")
        return frozenset(parts)

    def __str__(self) -> str:
        name, type_, kind, _ = self.question
        lines = [f"{name} {type_} ({kind}; {self.manner or 'plain'}): {sorted(self.parts())}"]
        for who, seen in (("unbound", self.theirs), ("point", self.ours)):
            lines.append(f"  {who}: {seen}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Explanation:
    """Differences of *parts* and no others, of whatever *holds* is true of, have the reason *why*."""

    why: str
    parts: frozenset[str]
    holds: Callable[[Difference], bool]

    def explains(self, difference: Difference) -> bool:
        return difference.parts() <= self.parts and self.holds(difference)


EXPLAINED: tuple[Explanation, ...] = (
    Explanation(
        "a query for every type is answered with HINFO (RFC 8482), and no upstream is asked",
        frozenset({"rcode", "flags", "answer", "authority", "errors"}),
        lambda each: each.question.type == "ANY",
    ),
    Explanation(
        "an upstream that is waited for in vain is given up sooner than unbound gives up",
        frozenset({"silence", "errors"}),
        lambda each: each.question.kind is Kind.SILENT,
    ),
)


@dataclass
class Comparison:
    """What came of comparing."""

    asked: int = 0
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
        lines += [f"{count} times: {why}" for why, count in self.explained.most_common()]
        lines.append(f"{len(self.unexplained)} differences without an explanation")
        lines += map(str, self.unexplained[:20])
        return "\n".join(lines)


async def compare(
    questions: Iterable[Question], unbound_port: int, point_port: int
) -> Comparison:
    """Ask both for all *questions*, in each of MANNERS."""
    unbound = [
        await Asker("127.0.0.1", ("127.0.0.1", unbound_port)).open() for _ in range(AT_ONCE)
    ]
    staff = [
        await Asker(f"127.0.2.{1 + number}", ("127.0.0.1", point_port)).open()
        for number in range(_CLIENTS)
    ]
    left = iter(questions)
    comparison = Comparison()

    async def ask_on(theirs: Asker) -> None:
        for question in left:
            for turn, manner in enumerate(MANNERS):
                # No client asks for many names below one parent, as one with a tunnel would.
                place = question.place + turn * _CLIENTS // len(MANNERS)
                ours = staff[place % _CLIENTS]
                query = query_for(question, manner)
                comparison.take(
                    Difference(
                        question,
                        manner,
                        await _seen(theirs, query, UNBOUND_WITHIN_S),
                        await _seen(ours, query, POINT_WITHIN_S),
                    )
                )

    try:
        await asyncio.gather(*map(ask_on, unbound))
    finally:
        for each in (*unbound, *staff):
            each.close()
    return comparison


async def _seen(asker: Asker, query: bytes, within_s: float) -> Seen | None:
    try:
        answer = read(await asker.ask(query, within_s))
    except TimeoutError:
        return None
    return Seen(
        dns.rcode.to_text(answer.rcode()),
        frozenset(dns.flags.to_text(answer.flags).split())
        | frozenset(dns.flags.edns_to_text(answer.ednsflags).split())
        | frozenset({"EDNS"} if answer.edns >= 0 else ()),
        _texts(answer.answer),
        _texts(answer.authority),
        frozenset(
            each.code for each in answer.options if isinstance(each, dns.edns.EDEOption)
        ),
        {_key_of(each): each.ttl for each in (*answer.answer, *answer.authority)},
    )


def _texts(section: Iterable[dns.rrset.RRset]) -> frozenset[str]:
    """Every record of *section*, without its TTL."""
    return frozenset(
        f"{_key_of(each)} {record.to_generic().to_text()[:400]}"
        for each in section
        for record in each
    )


def _key_of(each: dns.rrset.RRset) -> str:
    types = (dns.rdatatype.to_text(each.rdtype), dns.rdatatype.to_text(each.covers))
    return f"{each.name.canonicalize()} {' '.join(types)}"
