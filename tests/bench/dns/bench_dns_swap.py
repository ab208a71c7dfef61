"""
How long the loop stands still while a new revision of everything is put in force.

    python tests/bench/dns/bench_dns_swap.py

The policy is twiss-green's with 1,000,000 listed names, read through and checked once more each
time. A query that comes meanwhile waits as long as the loop does; with the compilation in the loop
itself that is all of it, with a thread what the interpreter and a busy machine let others wait.
"""

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import msgspec
from contenders import blocked
from school_point import School

from schoolgate_dns.decider import Decider
from schoolgate_dns.process.serving import MOST_WAIT_S
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.lists import opening
from schoolgate_policyd.lists.opening import open_snapshot

ROUNDS = 20
MOST_MS = 5.0


async def longest_pause_ms(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Return the longest time that the loop did nothing else during *work*, and *work*'s own."""
    loop = asyncio.get_running_loop()
    longest_s, last_s = 0.0, time.perf_counter()

    def turn() -> None:
        nonlocal longest_s, last_s
        now_s = time.perf_counter()
        longest_s, last_s = max(longest_s, now_s - last_s), now_s
        again.append(loop.call_later(0.0005, turn))

    again: list[asyncio.TimerHandle] = []
    turn()
    await asyncio.sleep(0.01)
    longest_s, began_s = 0.0, time.perf_counter()
    await work()
    took_s = time.perf_counter() - began_s
    await asyncio.sleep(0)
    turn()
    for each in again:
        each.cancel()
    return longest_s * 1000, took_s * 1000


async def measured(decider: Decider, source: Source, lists_dir: Path) -> bool:
    """Print both ways; return whether the longest pause is bearable."""

    async def in_the_loop() -> None:
        decider.snapshot = open_snapshot(source, lists_dir)

    async def in_a_thread() -> None:
        await decider.put_source(source)

    median = 0.0

    async def not_at_all() -> None:
        await asyncio.sleep(0.04)

    ways = {"not at all": not_at_all, "in the loop": in_the_loop, "in a thread": in_a_thread}
    for name, work in ways.items():
        found = []
        for _ in range(ROUNDS):
            # As with a table that nobody has opened yet.
            opening._opened.clear()
            found.append(await longest_pause_ms(work))
        pauses = max(pause for pause, _ in found)
        median = sorted(pause for pause, _ in found)[ROUNDS // 2]
        took = sorted(took for _, took in found)[ROUNDS // 2]
        print(f"{name}: longest pause {pauses:.1f} ms, median {median:.1f} ms, of {took:.0f} ms")
    return median <= MOST_MS


def main() -> int:
    """Measure and print; say whether the target was met."""
    sys.setswitchinterval(MOST_WAIT_S)
    gc.freeze()
    with tempfile.TemporaryDirectory() as name:
        school = School(Path(name) / "school", 1, 1)
        lists_dir = school.settings.lists_dir
        # What comes over the socket is a source of its own, which shares nothing.
        encoded = msgspec.msgpack.encode(school.source(blocked()))
        source = msgspec.msgpack.decode(encoded, type=Source)
        decider = Decider(
            open_snapshot(source, lists_dir), compile_=partial(open_snapshot, lists_dir=lists_dir)
        )
        is_met = asyncio.run(measured(decider, source, lists_dir))
    print(f"targets {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
