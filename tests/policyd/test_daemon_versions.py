"""A version that the head directs reaches the points, by a wake at once and at its own moment."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from ipc_world import Point, eventually, running
from office import QuickHasher, fill
from policy_paper import AT, MOMENT
from policy_store import direct_draft, employ
from rule_tree import SCHOOL, plant

from schoolgate_policyd.config import Settings
from schoolgate_policyd.daemon import Policyd
from schoolgate_policyd.drafting.changes import SetStaffHours
from schoolgate_policyd.ipc.admin import AdminClient
from schoolgate_policyd.ipc.messages import EventBatch
from schoolgate_policyd.policy_source import PolicySource
from schoolgate_policyd.rulewatch import RuleWatch
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.workshop import Workshop


class TurningClock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class NoEvents:
    def append(self, batch: EventBatch, *, at: datetime) -> int:
        del at
        return len(batch.events)

    def delete_expired(self, *, at: datetime) -> tuple[()]:
        del at
        return ()

    def add_up_one(self) -> None:
        return None


class World:
    def __init__(self, folder: Path) -> None:
        self.settings = Settings(
            school=SCHOOL, var_dir=folder / "var", rules_dir=plant(folder / "rules")
        )
        self.store = DecisionStore(self.settings.decisions_path, hasher=QuickHasher())
        fill(self.store)
        employ(self.store)
        self.clock = TurningClock(MOMENT)

    def direct(self, days: int = 0) -> None:
        workshop = Workshop(self.settings.rules_dir, SCHOOL, self.store.policies)
        direct_draft(
            self.store,
            workshop,
            SetStaffHours(time(8), time(15)),
            moment=MOMENT,
            in_force_from=MOMENT + timedelta(days=days),
        )

    def policyd(self) -> Policyd:
        source = PolicySource(
            self.settings.rules_dir,
            SCHOOL,
            self.store.policies,
            school_clock=self.clock,
            machine_clock=TurningClock(AT),
        )
        watch = RuleWatch(
            self.settings.rules_dir,
            lambda: source.load().policy,
            key=source.key,
            on_taken_up=source.taken_up,
        )
        return Policyd(
            self.settings,
            decisions=self.store,
            events=NoEvents(),
            rules=watch,
            school_clock=self.clock,
            machine_clock=TurningClock(AT),
        )


@pytest.fixture
def world() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    made = World(folder)
    with closing(made.store):
        yield made
    shutil.rmtree(folder)


def starts_of(point: Point) -> list[time]:
    return [each.policy.school_time.staff_hours.start for each in point.sources]


async def serving(world: World, scenario: Callable[[Point], object], poll_every_s: float) -> None:
    stopping, is_ready = asyncio.Event(), asyncio.Event()
    point = Point(world.settings.var_dir)
    task = asyncio.create_task(world.policyd().run(stopping, is_ready.set, poll_every_s))
    try:
        await is_ready.wait()
        async with running(point):
            await eventually(lambda: starts_of(point) == [time(8, 30)])
            await asyncio.to_thread(scenario, point)
            await eventually(lambda: starts_of(point)[-1] == time(8))
    finally:
        stopping.set()
        await task


def test_a_directed_version_is_in_force_when_the_wake_is_answered(world: World) -> None:
    def scenario(point: Point) -> None:
        world.direct()
        status = AdminClient(world.settings.socket_path).wake(timeout_s=20)

        # Nothing polls here: the wake alone brings it.
        assert status is not None
        assert world.store.version() == status.in_force_version
        assert time(8) == starts_of(point)[-1]

    asyncio.run(serving(world, scenario, poll_every_s=3600))


def test_a_directed_version_reaches_a_point_without_a_wake(world: World) -> None:
    def scenario(_: Point) -> None:
        world.direct()

    asyncio.run(serving(world, scenario, poll_every_s=0.05))


def test_a_version_to_come_is_in_force_once_the_schools_clock_says_so(world: World) -> None:
    def scenario(point: Point) -> None:
        world.direct(days=40)
        assert [time(8, 30)] == starts_of(point)
        world.clock.moment = (MOMENT + timedelta(days=40)).astimezone(UTC)

    asyncio.run(serving(world, scenario, poll_every_s=0.05))
