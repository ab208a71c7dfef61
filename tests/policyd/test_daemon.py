"""policyd as a whole, on a real socket, with stores and rule files that a test controls."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from ipc_world import Point, event, eventually, grant, policy, running

from schoolgate_policyd.config import NetworkSettings, Settings
from schoolgate_policyd.core.at_once import AtOnce, BlockedSite, with_blocks
from schoolgate_policyd.core.catalogue import Catalogue, LargeList
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Live, Policy, Register, Source
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.strict import STRICT_POLICY
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Network, Person
from schoolgate_policyd.daemon import Policyd
from schoolgate_policyd.ipc.admin import AdminClient
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ipc.messages import EventBatch, Status
from schoolgate_policyd.rulefiles import Mistake, RuleFileErrors
from schoolgate_policyd.rulewatch import RuleWatch

NOW = datetime(2026, 11, 20, 10, 29, tzinfo=UTC)
MACHINE_NOW = datetime(2027, 5, 3, 19, 0, tzinfo=UTC)


class FixedClock:
    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


class FakeDecisions:
    def __init__(self) -> None:
        self.number = 1
        self.live_now = Live()
        self.people: tuple[Person, ...] = ()
        self.blocks: tuple[AtOnce, ...] = ()
        self.is_failing = False
        self.ended_at: list[datetime] = []

    def change(self, live: Live) -> None:
        self.live_now = live
        self.number += 1

    def version(self) -> int:
        if self.is_failing:
            raise OSError("the database is gone")
        return self.number

    def register(self, networks: tuple[Network, ...]) -> Register:
        return Register(people=self.people, networks=networks)

    def live(self, moment: datetime) -> Live:
        assert NOW == moment
        return self.live_now

    def blocks_at_once(self) -> tuple[AtOnce, ...]:
        return self.blocks

    def end_overdue(self, moment: datetime, *, at: datetime) -> int:
        assert MACHINE_NOW == at
        self.ended_at.append(moment)
        return 0


class FakeEvents:
    def __init__(self) -> None:
        self.batches: list[EventBatch] = []
        self.tidied_at: list[datetime] = []

    def append(self, batch: EventBatch, *, at: datetime) -> int:
        assert MACHINE_NOW == at
        self.batches.append(batch)
        return len(batch.events)

    def delete_expired(self, *, at: datetime) -> tuple[date, ...]:
        self.tidied_at.append(at)
        return ()

    def add_up_one(self) -> date | None:
        return None


class FakeLists:
    """Notes what it is asked to do; its faults are what a test says."""

    def __init__(self) -> None:
        self.is_running = False
        self.times_wanted = 0
        self.told: tuple[str, ...] = ()

    async def run(self) -> None:
        self.is_running = True
        try:
            await asyncio.Event().wait()
        finally:
            self.is_running = False

    def want(self) -> None:
        self.times_wanted += 1

    def faults(self) -> tuple[str, ...]:
        return self.told


class FakeAlarm:
    """Its faults are what a test says."""

    def __init__(self) -> None:
        self.is_running = False
        self.faults: tuple[str, ...] = ()

    async def run(self) -> None:
        self.is_running = True
        try:
            await asyncio.Event().wait()
        finally:
            self.is_running = False


class World:
    """A school in a folder: its rule file holds the policy's id, or a mistake."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(
            var_dir=folder / "var",
            rules_dir=folder / "rules",
            networks=(
                NetworkSettings(
                    id="pupils",
                    cidr="127.0.1.0/24",
                    audience=Audience.PUPIL,
                    device=DeviceKind.SCHOOL_COMPUTER,
                    inspectable=True,
                ),
            ),
        )
        self.decisions = FakeDecisions()
        self.events = FakeEvents()
        self.lists = FakeLists()
        self.alarm = FakeAlarm()
        self.rule_file = folder / "rules" / "school.yaml"
        self.rule_file.parent.mkdir()
        self.write_rules("first")

    def write_rules(self, text: str) -> None:
        # Renamed into place: a file half written would be a mistake of its own.
        written = self.rule_file.with_suffix(".new")
        written.write_text(text)
        written.rename(self.rule_file)

    def load(self) -> Policy:
        text = self.rule_file.read_text()
        if "mistake" in text:
            raise RuleFileErrors(
                (
                    Mistake(self.rule_file, 3, 1, "`mistake` is no rule"),
                    Mistake(self.rule_file, 9, 1, "`for` is missing"),
                )
            )
        return policy(text)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        policyd = Policyd(
            self.settings,
            decisions=self.decisions,
            events=self.events,
            rules=RuleWatch(self.settings.rules_dir, self.load),
            school_clock=FixedClock(NOW),
            machine_clock=FixedClock(MACHINE_NOW),
            lists=self.lists,
            alarm=self.alarm,
        )
        stopping = asyncio.Event()
        is_ready = asyncio.Event()
        task = asyncio.create_task(policyd.run(stopping, is_ready.set, poll_every_s=0.02))
        try:
            await asyncio.wait(
                {task, asyncio.create_task(is_ready.wait())}, return_when=asyncio.FIRST_COMPLETED
            )
            yield
        finally:
            stopping.set()
            await task

    def point(self) -> Point:
        return Point(self.settings.var_dir)

    async def ask(self, question: str = "status") -> Status:
        admin = AdminClient(self.settings.socket_path)
        status = await asyncio.to_thread(getattr(admin, question))
        assert isinstance(status, Status)
        return status

    async def until(self, claim: Callable[[Status], bool]) -> Status:
        async with asyncio.timeout(20):
            while not claim(status := await self.ask()):  # noqa: ASYNC110 - asks another
                await asyncio.sleep(0.01)
        return status


