"""
What DNS spends on opening ways before an answer leaves: `bench_ways.py --count 3000`.

A pupil's device is given answers of one address and of four, each for the first time and once
more, with the real ruleset's sets and another process in the point's place.
CPU is that of the thread that opens. It needs root and `tests/support` beside it.
Target: 20 µs a way.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from filter_world import FilterWorld, filter_world, school_settings
from netns import why_not

from schoolgate_dns.finished.egress import Answered
from schoolgate_dns.ways.firewall import Firewall, open_firewall
from schoolgate_policyd.settings import Settings

AT_ONCE = 100
TARGET_US = 20.0
_TTL_S, _HOLDS_S = 300, 3600
_READER = """
import socket, sys
own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
own.bind(sys.argv[1])
while own.recv(65_536):
    pass
"""


def answers(firewall: Firewall, client: str, first: int, count: int, each: int) -> list[Answered]:
    """Return *count* answers of *each* addresses, of which none was given before."""
    source = firewall.links.source_at(client)
    if source.link is None:
        raise RuntimeError(f"{client} is no neighbour")
    return [
        Answered(
            source,
            "pupil4",
            (f"www{number}.example",),
            tuple((0xC6120000 + number * each + which).to_bytes(4) for which in range(each)),
            _TTL_S,
            _HOLDS_S,
        )
        for number in range(first, first + count)
    ]


def cost_us(firewall: Firewall, given: list[Answered]) -> float:
    """
    Return the median CPU of a note, in microseconds, over helpings of some.

    What a helping tells the point is told at its end, as in a turn of the loop.
    """
    costs, egress = [], firewall.egress
    for at in range(0, len(given), AT_ONCE):
        helping = given[at : at + AT_ONCE]
        began = time.thread_time()
        for answered in helping:
            if not egress.note(answered, 1000):
                raise RuntimeError("a way cannot be opened")
        firewall.teller.tell_waiting()
        costs.append((time.thread_time() - began) / len(helping) * 1e6)
    return statistics.median(costs)


@contextlib.contextmanager
def told(settings: Settings) -> Iterator[None]:
    """Have another process in the place of the firewall's point, which reads what it is told."""
    settings.ways_path.parent.mkdir(parents=True)
    reading = subprocess.Popen([sys.executable, "-c", _READER, str(settings.ways_path)])
    try:
        while not settings.ways_path.exists():
            time.sleep(0.01)
        yield
    finally:
        reading.terminate()
        reading.wait()


async def measure(world: FilterWorld, settings: Settings, count: int) -> bool:
    """Print the table; return whether the target is met."""
    with world.gateway.entered():
        firewall = open_firewall(settings)
        if firewall is None:
            raise RuntimeError("there is no firewall in the settings")
        firewall.start()
    worst_us = 0.0
    try:
        print("| ways of an answer | µs a note | µs a way | µs once more |\n|---|---|---|---|")
        first = 0
        for each in (1, 4):
            given = answers(firewall, world.pupil.address(4), first, count // (2 * each), each)
            first += 1_000_000
            costs = cost_us(firewall, given)
            again = cost_us(firewall, given)
            worst_us = max(worst_us, costs / each)
            print(f"| {each} | {costs:.1f} | {costs / each:.1f} | {again:.1f} |")
    finally:
        firewall.stop()
    return worst_us <= TARGET_US


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000, help="ways, below a device's share")
    count = parser.parse_args().count
    reason = why_not()
    if reason is not None:
        print(reason)
        return 1
    with tempfile.TemporaryDirectory() as folder, filter_world(school_settings()) as world:
        settings = dataclasses.replace(school_settings(), var_dir=Path(folder))
        hardware = world.pupil.namespace.hardware_of("lan0").hex(":")
        world.gateway.must(
            *("ip", "neigh", "replace", world.pupil.address(4), "lladdr", hardware),
            *("dev", world.pupil.inside, "nud", "reachable"),
        )
        with told(settings):
            is_met = asyncio.run(measure(world, settings, count))
    print(f"target {TARGET_US:.0f} µs: {'met' if is_met else 'not met'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
