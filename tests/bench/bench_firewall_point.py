"""
What the firewall's point costs at a bell and for each answer that DNS tells of.

A thousand pupils and teachers have been told a hundred thousand ways, by the shipped twiss-green
policy; the kernel is left out. At the bell each is judged anew. Targets: well below a second for
all of them, and no slice of it longer than a few hundredths, so that DNS is heard meanwhile.
"""

import asyncio
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from firewall_world import World

from schoolgate_firewall.hearing import Hearing
from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.policy import Register, Source
from schoolgate_policyd.core.subjects import Audience, Device, Person
from schoolgate_policyd.netfilter.ways import Told, address_way, datagram_of, encode_told
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.rulefiles import load_policy

CLIENTS = 1_000
NAMES_OF_CLIENT = 40
WAYS = 100_000
BREAK = datetime(2026, 11, 20, 10, 35, tzinfo=UTC)
BLOCKED = ("www.tiktok.com", "www.instagram.com", "www.youtube.com", "www.facebook.com")


def clients() -> list[str]:
    """Return the addresses: nine pupils to one teacher."""
    return [
        f"127.0.{1 if number % 10 else 2}.{number % 250 + 1}"
        if number < CLIENTS // 4
        else f"10.{number % 3}.{number // 250}.{number % 250}"
        for number in range(CLIENTS)
    ]


def all_told() -> Iterator[Told]:
    """Yield what DNS told: most of it allowed, some only at break."""
    number = 0
    for client in clients():
        packed = socket.inet_aton(client)
        for name in range(NAMES_OF_CLIENT):
            is_blocked = name % 10 == 0
            host = BLOCKED[name // 10] if is_blocked else f"www{name}.lessons{name * 7}.example"
            ways = []
            for _ in range(3 if name % 2 else 2):
                number += 1
                ways.append(address_way(packed, (0x0B000000 + number).to_bytes(4)))
            yield Told(client, (host, f"edge{name}.cdn.example"), tuple(ways), 900)


async def bell(world: World) -> tuple[float, float, float]:
    """Ring; return the seconds that it took, its CPU seconds, and the longest wait of another."""
    world.judge.snapshot_changed()
    longest = 0.0
    started, cpu = time.perf_counter(), time.process_time()
    sweeping = asyncio.create_task(world.sweeper.sweep())
    while not sweeping.done():
        before = time.perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - before)
    return time.perf_counter() - started, time.process_time() - cpu, longest


async def intake(world: World, datagrams: list[bytes]) -> float:
    """Return how many datagrams a second are taken in, over a real socket."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ways.sock"
        hearing = Hearing(path, world.sweeper.take)
        hearing.start()
        cpu = time.process_time()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as teller:
            teller.connect(str(path))
            for each in datagrams:
                while True:
                    try:
                        teller.send(each)
                        break
                    except BlockingIOError:
                        await asyncio.sleep(0)
            while hearing.heard < len(datagrams):  # noqa: ASYNC110 - it is counted, not awaited
                await asyncio.sleep(0)
        spent = time.process_time() - cpu
        hearing.stop()
    return len(datagrams) / spent


def show(what: str, took_s: float, cpu_s: float, longest_s: float) -> None:
    """Print one line of the table."""
    print(
        f"{what}: {took_s:.3f} s, {cpu_s:.3f} s of CPU, "
        f"nobody else waits above {longest_s * 1e3:.1f} ms"
    )


async def measure() -> None:
    """Print the table."""
    settings = load_settings()
    policy = load_policy(settings.rules_dir, "twiss-green")
    register = Register(
        networks=networks_of(settings),
        people=tuple(Person(f"p{n}", Audience.PUPIL, year_group=n % 7) for n in range(CLIENTS)),
        devices=tuple(
            Device(address, f"d{n}", owner=f"p{n}") for n, address in enumerate(clients())
        ),
    )
    world = World(Source(1, policy, register))
    world.moment = BREAK
    datagrams = [datagram_of([encode_told(each)]) for each in all_told()]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rate = await intake(world, datagrams)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{len(datagrams)} answers told, {len(world.memory)} ways, {grown:.0f} MB")
    print(f"intake: {rate:.0f} datagrams a second of CPU")
    await world.sweeper.settle()
    for what in ("first bell", "second bell"):
        took, cpu, longest = await bell(world)
        print(
            f"{what}: {took:.3f} s, {cpu:.3f} s of CPU, nobody waits above {longest * 1e3:.1f} ms"
        )
    world.moment = world.moment.replace(hour=11)
    took, cpu, longest = await bell(world)
    print(
        f"next lesson: {took:.3f} s, {cpu:.3f} s of CPU, nobody waits above {longest * 1e3:.1f} ms"
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(measure()))
