"""The point put together: strict without a policy, the last snapshot, what is spooled."""

import asyncio
import contextlib
import gc
import shutil
import tempfile
import weakref
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import dns.asyncquery
import dns.message
import dns.rcode
import pytest
from dns_world import PUPIL, STAFF, LocalUpstream, query, reply_to, run, source, until

from schoolgate_dns.point import Point
from schoolgate_dns.process.memory import GivingBack
from schoolgate_dns.process.worker import Worker
from schoolgate_dns.resolvers import Place
from schoolgate_policyd.config import DnsSettings, NetworkSettings, Settings
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ipc.messages import (
    AllowedCount,
    Blocked,
    Direction,
    Event,
    EventBatch,
)
from schoolgate_policyd.ipc.rollout import Revision
from schoolgate_policyd.ipc.server import PolicydServer
from schoolgate_policyd.ipc.spool import Spool

ENOUGH_NAMES = 400


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """A folder with a path short enough for a Unix socket."""
    path = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def settings(var_dir: Path, upstream_port: int) -> Settings:
    def network(id_: str, cidr: str, audience: Audience, device: DeviceKind) -> NetworkSettings:
        return NetworkSettings(
            id=id_, cidr=cidr, audience=audience, device=device, inspectable=True
        )

    return Settings(
        var_dir=var_dir,
        dns=DnsSettings(port=0, upstreams=(f"127.0.0.1:{upstream_port}",), upstream_timeout_s=0.2),
        networks=(
            network("pupils", "127.0.1.0/24", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER),
            network("staff", "127.0.2.0/24", Audience.STAFF, DeviceKind.SCHOOL_COMPUTER),
        ),
    )


class Running:
    """A running point and its upstream, which knows every name."""

    def __init__(self, place: Place, lines: list[str], giving_back: GivingBack) -> None:
        self.lines = lines
        self.giving_back = giving_back
        self._place = place

    async def rcode(self, client: str, name: str) -> int:
        answer = await dns.asyncquery.udp(
            query(name), self._place.address, port=self._place.port, source=client, timeout=5
        )
        return answer.rcode()


@contextlib.asynccontextmanager
async def running(var_dir: Path, number: int = 1) -> AsyncIterator[Running]:
    def answer(octets: bytes) -> list[bytes]:
        name = dns.message.from_wire(octets).question[0].name
        return [reply_to(octets, f"{name} 60 IN A 192.0.2.1").to_wire()]

    async with LocalUpstream(answer) as upstream:
        stop, places, lines = asyncio.Event(), list[Place](), list[str]()
        point = Point(settings(var_dir, upstream.port), lines.append, Worker(number))
        task = asyncio.create_task(point.run(stop, places.append))
        await until(lambda: bool(places) or task.done())
        try:
            yield Running(places[0], lines, point.giving_back)
        finally:
            stop.set()
            await task


def spooled(var_dir: Path) -> list[Event]:
    spool = Spool(var_dir / "spool" / "dns", "dns")
    batch = spool.next_batch()
    spool.close()
    return [] if batch is None else [each.event for each in batch.events]


def test_without_any_snapshot_the_strict_one_applies(var_dir: Path) -> None:
    async def ask() -> list[int]:
        async with running(var_dir) as point:
            return [
                await point.rcode(PUPIL, "www.anything.example"),
                await point.rcode(PUPIL, "www.childline.org.uk"),
                await point.rcode(STAFF, "www.anything.example"),
            ]

    assert [dns.rcode.NXDOMAIN, dns.rcode.NOERROR, dns.rcode.NOERROR] == run(ask())


def test_the_last_snapshot_decides_without_policyd(var_dir: Path) -> None:
    save_last_snapshot(var_dir / "snapshots" / "dns" / "dns.snapshot", source())

    async def ask() -> list[int]:
        async with running(var_dir) as point:
            return [
                await point.rcode(PUPIL, "www.anything.example"),
                await point.rcode(PUPIL, "www.tiktok.example"),
            ]

    assert [dns.rcode.NOERROR, dns.rcode.NXDOMAIN] == run(ask())


