"""
What workers take of memory: with 1,000,000 listed names, after some thousands of queries.

    python tests/bench/dns/bench_dns_memory.py --workers 3

One process alone is looked at first, then several workers with the process that keeps them. Each
has answered queries for so many different names, half of them listed, each eight times, from
clients in every network, and has put new revisions of everything in force. Private is what a
process shares with no other; resident is what it has in all, the table of names (20 MB) included.
The targets are 60 MB resident of one worker and 10 MB private of each further one, the latter also
after ten revisions: each worker compiles them for itself, but has in memory once what
they have in common with the first. A name costs about two kilobytes in the caches, which are
bounded.
"""

import argparse
import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from contenders import blocked
from load_generator import OWN_CORE
from packets import LISTED, NXDOMAIN, Ask, allowed_name, is_answer_to, listed_name
from processes import Origin, Server, origin, unused_port
from school_point import School

from schoolgate_dns.point import GIVE_BACK_AFTER_S
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.ipc.messages import Direction, EventBatch
from schoolgate_policyd.ipc.rollout import Revision
from schoolgate_policyd.ipc.server import PolicydServer

CLIENTS = tuple(f"127.0.{network}.{host}" for network in (1, 2, 3, 5) for host in range(10, 20))
IN_FORCE_WITHIN_S = 30.0
REVISIONS = 10
# How long it takes beyond its turn, for which a worker has a second each.
GIVING_BACK_S = 1.0
TIMES = 8
MOST_RESIDENT_MB = 60.0
MOST_PRIVATE_MB = 10.0


@dataclass(frozen=True)
class Taken:
    """Megabytes of one process, as the kernel counts them."""

    resident: float
    proportional: float
    private: float

    def __str__(self) -> str:
        return f"{self.resident:6.1f} {self.proportional:6.1f} {self.private:6.1f}"


def taken_by(pid: int) -> Taken:
    """Return what the process *pid* has in memory now."""
    kilobytes: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if rest.endswith(" kB"):
            kilobytes[name] = int(rest.split()[0])
    # Clean pages are of files, and whoever maps the same file has the same ones.
    private = kilobytes["Private_Dirty"]
    return Taken(kilobytes["Rss"] / 1000, kilobytes["Pss"] / 1000, private / 1000)


def ask_all(port: int, names: int) -> None:
    """Have every client ask for names of its own, *names* in all, half of them listed."""
    for position, client in enumerate(CLIENTS):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind((client, 0))
            own.connect(("127.0.0.1", port))
            own.settimeout(5)
            for number in range(position, names // 2, len(CLIENTS)):
                listed = listed_name(number * (LISTED // names * 2) % LISTED)
                asks = (Ask(listed, rcode=NXDOMAIN), Ask(allowed_name(number)))
                for ask in asks * TIMES:
                    packet = ask.packet(number & 0xFFFF)
                    own.send(packet)
                    is_answer_to(own.recv(4096), packet, ask.rcode)


class Policyd:
    """policyd's end of the socket, which puts one revision after another in force."""

    def __init__(self, school: School) -> None:
        self.server = PolicydServer(
            school.settings.socket_path, on_wake=_nothing, on_events=_stored, on_ahead=_passed
        )

    async def put_in_force(self, source: Source, points: int) -> None:
        """Have all *points* put *source* in force."""
        self.server.publish(Revision(source, source.number, Direction.TIGHTEN, is_full=True))
        async with asyncio.timeout(IN_FORCE_WITHIN_S):
            while [source.number] * points != self._acknowledged():  # noqa: ASYNC110 - it is seldom
                await asyncio.sleep(0.05)

    def _acknowledged(self) -> list[int]:
        return [each.acknowledged for each in self.server.status().points]


async def _nothing() -> None:
    return


async def _stored(_batch: EventBatch) -> None:
    return


async def _passed(_number: int) -> None:
    return


async def measured(
    folder: Path, upstream: Origin, workers: int, names: int
) -> list[tuple[str, list[Taken]]]:
    """Return what each process takes, at every stage."""
    school = School(folder, unused_port(), upstream.port, workers=workers)
    source = school.source(blocked())
    school.keep(source)
    stages = []
    with school.start() as point:
        point.wait_until_it_answers(Ask(allowed_name(0)), CLIENTS[0])
        policyd = Policyd(school)
        await policyd.server.start()
        try:
            await policyd.put_in_force(source, workers)
            stages.append(("started", _looked_at(point)))
            await asyncio.to_thread(ask_all, point.port, names * workers)
            stages.append((f"asked for {names} names each", _looked_at(point)))
            for number in range(2, 2 + REVISIONS):
                await policyd.put_in_force(_changed(source, number), workers)
            # Nothing says when memory was given back: the last worker's turn is waited for.
            await asyncio.sleep(GIVE_BACK_AFTER_S * workers + GIVING_BACK_S)
            stages.append((f"{REVISIONS} new revisions of everything", _looked_at(point)))
        finally:
            await policyd.server.stop()
    return stages


def _looked_at(point: Server) -> list[Taken]:
    return [taken_by(pid) for pid in point.pids()]


def _changed(source: Source, number: int) -> Source:
    policy = msgspec.structs.replace(source.policy, id=f"changed-{number}")
    return msgspec.structs.replace(source, number=number, policy=policy)


def shown(title: str, stages: Sequence[tuple[str, list[Taken]]]) -> None:
    """Print one table: resident, proportional and private megabytes."""
    print(f"\n{title}: resident, proportional, private MB")
    for stage, processes in stages:
        for position, taken in enumerate(processes):
            name = "keeps them" if position == 0 and len(processes) > 1 else "answers"
            print(f"{stage if not position else '':34} {name:10} {taken}")


def main() -> int:
    """Measure, print, and say whether the targets were met."""
    parser = argparse.ArgumentParser(description="what workers take of memory")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--names", type=int, default=500)
    given = parser.parse_args()
    os.sched_setaffinity(0, {OWN_CORE})
    # The path of a Unix socket has little room.
    with tempfile.TemporaryDirectory(prefix="sg-", dir="/tmp") as name:
        folder = Path(name)
        with origin(folder / "origin") as upstream:
            alone = asyncio.run(measured(folder / "one", upstream, 1, given.names))
            shown("one worker", alone)
            several = asyncio.run(
                measured(folder / "several", upstream, given.workers, given.names)
            )
            shown(f"{given.workers} workers", several)
    resident = max(each.resident for each in alone[1][1])
    further = (each.private for _, processes in several[1:] for each in processes[1:])
    private = max(further, default=0.0)
    is_met = resident <= MOST_RESIDENT_MB and private <= MOST_PRIVATE_MB
    print(f"\n{resident:.1f} MB of one, {private:.1f} MB private of each further one")
    print(f"targets {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
