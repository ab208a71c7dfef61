"""
Feed mutated messages to the DNS point, as a client and as an upstream would.

    python tests/fuzz/dns_packets.py --count 1000000 --seed 7

Nothing may raise, no input may cost more CPU than the limit, and whatever is answered must
itself keep every bound. It ends with status 1 and the octets in hexadecimal if one did.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from dns_world import PUPIL, STAFF, World, query, reply_to

from schoolgate_dns import answers, preparse, wire
from schoolgate_dns.errors import WireError
from schoolgate_dns.hints import without_hints
from schoolgate_dns.messages import Lookup, Query, Reply
from schoolgate_dns.scrub import scrubbed

CPU_LIMIT_MS = 20.0  # far above what any input costs, below what a stuck one would
MAX_OCTETS = 4096
ASKED = wire.read_query(query("a.example").to_wire())
INTERESTING = (0, 1, 12, 0x3F, 0x40, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xFE, 0xFF)


class AtOnce:
    """A resolver that answers without waiting, so that no event loop is needed."""

    async def resolve(self, lookup: Lookup) -> Reply:
        octets = wire.query_for(lookup, 7)
        return wire.read_reply(octets[:2] + b"\x81\x80" + octets[4:])


def client_seeds() -> list[bytes]:
    return [
        query(name, type_, edns=edns).to_wire()
        for name in ("a.example", "www.tiktok.example", "x" * 63 + ".example", ".")
        for type_ in ("A", "AAAA", "HTTPS", "TXT", "ANY", "AXFR", "TYPE65280")
        for edns in (None, 512, 4096)
    ]


def upstream_seeds() -> list[bytes]:
    records = (
        "a.example 60 IN CNAME b.a.example.",
        'b.a.example 60 IN HTTPS 1 c.b.a.example. alpn=h2,h3 ipv4hint=10.0.0.1 ech="AAT+DQAA"',
        "c.b.a.example 60 IN MX 10 d.c.b.a.example.",
        "d.c.b.a.example 60 IN SRV 1 2 3 e.example.",
        "e.example 60 IN DNAME f.example.",
        'f.example 60 IN TXT "x" "y"',
        "f.example 60 IN AAAA 2001:db8::1",
        "f.example 60 IN A 192.168.1.1",
    )
    soa = ("example 60 IN SOA ns.example. root.example. 1 2 3 4 5",)
    asked = wire.query_for(ASKED.lookup, 7)
    return [
        reply_to(asked, *records[:count], authority=soa, rcode=rcode).to_wire()
        for count in range(len(records) + 1)
        for rcode in (0, 3)
    ]


def mutated(seeds: list[bytes], rng: random.Random) -> bytes:
    octets = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        # Mostly behind header and question: what is wrong there is soon refused.
        at = rng.randrange(rng.choice((0, 25, 25, 25)) % (len(octets) + 1), len(octets) + 1)
        match rng.randrange(6):
            case 0:
                octets[at : at + 1] = bytes([rng.choice(INTERESTING)])
            case 1:
                octets[at : at + 1] = bytes([rng.randrange(256)])
            case 2:
                octets[at : at + 2] = (0xC000 | rng.randrange(len(octets) + 2)).to_bytes(2)
            case 3:
                del octets[at : at + rng.randint(1, 12)]
            case 4:
                octets[at:at] = octets[at : at + rng.randint(1, 64)] * rng.randint(1, 4)
            case _:
                octets[at:at] = rng.randbytes(rng.randint(1, 8))
    return bytes(octets[:MAX_OCTETS])


def from_client(world: World) -> Callable[[bytes], str]:
    def answer(octets: bytes) -> str:
        client = PUPIL if octets[:1] < b"\x80" else STAFF
        # The stage before the last resort, which would hide what raised.
        coroutine = world.answering._outcome(octets, client, over_udp=True)
        try:
            coroutine.send(None)
        except StopIteration as done:
            return outcome_of(None if done.value is None else done.value.octets)
        raise AssertionError("waited for something")

    return answer


def outcome_of(answer: bytes | None) -> str:
    if answer is None:
        return "silence"
    assert len(answer) <= 1232
    return f"rcode {preparse.header_of(answer).rcode}"


def from_upstream(octets: bytes) -> str:
    octets = wire.query_for(ASKED.lookup, 7)[:2] + octets[2:]
    if not wire.is_reply_to(octets, ASKED.lookup, 7):
        return "passed over"
    try:
        reply = wire.read_reply(octets)
    except WireError:
        return "refused"
    passed_on = wire.read_reply(answer_of(ASKED, reply))
    assert passed_on.aliases == reply.aliases
    assert all(ttl_s <= 30 for _, ttl_s in passed_on.ttls)
    clean = scrubbed(reply).reply
    assert scrubbed(clean).reply is clean
    plain = without_hints(clean)
    assert without_hints(plain) == plain
    # What we wrote anew is within every bound as well.
    assert plain.ttls == wire.read_reply(plain.octets).ttls
    return "taken" if plain == reply else "taken in part"


def answer_of(asked: Query, reply: Reply) -> bytes:
    return answers.answer_from(asked, reply, age_s=0, ttl_cap_s=30)


def fuzz(side: str, count: int, seed: int) -> bool:
    """Whether *count* inputs on *side* did no harm; says what became of them."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    world = World()
    world.answering._replies._resolver = AtOnce()
    feed, seeds = (
        (from_client(world), client_seeds())
        if side == "client"
        else (from_upstream, upstream_seeds())
    )
    became = Counter[str]()
    slowest_ms = 0.0
    for _ in range(count):
        octets = mutated(seeds, rng)
        started = time.thread_time()
        try:
            became[feed(octets)] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not come out
            print(f"{side}: {error!r} on {octets.hex()}")
            return False
        took_ms = (time.thread_time() - started) * 1000
        if took_ms > CPU_LIMIT_MS:
            print(f"{side}: {took_ms:.1f} ms of CPU for {octets.hex()}")
            return False
        slowest_ms = max(slowest_ms, took_ms)
        world.events.clear()
        world.lines.clear()
    print(f"{side}: {count} inputs, slowest {slowest_ms:.2f} ms, {dict(became)}")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 2)[1])
    parser.add_argument("--count", type=int, default=100_000, help="inputs on each side")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    harmless = [fuzz(side, arguments.count, arguments.seed) for side in ("client", "upstream")]
    return 0 if all(harmless) else 1


if __name__ == "__main__":
    sys.exit(main())
