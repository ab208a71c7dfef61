"""Sources, events and both ends of a real socket for the tests of what processes say."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.policy import Document, Live, Policy, Source
from schoolgate_policyd.core.rules import Grant, GrantKind, HostScope
from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
from schoolgate_policyd.core.times import Calendar, Timetable, WorkingHours
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.ipc.messages import (
    AllowedCount,
    Direction,
    EventBatch,
    PointKind,
)
from schoolgate_policyd.ipc.rollout import Revision
from schoolgate_policyd.ipc.server import PolicydServer
from schoolgate_policyd.ipc.spool import Spool

MINUTE = datetime(2026, 11, 20, 10, 29, tzinfo=UTC)
PATIENCE_S = 20.0


def policy(name: str = "test") -> Policy:
    """Return a policy that blocks nothing."""
    return Policy(
        id=name,
        document=Document(title="Policy", version="1"),
        rules=(),
        catalogue=Catalogue(),
        school_time=SchoolTime(
            zone="Europe/London",
            calendar=Calendar(id="none", terms=()),
            timetables=(TimetableUse(Timetable(id="none", days=((),) * 7)),),
            staff_hours=WorkingHours(start=time(8, 30), end=time(16)),
        ),
    )


def grant(name: str) -> Grant:
    """Return a grant called *name*."""
    return Grant(
        id=name,
        kind=GrantKind.ACCESS_GRANT,
        scope=HostScope(parse_host("videos.example")),
        starts_at=MINUTE,
        ends_at=MINUTE + timedelta(hours=1),
        people=frozenset({"teacher"}),
    )


def revision(
    number: int,
    *,
    live: Live | None = None,
    direction: Direction = Direction.TIGHTEN,
    is_full: bool = True,
    version: int | None = None,
) -> Revision:
    """Return revision *number*, made from the store's version of the same number."""
    source = Source(number, policy(), live=live or Live())
    return Revision(source, number if version is None else version, direction, is_full)


def event(count: int) -> AllowedCount:
    """Return an event that can be told from others by its *count*."""
    return AllowedCount(MINUTE, PointKind.DNS, "127.0.1.10", "lessons.example", count)


async def eventually(claim: Callable[[], bool]) -> None:
    """Wait until *claim* holds; fail when it does not for long."""
    async with asyncio.timeout(PATIENCE_S):
        while not claim():  # noqa: ASYNC110 - a claim of anything, on disk or in another process
            await asyncio.sleep(0.005)


class Stored:
    """A store of events that keeps each (sender, boot, sequence) once, as the real one does."""

    def __init__(self) -> None:
        self.batches: list[EventBatch] = []
        self.counts: dict[tuple[str, str, int], int] = {}
        self.is_failing = False
        self.failure: Exception = OSError("the disk is full")

    async def append(self, batch: EventBatch) -> None:
        self.batches.append(batch)
        if self.is_failing:
            raise self.failure
        for each in batch.events:
            assert isinstance(each.event, AllowedCount)
            self.counts[(batch.sender, batch.boot, each.sequence)] = each.event.count

    @property
    def in_order(self) -> list[int]:
        return [self.counts[key] for key in sorted(self.counts)]


class Policyd:
    """A server with a store of events, and what it was told."""

    def __init__(self, socket_path: Path) -> None:
        self.stored = Stored()
        self.wakes = 0
        self.ahead: list[int] = []
        self.server = PolicydServer(
            socket_path,
            on_wake=self._on_wake,
            on_events=self.stored.append,
            on_ahead=self._on_ahead,
        )

    async def _on_wake(self) -> None:
        self.wakes += 1

    async def _on_ahead(self, number: int) -> None:
        self.ahead.append(number)


@asynccontextmanager
async def running_policyd(socket_path: Path) -> AsyncIterator[Policyd]:
    policyd = Policyd(socket_path)
    await policyd.server.start()
    try:
        yield policyd
    finally:
        await policyd.server.stop()


class Point:
    """A client with callbacks that remember, and may be told to fail or to be slow."""

    def __init__(
        self,
        folder: Path,
        kind: PointKind = PointKind.DNS,
        on_event: Callable[[str, int], None] = lambda _point, _number: None,
        name: str | None = None,
    ) -> None:
        self.name = name or kind.value
        self.sources: list[Source] = []
        self.lives: list[tuple[int, Live]] = []
        self.in_force: list[int] = []
        self.is_failing = False
        self._on_event = on_event
        self.snapshot_path = folder / "snapshots" / f"{self.name}.snapshot"
        self.spool = Spool(folder / "spool", self.name)
        self.client = PointClient(
            kind,
            self.name,
            folder / "policyd.sock",
            self.spool,
            self.snapshot_path,
            on_source=self._on_source,
            on_live=self._on_live,
            on_in_force=self._on_in_force,
        )

    def _on_source(self, source: Source) -> None:
        if self.is_failing:
            raise ValueError("no such rule")
        self.sources.append(source)
        self._on_event(self.name, source.number)

    def _on_live(self, number: int, live: Live) -> None:
        if self.is_failing:
            raise ValueError("no such grant")
        self.lives.append((number, live))
        self._on_event(self.name, number)

    def _on_in_force(self, number: int) -> None:
        self.in_force.append(number)
        self._on_event(f"{self.name} in force", number)


@asynccontextmanager
async def running(*points: Point) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(point.client.run()) for point in points]
    try:
        yield
    finally:
        for point in points:
            await point.client.stop()
        await asyncio.gather(*tasks)