@pytest.fixture
def world() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    yield World(folder)
    shutil.rmtree(folder)


def test_a_point_gets_policy_register_and_live_state(world: World) -> None:
    world.decisions.live_now = Live(grants=(grant("a"),))
    world.decisions.people = (Person("p", Audience.PUPIL),)

    async def scenario() -> None:
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [1])
        (source,) = point.sources

        assert "first" == source.policy.id
        assert ("127.0.1.0/24",) == tuple(each.cidr for each in source.register.networks)
        assert (Person("p", Audience.PUPIL),) == source.register.people
        assert (grant("a"),) == source.live.grants

    asyncio.run(scenario())


def test_a_wake_brings_a_change_into_force_at_once(world: World) -> None:
    async def scenario() -> None:
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [1])
            world.decisions.change(Live(grants=(grant("a"),)))
            status = await world.ask("wake")

            assert (2, 2) == (status.store_version, status.in_force_version)
            assert [(2, Live(grants=(grant("a"),)))] == point.lives

    asyncio.run(scenario())


def test_a_lost_wake_costs_a_poll_and_no_change(world: World) -> None:
    async def scenario() -> None:
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [1])
            world.decisions.change(Live(grants=(grant("a"),)))
            await eventually(lambda: point.in_force == [1, 2])

    asyncio.run(scenario())


def test_a_change_of_the_store_that_no_decision_needs_is_in_force_at_once(world: World) -> None:
    async def scenario() -> None:
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [1])
            world.decisions.number = 17
            status = await world.ask("wake")

            assert (1, 17, 17) == (status.number, status.store_version, status.in_force_version)

    asyncio.run(scenario())


def test_what_is_over_is_marked_ended_by_the_schools_clock(world: World) -> None:
    async def scenario() -> None:
        async with world.running():
            await eventually(lambda: len(world.decisions.ended_at) > 2)
        assert {NOW} == set(world.decisions.ended_at)

    asyncio.run(scenario())


def test_a_good_change_of_the_rule_files_is_taken_up(world: World) -> None:
    async def scenario() -> None:
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [1])
            world.write_rules("second")
            await eventually(lambda: point.in_force == [1, 2])

        assert ["first", "second"] == [each.policy.id for each in point.sources]

    asyncio.run(scenario())


