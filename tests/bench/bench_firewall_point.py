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

from schoolgate_firewall.hearing import MOST_AT_ONCE, Hearing
from schoolgate_firewall.journal import Journal
from schoolgate_firewall.known_again import Standing, known_again
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


async def intake(world: World, datagrams: list[bytes], *, is_kept: bool) -> float:
    """Return how many datagrams a second are taken in, over a real socket; *is_kept* in RAM."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder) / "ways.sock"
        journal = Journal(path.with_name("told.journal"), time.monotonic)
        journal.begin([])
        hearing = (
            Hearing(path, world.sweeper.take, journal.note)
            if is_kept
            else Hearing(path, world.sweeper.take)
        )
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
        journal.close()
    return len(datagrams) / spent


def show(what: str, took_s: float, cpu_s: float, longest_s: float) -> None:
    """Print one line of the table."""
    print(
        f"{what}: {took_s:.3f} s, {cpu_s:.3f} s of CPU, "
        f"nobody else waits above {longest_s * 1e3:.1f} ms"
    )


def show_journal(datagrams: list[bytes], world: World) -> None:
    """Print what the journal costs by itself, and what a point that begins takes to read it."""
    world.moment = BREAK
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder) / "told.journal"
        journal = Journal(path, time.monotonic)
        for most in (1, MOST_AT_ONCE):
            journal.begin([])
            cpu = time.process_time()
            for start in range(0, len(datagrams), most):
                journal.note(datagrams[start : start + most])
            spent_us = (time.process_time() - cpu) / len(datagrams) * 1e6
            print(f"journal: {spent_us:.2f} us of CPU a datagram, {most} at once")
        octets = sum(each.stat().st_size for each in Path(folder).iterdir())
        cpu = time.process_time()
        found = Journal(path, time.monotonic).read()
        ways = {way: float(each.until) for each in found for way in each.told.ways}
        known = known_again(found, Standing(ways, set()))
        world.second = time.monotonic()
        world.sweeper.know_again(known)
        journal.begin(known)
        journal.close()
        spent = time.process_time() - cpu
    print(f"known again: {len(known)} answers of {octets} octets in {spent:.2f} s of CPU")


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
    world, other = (World(Source(1, policy, register)) for _ in range(2))
    world.moment = other.moment = BREAK
    datagrams = [datagram_of([encode_told(each)]) for each in all_told()]
    kept_rate = await intake(other, datagrams, is_kept=True)
    del other
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rate = await intake(world, datagrams, is_kept=False)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{len(datagrams)} answers told, {len(world.memory)} ways, {grown:.0f} MB")
    print(f"intake: {rate:.0f} datagrams a second of CPU, {kept_rate:.0f} with the journal")
    show_journal(datagrams, World(Source(1, policy, register)))
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
