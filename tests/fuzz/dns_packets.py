"""
Feed mutated messages to the DNS point, as a client and as an upstream would.

    python tests/fuzz/dns_packets.py --count 1000000 --seed 7

Nothing may raise or be logged as a mistake of ours, nothing may wait for ever, no input may cost
more CPU than the limit, and whatever is answered must itself keep every bound. It ends with
status 1 and the octets in hexadecimal if one did. `packets_of_clients` and `packets_of_upstreams`
say by which way each input goes.
"""

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Protocol

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import structlog
from packets_of_clients import ClientSide
from packets_of_upstreams import UpstreamSide
from structlog.typing import EventDict, WrappedLogger

from schoolgate_dns.messages import answers, wire
from schoolgate_dns.replies import hints

CPU_LIMIT_MS = 5.0
# The machine may do something else in the midst of an input, or for seconds on end on the core
# beside it, where 2 ms become 5. What costs too much does so at every look.
LOOKS_AT_A_SLOW_ONE = 40
PAUSE_S = 0.25
LONGEST_COPY = 64
INTERESTING = (0, 1, 12, 0x3F, 0x40, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xFE, 0xFF)


class Side(Protocol):
    """
    One way in.

    *seeds* are well-formed messages, *max_octets* is what can arrive at all, and most of what is
    worth changing stands behind octet *behind*.
    """

    max_octets: int
    behind: int
    seeds: Sequence[bytes]

    def work(self, octets: bytes) -> str:
        """Do what the point does with *octets*; return what became of them, in a word."""
        ...

    def check(self, octets: bytes) -> None:
        """Look further at what is made of *octets*. Raises what it finds wrong."""
        ...


class Mistakes:
    """Keeps what was logged as an error: by the last resort, which hides what raised."""

    def __init__(self) -> None:
        self.logged: list[str] = []

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> str:
        if method in ("error", "exception", "critical"):
            self.logged.append(f"{event.get('event')}: {event.get('exception')}")
        raise structlog.DropEvent


def mutated(side: Side, rng: random.Random) -> bytes:
    octets = bytearray(rng.choice(side.seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        # Mostly behind header and question: what is wrong there is soon refused.
        first = min(rng.choice((0, side.behind, side.behind, side.behind)), len(octets))
        at = rng.randint(first, len(octets))
        match rng.randrange(8):
            case 0:
                octets[at : at + 1] = bytes([rng.choice(INTERESTING)])
            case 1:
                octets[at : at + 1] = bytes([rng.randrange(256)])
            case 2:
                octets[at : at + 2] = (0xC000 | rng.randrange(len(octets) + 2) & 0x3FFF).to_bytes(
                    2
                )
            case 3:
                del octets[at : at + rng.randint(1, 12)]
            case 4:
                octets[at:at] = octets[at : at + rng.randint(1, LONGEST_COPY)] * rng.randint(1, 4)
            case 5:
                # Counts, lengths and TTLs are what the next octets are read by.
                octets[at : at + 2] = rng.randrange(1 << 16).to_bytes(2)
            case 6:
                octets[at : at + 1] = bytes([(*octets, 0)[at] ^ 1 << rng.randrange(8)])
            case _:
                octets[at:at] = rng.randbytes(rng.randint(1, 8))
    return bytes(octets[: side.max_octets])


def cost_ms(feed: Callable[[], object]) -> float:
    started = time.thread_time()
    feed()
    return (time.thread_time() - started) * 1000


def forget() -> None:
    """What was worked out for an input must not make it cheaper the second time."""
    for module in (answers, hints, wire):
        for each in vars(module).values():
            if isinstance(each, _lru_cache_wrapper):
                each.cache_clear()


def fuzz(name: str, side: Side, count: int, seed: int) -> bool:
    """Whether *count* inputs on *side* did no harm; says what became of them."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    became = Counter[str]()
    mistakes = Mistakes()
    structlog.configure(processors=[structlog.processors.format_exc_info, mistakes])
    slowest_ms, dearest = 0.0, b""
    for _ in range(count):
        octets = mutated(side, rng)
        try:
            took_ms = cost_ms(lambda octets=octets: became.update((side.work(octets),)))
            for _ in range(LOOKS_AT_A_SLOW_ONE - 1):
                if took_ms <= CPU_LIMIT_MS:
                    break
                time.sleep(PAUSE_S)
                forget()
                took_ms = min(took_ms, cost_ms(lambda octets=octets: side.work(octets)))
            side.check(octets)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not come out
            traceback.print_exc(limit=-2, file=sys.stdout)
            print(f"{name}: {error!r} on {octets.hex()}")
            return False
        if mistakes.logged:
            print(f"{name}: {mistakes.logged[0]} on {octets.hex()}")
            return False
        if took_ms > CPU_LIMIT_MS:
            print(f"{name}: {took_ms:.1f} ms of CPU for {octets.hex()}")
            return False
        if took_ms > slowest_ms:
            slowest_ms, dearest = took_ms, octets
    print(
        f"{name}: {count} inputs, slowest {slowest_ms:.2f} ms ({len(dearest)} octets), "
        f"{dict(became.most_common())}"
    )
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 2)[1])
    parser.add_argument("--count", type=int, default=100_000, help="inputs on each side")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--side", choices=("client", "upstream"), help="one of them alone")
    arguments = parser.parse_args()
    sides: dict[str, Callable[[], Side]] = {"client": ClientSide, "upstream": UpstreamSide}
    harmless = [
        fuzz(name, side(), arguments.count, arguments.seed)
        for name, side in sides.items()
        if arguments.side in (None, name)
    ]
    return 0 if all(harmless) else 1


if __name__ == "__main__":
    sys.exit(main())
