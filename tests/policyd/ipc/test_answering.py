"""A point that does not do what policyd tells it says no more that it is well."""

import asyncio
import importlib.util
from pathlib import Path

import pytest
from ipc_world import Point, eventually, revision, running, running_policyd

from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.ipc.answering import (
    SILENT_AFTER_S,
    SILENT_SINCE_START_AFTER_S,
    Answering,
)


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def is_said_to_be_alive(answering: Answering) -> bool:
    said: list[bool] = []
    answering.alive(lambda: said.append(True))
    return bool(said)


@pytest.mark.parametrize(
    ("has_done_one", "most_s"), [(True, SILENT_AFTER_S), (False, SILENT_SINCE_START_AFTER_S)]
)
def test_whoever_is_at_a_revision_for_long_is_silent_until_it_is_done(
    has_done_one: bool,
    most_s: float,
) -> None:
    clock = Clock()
    answering = Answering(clock)
    if has_done_one:
        with answering.at_work():
            answering.in_force()
    clock.now_s += 1000
    assert is_said_to_be_alive(answering)

    with answering.at_work():
        clock.now_s += most_s
        assert is_said_to_be_alive(answering)
        clock.now_s += 1
        assert not is_said_to_be_alive(answering)

    assert is_said_to_be_alive(answering)


def test_refusing_again_and_again_counts_from_the_first_time() -> None:
    clock = Clock()
    answering = Answering(clock)
    answering.in_force()
    for _ in range(5):
        assert is_said_to_be_alive(answering)
        answering.refused()
        clock.now_s += SILENT_AFTER_S / 4
    assert not is_said_to_be_alive(answering)

    answering.in_force()
    assert is_said_to_be_alive(answering)


class PatientPoint(Point):
    """A point of which a test says how time passes, and what it is stuck at."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.clock = Clock()
        self.client.answering = Answering(self.clock)
        self.stuck_at = ""
        self.is_stuck = False
        self.refusals = 0

    @property
    def is_alive(self) -> bool:
        return is_said_to_be_alive(self.client.answering)

    async def _on_source(self, source: Source) -> None:  # type: ignore[override] # it may wait
        self.refusals += self.is_failing
        super()._on_source(source)
        await self._be_stuck("source")

    async def _on_in_force(self, number: int) -> None:  # type: ignore[override] # it may wait
        super()._on_in_force(number)
        await self._be_stuck("in force")

    async def _be_stuck(self, at: str) -> None:
        if at == self.stuck_at:
            self.is_stuck = True
            await asyncio.Event().wait()


def test_a_point_that_keeps_refusing_stops_saying_that_it_is_alive(folder: Path) -> None:
    async def scenario() -> None:
        point = PatientPoint(folder)
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            policyd.server.publish(revision(1))
            await eventually(lambda: point.in_force == [1])
            point.is_failing = True
            policyd.server.publish(revision(2))
            await eventually(lambda: point.refusals > 0)
            assert point.is_alive
            point.clock.now_s += SILENT_AFTER_S + 1
            assert not point.is_alive

            point.is_failing = False
            await eventually(lambda: point.in_force[-1:] == [2])
            assert point.is_alive

    asyncio.run(scenario())


@pytest.mark.parametrize("where", ["source", "in force"])
def test_a_point_that_is_stuck_stops_saying_that_it_is_alive(folder: Path, where: str) -> None:
    async def scenario() -> None:
        point = PatientPoint(folder)
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            policyd.server.publish(revision(1))
            await eventually(lambda: point.in_force == [1])
            point.stuck_at = where
            policyd.server.publish(revision(2))
            await eventually(lambda: point.is_stuck)
            point.clock.now_s += SILENT_AFTER_S + 1

            assert not point.is_alive

    asyncio.run(scenario())


def test_one_that_has_a_revision_in_force_and_cannot_keep_it_is_alive(folder: Path) -> None:
    """A full disk: another start would go back to what the disk has."""

    async def scenario() -> None:
        point = PatientPoint(folder)
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            policyd.server.publish(revision(1))
            await eventually(lambda: point.in_force == [1])
            point.snapshot_path.unlink()
            point.snapshot_path.mkdir()
            policyd.server.publish(revision(2))
            await eventually(lambda: point.client.have == 2)
            point.clock.now_s += 1000
            await eventually(lambda: len(point.sources) > 2)

            assert point.is_alive
            assert [1] == point.in_force

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "module", ["schoolgate_dns.point", "schoolgate_proxy.launch", "schoolgate_firewall.point"]
)
def test_every_point_says_that_it_is_alive_in_this_way_alone(module: str) -> None:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).read_text()

    assert 1 == text.count("_client.answering.alive(")
    assert 0 == text.count("service_notice.alive(")
