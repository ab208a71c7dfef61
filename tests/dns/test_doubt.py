"""While nobody knows what time it is the point answers as in lessons, kept answers included."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import dns.asyncquery
import dns.message
import dns.rcode
import pytest
from dns_world import BREAK, PUPIL, STAFF, LocalUpstream, query, reply_to, run, source, until
from two_clocks import FakeMachine

from schoolgate_dns.point import Point
from schoolgate_dns.resolvers import Place
from schoolgate_policyd.clock import SchoolClock
from schoolgate_policyd.clock_doubt import ClockWatch
from schoolgate_policyd.config import DnsSettings, Settings
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot

TIKTOK = "www.tiktok.example"
DURING_BREAK = BREAK + timedelta(minutes=5)
FRIDAY_TO_MONDAY_S = 3 * 86_400.0
# Asked for once a look-up is made, then twice what is kept.
OFTEN = 3


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """A folder with a path short enough for a Unix socket."""
    path = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


class Running:
    """A running point whose clock is in the test's hands."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def is_open(self, name: str, client: str = STAFF) -> bool:
        answer = await dns.asyncquery.udp(
            query(name), self._place.address, port=self._place.port, source=client, timeout=5
        )
        return dns.rcode.NOERROR == answer.rcode()

    async def stays_closed(self, *, for_s: float) -> None:
        """Ask for TikTok again and again."""
        until_s = monotonic() + for_s
        while monotonic() < until_s:
            assert not await self.is_open(TIKTOK)

    async def changes_to(self, *, is_open: bool) -> float:
        """Return after how many seconds TikTok was open, or no longer."""
        since = monotonic()
        while is_open is not await self.is_open(TIKTOK):
            assert monotonic() - since < 10
            await asyncio.sleep(0.01)
        return monotonic() - since


@contextlib.asynccontextmanager
async def running(var_dir: Path, machine: FakeMachine) -> AsyncIterator[Running]:
    def answer(octets: bytes) -> list[bytes]:
        name = dns.message.from_wire(octets).question[0].name
        return [reply_to(octets, f"{name} 60 IN A 192.0.2.1").to_wire()]

    async with LocalUpstream(answer) as upstream:
        settings = Settings(
            var_dir=var_dir,
            dns=DnsSettings(port=0, upstreams=(f"127.0.0.1:{upstream.port}",)),
        )
        save_last_snapshot(settings.last_snapshot_path("dns"), source())
        stop, places = asyncio.Event(), list[Place]()
        clock = SchoolClock(watch=ClockWatch(machine.times))
        task = asyncio.create_task(Point(settings, clock=clock).run(stop, places.append))
        await until(lambda: bool(places) or task.done())
        try:
            yield Running(places[0])
        finally:
            stop.set()
            await task


def test_a_step_from_break_to_break_closes_at_once_and_opens_when_it_is_sure(
    var_dir: Path,
) -> None:
    async def scenario() -> None:
        machine = FakeMachine(DURING_BREAK)
        async with running(var_dir, machine) as point:
            assert [True] * OFTEN == [await point.is_open(TIKTOK) for _ in range(OFTEN)]
            machine.step(FRIDAY_TO_MONDAY_S)

            # Half a second to notice; the rest is what a machine with much to do may take.
            assert await point.changes_to(is_open=False) < 1.0
            assert await point.is_open("www.childline.org.uk")
            assert await point.is_open("help.example", PUPIL)
            assert await point.is_open("lessons.example", PUPIL)
            machine.pass_s(119)
            await point.stays_closed(for_s=0.3)
            machine.pass_s(2)
            await point.changes_to(is_open=True)

    run(scenario())


def test_a_step_from_a_lesson_to_break_opens_nothing_for_a_moment(var_dir: Path) -> None:
    async def scenario() -> None:
        machine = FakeMachine(BREAK - timedelta(hours=1))
        async with running(var_dir, machine) as point:
            assert not await point.is_open(TIKTOK)
            machine.step(3600 + 300)
            await point.stays_closed(for_s=0.5)
            machine.pass_s(121)
            await point.changes_to(is_open=True)

    run(scenario())