def test_a_faulty_change_names_every_mistake_and_the_last_good_policy_stays(
    world: World,
) -> None:
    async def scenario() -> None:
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [1])
            world.write_rules("mistake")
            status = await world.until(lambda status: bool(status.faults))
            assert (
                f"{world.rule_file}:3:1: `mistake` is no rule",
                f"{world.rule_file}:9:1: `for` is missing",
            ) == status.faults
            # The store's changes go on meanwhile, with the policy from before.
            world.decisions.change(Live(grants=(grant("a"),)))
            await eventually(lambda: point.in_force == [1, 2])
            world.write_rules("third")
            mended = await world.until(lambda status: not status.faults)
            await eventually(lambda: point.in_force == [1, 2, 3])

            assert 3 >= mended.number
        assert ["first", "third"] == [each.policy.id for each in point.sources]

    asyncio.run(scenario())


def test_the_last_good_policy_outlives_a_restart(world: World) -> None:
    async def scenario() -> None:
        async with world.running():
            pass
        world.write_rules("mistake")
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [2])
            status = await world.ask()

        assert "first" == point.sources[-1].policy.id
        assert 2 == len(status.faults)

    asyncio.run(scenario())


def test_faulty_rules_with_none_before_bring_the_strict_policy(world: World) -> None:
    async def scenario() -> None:
        world.write_rules("mistake")
        async with world.running():
            pass
        point = world.point()
        async with world.running(), running(point):  # the strict one it kept is no good one
            await eventually(lambda: point.in_force == [2])

        (source,) = point.sources
        assert STRICT_POLICY == source.policy.id
        assert ("127.0.1.0/24",) == tuple(each.cidr for each in source.register.networks)

    asyncio.run(scenario())


def test_numbers_go_on_after_a_restart(world: World) -> None:
    async def scenario() -> None:
        point = world.point()
        async with running(point):
            for number in (1, 2, 3):
                async with world.running():
                    await eventually(lambda wanted=number: wanted in point.in_force)

        assert [1, 2, 3] == point.in_force

    asyncio.run(scenario())


def test_numbers_go_past_what_a_point_has_when_policyds_own_are_lost(world: World) -> None:
    async def scenario() -> None:
        point = world.point()
        async with running(point):
            for number in (1, 2, 3):
                async with world.running():
                    await eventually(lambda wanted=number: wanted in point.in_force)
            world.settings.last_snapshot_path("policyd").unlink()
            world.write_rules("after the loss")
            async with world.running():
                await eventually(lambda: 4 in point.in_force)

        assert "after the loss" == point.sources[-1].policy.id
        assert sorted(point.in_force) == point.in_force

    asyncio.run(scenario())


def test_a_store_that_fails_changes_nothing_until_it_is_back(world: World) -> None:
    async def scenario() -> None:
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [1])
            world.decisions.is_failing = True
            world.decisions.change(Live(grants=(grant("a"),)))
            status = await world.ask("wake")
            assert (1, 1) == (status.number, status.store_version)
            world.decisions.is_failing = False
            await eventually(lambda: point.in_force == [1, 2])

    asyncio.run(scenario())


def test_without_the_store_a_start_goes_on_with_what_was_in_force(world: World) -> None:
    async def scenario() -> None:
        world.decisions.live_now = Live(grants=(grant("a"),))
        async with world.running():
            pass
        world.decisions.is_failing = True
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [2])

        assert (grant("a"),) == point.sources[-1].live.grants

    asyncio.run(scenario())


def test_events_reach_the_store(world: World) -> None:
    async def scenario() -> None:
        point = world.point()
        async with world.running(), running(point):
            point.client.offer(event(5))
            await eventually(lambda: len(world.events.batches) == 1)

        (batch,) = world.events.batches
        assert ("dns", point.spool.boot, 1) == (
            batch.sender,
            batch.boot,
            batch.events[0].sequence,
        )

    asyncio.run(scenario())


def test_events_whose_time_is_over_are_deleted_by_machine_time(world: World) -> None:
    async def scenario() -> None:
        async with world.running():
            await eventually(lambda: world.events.tidied_at != [])
        assert [MACHINE_NOW] == world.events.tidied_at

    asyncio.run(scenario())


def test_lists_are_kept_up_to_date_while_it_runs_and_their_faults_are_told(world: World) -> None:
    world.lists.told = ("list bad: answered with 500; the version of yesterday stays",)

    async def scenario() -> None:
        async with world.running():
            await eventually(lambda: world.lists.is_running)
            status = await world.until(lambda status: bool(status.faults))
            assert world.lists.told == status.faults
            world.write_rules("mistake")
            status = await world.until(lambda status: len(status.faults) > 1)
            assert world.lists.told[0] == status.faults[-1]

    asyncio.run(scenario())
    assert not world.lists.is_running