def test_a_point_at_leisure_looks_for_garbage(var_dir: Path) -> None:
    class Cycle:
        def __init__(self) -> None:
            self.own = self

    async def wait() -> int:
        async with running(var_dir):
            gc.disable()
            try:
                lost = weakref.ref(Cycle())
                kept = [[number] for number in range(10_000)]
                await until(lambda: lost() is None)
            finally:
                gc.enable()
            return len(kept)

    assert 10_000 == run(wait())


def test_however_many_names_are_held_there_is_no_more_to_look_through(var_dir: Path) -> None:
    """Else a worker pauses for what its tables hold, and everybody whom it serves with it."""
    save_last_snapshot(var_dir / "snapshots" / "dns" / "dns.snapshot", source())

    def looked_through() -> int:
        # What a tuple holds may be let go of in one look, and the tuple itself in the next.
        gc.collect()
        gc.collect()
        return len(gc.get_objects())

    async def more_objects() -> int:
        async with running(var_dir) as point:
            clients = (PUPIL, STAFF)
            for number in range(20):
                await point.rcode(clients[number % 2], f"before{number}.example")
            before = looked_through()
            for number in range(ENOUGH_NAMES):
                await point.rcode(clients[number % 2], f"after{number}.example")
            return looked_through() - before

    assert ENOUGH_NAMES / 2 > run(more_objects())


def test_a_new_snapshot_is_in_force_once_it_is_acknowledged(var_dir: Path) -> None:
    async def nothing(*_: object) -> None:
        pass

    stored: list[EventBatch] = []

    async def store(batch: EventBatch) -> None:
        stored.append(batch)

    async def ask() -> list[int]:
        async with running(var_dir, 2) as point:
            assert (2.0, False) == (point.giving_back.after_s, point.giving_back.is_pending)
            before = await point.rcode(PUPIL, "www.anything.example")
            policyd = PolicydServer(
                var_dir / "policyd.sock", on_wake=nothing, on_events=store, on_ahead=nothing
            )
            await policyd.start()
            policyd.publish(Revision(source(7), 1, Direction.LOOSEN, is_full=True))
            await until(lambda: [7] == [p.acknowledged for p in policyd.status().points])
            assert point.giving_back.is_pending
            after = await point.rcode(PUPIL, "www.anything.example")
            blocked = await point.rcode(PUPIL, "www.tiktok.example")
            await until(lambda: 2 <= sum(len(batch.events) for batch in stored))
            await policyd.stop()
            return [before, after, blocked]

    assert [dns.rcode.NXDOMAIN, dns.rcode.NOERROR, dns.rcode.NXDOMAIN] == run(ask())
    assert ["www.anything.example", "www.tiktok.example"] == [
        each.event.host for batch in stored for each in batch.events
    ]


def test_what_was_seen_is_on_the_disk_when_the_point_has_stopped(var_dir: Path) -> None:
    save_last_snapshot(var_dir / "snapshots" / "dns" / "dns.snapshot", source())

    async def ask() -> list[str]:
        async with running(var_dir) as point:
            for name in ("www.tiktok.example", "www.tiktok.example", "help.example", "a.example"):
                await point.rcode(PUPIL, name)
            return point.lines

    lines = run(ask())
    events = spooled(var_dir)

    assert [1, 1] == [event.count for event in events if isinstance(event, Blocked)]
    assert ["a.example"] == [event.host for event in events if isinstance(event, AllowedCount)]
    assert ["block", "block", "allow"] == [line.split()[2] for line in lines]


def test_a_last_snapshot_that_is_damaged_leaves_the_strict_one(var_dir: Path) -> None:
    path = var_dir / "snapshots" / "dns" / "dns.snapshot"
    save_last_snapshot(path, source())
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    async def ask() -> int:
        async with running(var_dir) as point:
            return await point.rcode(PUPIL, "www.anything.example")

    assert dns.rcode.NXDOMAIN == run(ask())
    assert isinstance(source(), Source)
