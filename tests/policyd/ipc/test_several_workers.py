"""Several points of one kind, revisions that take time, and sources that are there already."""

import asyncio
import os
from pathlib import Path

import msgspec
import pytest
from ipc_world import Point, eventually, grant, policy, revision, running, running_policyd

from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.ipc.last_snapshot import digest_of
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.rollout import FORGOTTEN_AFTER_S, GONE_AFTER_S, Rollout
from schoolgate_policyd.ipc.spool import Spool


class SlowPoint:
    """A client whose new sources take until `may_go_on`, and that says what happens when."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.may_go_on = asyncio.Event()
        self.is_failing = False
        self.client = PointClient(
            PointKind.DNS,
            "dns",
            folder / "policyd.sock",
            Spool(folder / "spool", "dns"),
            folder / "dns.snapshot",
            on_source=self._on_source,
            on_live=lambda number, _live: self.said.append(f"live {number}"),
            on_in_force=self._on_in_force,
        )

    async def _on_source(self, source: Source) -> None:
        self.said.append(f"begins {source.number}")
        await self.may_go_on.wait()
        if self.is_failing:
            raise ValueError("no such rule")
        self.said.append(f"source {source.number}")

    async def _on_in_force(self, number: int) -> None:
        await asyncio.sleep(0)
        self.said.append(f"in force {number}")


def test_what_is_waited_for_is_acknowledged_when_it_is_done_and_in_order(folder: Path) -> None:
    async def scenario() -> None:
        point = SlowPoint(folder)
        async with running_policyd(folder / "policyd.sock") as policyd:
            task = asyncio.create_task(point.client.run())
            policyd.server.publish(revision(1))
            await eventually(lambda: point.said == ["begins 1"])
            policyd.server.publish(revision(2, is_full=False, live=Live(grants=(grant("a"),))))
            await policyd.server.rollout.wait_everywhere(0.2)

            assert [0] == [each.acknowledged for each in policyd.server.status().points]
            assert ["begins 1"] == point.said
            assert 0 == point.client.have

            point.may_go_on.set()
            await eventually(lambda: "in force 2" in point.said)
            assert ["begins 1", "source 1", "live 2"] == [
                each for each in point.said if each != "in force 1"
            ][:3]
            assert [2] == [each.acknowledged for each in policyd.server.status().points]
            await point.client.stop()
            await task

    asyncio.run(scenario())


def test_what_fails_while_it_is_waited_for_is_not_acknowledged(folder: Path) -> None:
    async def scenario() -> None:
        point = SlowPoint(folder)
        point.is_failing = True
        point.may_go_on.set()
        async with running_policyd(folder / "policyd.sock") as policyd:
            task = asyncio.create_task(point.client.run())
            policyd.server.publish(revision(1))
            await eventually(lambda: 1 < point.said.count("begins 1"))
            assert 0 == point.client.have
            assert [0] == [each.acknowledged for each in policyd.server.status().points]
            point.is_failing = False
            await eventually(lambda: "in force 1" in point.said)
            await point.client.stop()
            await task

    asyncio.run(scenario())


def test_every_worker_must_have_a_revision_before_it_is_in_force(folder: Path) -> None:
    async def scenario() -> None:
        first, second = Point(folder), Point(folder, name="dns-2")
        async with running_policyd(folder / "policyd.sock") as policyd, running(first, second):
            policyd.server.publish(revision(1))
            await eventually(lambda: first.in_force == [1] and second.in_force == [1])
            second.is_failing = True
            policyd.server.publish(revision(2))
            await eventually(lambda: 2 == len(first.sources))

            assert 1 == policyd.server.status().in_force_version
            assert [1] == first.in_force

            second.is_failing = False
            await eventually(lambda: first.in_force == [1, 2])
            assert 2 == policyd.server.status().in_force_version
            assert ["dns", "dns-2"] == [each.name for each in policyd.server.status().points]

    asyncio.run(scenario())


def test_the_kernel_says_which_process_a_point_is(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            await eventually(lambda: bool(policyd.server.status().points))
            assert [os.getpid()] == [each.pid for each in policyd.server.status().points]

    asyncio.run(scenario())


@pytest.mark.parametrize("is_same", [True, False])
def test_a_source_that_a_point_has_already_is_not_sent_again(folder: Path, is_same: bool) -> None:
    """The digest says so, not the number: after a loss of the disk numbers come again."""

    async def scenario() -> None:
        theirs = revision(3).source
        ours = theirs if is_same else msgspec.structs.replace(theirs, policy=policy("other"))
        point = Point(folder)
        point.client.begin_with(ours, digest_of(ours))
        async with running_policyd(folder / "policyd.sock") as policyd:
            policyd.server.publish(revision(3))
            async with running(point):
                await eventually(lambda: point.in_force == [3])
                assert [3] == [each.acknowledged for each in policyd.server.status().points]
                policyd.server.publish(revision(4, is_full=False, live=Live((grant("a"),))))
                await eventually(lambda: point.in_force == [3, 4])

        assert ([] if is_same else [theirs]) == point.sources
        assert [4] == [number for number, _ in point.lives]

    asyncio.run(scenario())


def test_a_point_that_starts_again_is_not_sent_what_it_kept(folder: Path) -> None:
    async def scenario() -> None:
        first = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd:
            async with running(first):
                policyd.server.publish(revision(1))
                await eventually(lambda: first.in_force == [1])
                live = Live(grants=(grant("a"), grant("b")), standing=frozenset("abcdefgh"))
                policyd.server.publish(revision(2, is_full=False, live=live))
                await eventually(lambda: first.in_force == [1, 2])
            again = Point(folder)
            again.client.load_last_snapshot()
            async with running(again):
                await eventually(lambda: again.in_force == [2])

        assert [] == again.sources

    asyncio.run(scenario())


def test_a_worker_that_is_no_more_is_waited_for_and_shown_for_a_while_only() -> None:
    async def scenario() -> None:
        now_s = 1000.0
        rollout = Rollout(lambda: now_s)
        rolling = asyncio.create_task(rollout.run())
        points = [rollout.connect(PointKind.DNS, name) for name in ("dns", "dns-2")]
        points.append(rollout.connect(PointKind.PROXY, "proxy"))
        rollout.publish(revision(1))
        await eventually(lambda: all(each.meant_for == 1 for each in points if each.kind == "dns"))
        rollout.disconnect(points[1])
        for each in (points[0], points[2]):
            await eventually(lambda each=each: each.meant_for == 1)
            rollout.acknowledge(each, 1)

        assert 0 == rollout.in_force_version()
        now_s += GONE_AFTER_S + 0.1
        assert 1 == rollout.in_force_version()
        assert ["dns", "dns-2", "proxy"] == [each.name for each in rollout.statuses()]
        now_s += FORGOTTEN_AFTER_S
        assert ["dns", "proxy"] == [each.name for each in rollout.statuses()]

        # Of a kind of which nobody is left it is shown that nobody is.
        rollout.disconnect(points[2])
        now_s += 10 * FORGOTTEN_AFTER_S
        assert ["dns", "proxy"] == [each.name for each in rollout.statuses()]
        rolling.cancel()

    asyncio.run(scenario())