def test_lists_are_looked_at_when_the_rule_files_changed(world: World) -> None:
    async def scenario() -> None:
        async with world.running():
            await eventually(lambda: world.lists.is_running)
            world.write_rules("second")
            await eventually(lambda: world.lists.times_wanted == 1)

    asyncio.run(scenario())


def test_a_locked_list_in_force_survives_a_restart_without_its_file(world: World) -> None:
    lock = Rule(
        id="locked-list-iwf",
        block=frozenset({"iwf"}),
        applies_to=(Condition(),),
        cite=Citation("IWF", "locked list iwf"),
        locked=True,
    )
    locked = msgspec.structs.replace(
        policy("locked"),
        rules=(lock,),
        catalogue=Catalogue(large_lists=(LargeList("iwf", "adult", locked=True),)),
    )
    save_last_snapshot(world.settings.last_snapshot_path("policyd"), Source(7, locked))

    async def scenario() -> None:
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: len(point.sources) == 1)
            status = await world.until(lambda status: bool(status.faults))

            assert locked == point.sources[0].policy
            assert "locked list `iwf` is in force" in status.faults[0]

    asyncio.run(scenario())


def test_a_doubt_about_the_clock_stands_among_the_faults(world: World) -> None:
    async def scenario() -> None:
        async with world.running():
            await eventually(lambda: world.alarm.is_running)
            world.lists.told = ("a list is old",)
            world.alarm.faults = ("the clock stepped",)
            status = await world.until(lambda status: len(status.faults) > 1)
            assert ("a list is old", "the clock stepped") == status.faults
            world.lists.told = world.alarm.faults = ()
            await world.until(lambda status: not status.faults)
        assert not world.alarm.is_running

    asyncio.run(scenario())


def test_while_the_clock_is_doubted_no_events_are_deleted(world: World) -> None:
    """A clock that runs ahead by a year would delete them all."""

    async def scenario() -> None:
        async with world.running():
            await eventually(lambda: world.decisions.ended_at != [])
            await world.until(lambda status: bool(status.faults))

    world.alarm.faults = ("the clock stepped",)
    asyncio.run(scenario())
    assert [] == world.events.tidied_at
    world.alarm.faults = ()
    asyncio.run(tidied(world))
    assert [MACHINE_NOW] == world.events.tidied_at


async def tidied(world: World) -> None:
    async with world.running():
        await eventually(lambda: world.events.tidied_at != [])


BLOCKED = AtOnce(1, BlockedSite(DomainName("bad.example")))


def test_what_is_blocked_at_once_is_in_force_at_every_point_with_the_answer_to_the_wake(
    world: World,
) -> None:
    async def scenario() -> None:
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [1])
            world.decisions.blocks = (BLOCKED,)
            world.decisions.number += 1
            blocked = await world.ask("wake")
            assert (2, 2) == (blocked.store_version, blocked.in_force_version)
            world.decisions.blocks = ()
            world.decisions.number += 1
            await world.ask("wake")

        first, laid, lifted = (each.policy for each in point.sources)
        assert with_blocks(first, (BLOCKED,)) == laid
        assert first == lifted

    asyncio.run(scenario())


def test_what_is_blocked_at_once_outlives_a_restart_without_a_store_or_good_rules(
    world: World,
) -> None:
    """And it is no part of the policy that the next start compares its rule files with."""

    async def scenario() -> None:
        world.decisions.blocks = (BLOCKED,)
        async with world.running():
            pass
        world.decisions.is_failing = True
        world.write_rules("mistake")
        point = world.point()
        async with world.running(), running(point):
            await eventually(lambda: point.in_force == [2])
            assert with_blocks(policy("first"), (BLOCKED,)) == point.sources[0].policy
            world.decisions.is_failing = False
            world.decisions.blocks = ()
            await eventually(lambda: point.in_force == [2, 3])
            assert policy("first") == point.sources[-1].policy

    asyncio.run(scenario())
