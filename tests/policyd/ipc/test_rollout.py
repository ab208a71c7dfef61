"""Who is handed which revision, without any socket."""

import asyncio
from pathlib import Path

import ipc_world
import msgspec
import pytest
from ipc_world import eventually, grant, revision, running, running_policyd

from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.ipc.frames import LENGTH_OCTETS
from schoolgate_policyd.ipc.messages import (
    Direction,
    FullSnapshot,
    InForceEverywhere,
    LiveChanged,
    PointKind,
    ToPoint,
)
from schoolgate_policyd.ipc.rollout import GONE_AFTER_S, Point, Rollout

_DECODER = msgspec.msgpack.Decoder(ToPoint)


def _taken(point: Point) -> list[ToPoint]:
    return [_DECODER.decode(frame[LENGTH_OCTETS:]) for frame in point.take_due()]


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_slow_point_gets_the_newest_whole_when_what_it_missed_was_whole() -> None:
    async def scenario() -> None:
        rollout = Rollout()
        rolling = asyncio.create_task(rollout.run())
        point = rollout.connect(PointKind.PROXY, "proxy")
        rollout.publish(revision(1))
        await _settle()
        rollout.publish(revision(2, live=Live(grants=(grant("a"),)), is_full=False))
        await _settle()
        newest = revision(2, live=Live(grants=(grant("a"),)))

        assert [FullSnapshot(newest.source)] == _taken(point)
        rolling.cancel()

    asyncio.run(scenario())


def test_a_point_that_took_the_whole_gets_the_live_state_alone() -> None:
    async def scenario() -> None:
        rollout = Rollout()
        rolling = asyncio.create_task(rollout.run())
        point = rollout.connect(PointKind.PROXY, "proxy")
        rollout.publish(revision(1))
        await _settle()
        _taken(point)
        live = Live(grants=(grant("a"),))
        rollout.publish(revision(2, live=live, is_full=False))
        await _settle()

        assert [LiveChanged(2, live)] == _taken(point)
        rolling.cancel()

    asyncio.run(scenario())


def test_revisions_that_wait_together_go_as_one_that_tightens() -> None:
    """While the first waits for DNS, two more come: the point sees the last, whole, DNS first."""

    async def scenario() -> None:
        rollout = Rollout()
        rolling = asyncio.create_task(rollout.run())
        dns = rollout.connect(PointKind.DNS, "dns")
        proxy = rollout.connect(PointKind.PROXY, "proxy")
        rollout.publish(revision(1))
        await _settle()
        rollout.publish(revision(2, direction=Direction.TIGHTEN))
        rollout.publish(revision(3, direction=Direction.LOOSEN, is_full=False))
        assert [1] == [each.source.number for each in _taken(dns)]
        assert [] == _taken(proxy)
        rollout.acknowledge(dns, 1)
        await _settle()

        assert [FullSnapshot(revision(3).source)] == _taken(dns)
        assert [1] == [each.source.number for each in _taken(proxy)]
        rolling.cancel()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("direction", "first", "then"),
    [
        (Direction.TIGHTEN, {PointKind.DNS}, {PointKind.PROXY, PointKind.FIREWALL}),
        # What DNS opens before the firewall allows it, the firewall's point would close again.
        (Direction.LOOSEN, {PointKind.PROXY, PointKind.FIREWALL}, {PointKind.DNS}),
    ],
)
def test_whoever_closes_is_told_before_whoever_opens(
    direction: Direction, first: set[PointKind], then: set[PointKind]
) -> None:
    async def scenario() -> None:
        rollout = Rollout()
        rolling = asyncio.create_task(rollout.run())
        kinds = (PointKind.DNS, PointKind.PROXY, PointKind.FIREWALL)
        points = {kind: rollout.connect(kind, kind.value) for kind in kinds}
        rollout.publish(revision(1, direction=direction))
        await _settle()
        assert first == {kind for kind, point in points.items() if _taken(point)}
        for kind in first:
            rollout.acknowledge(points[kind], 1)
        await _settle()

        assert then == {kind for kind, point in points.items() if _taken(point)}
        rolling.cancel()

    asyncio.run(scenario())


def test_in_force_is_told_once_to_each() -> None:
    async def scenario() -> None:
        rollout = Rollout()
        rolling = asyncio.create_task(rollout.run())
        dns = rollout.connect(PointKind.DNS, "dns")
        proxy = rollout.connect(PointKind.PROXY, "proxy")
        rollout.publish(revision(1))
        await _settle()
        rollout.acknowledge(dns, 1)
        await _settle()
        assert InForceEverywhere(1) not in _taken(dns)
        rollout.acknowledge(proxy, 1)
        rollout.acknowledge(proxy, 1)

        assert [InForceEverywhere(1)] == _taken(dns)
        assert InForceEverywhere(1) in _taken(proxy)
        assert [] == _taken(dns)
        rolling.cancel()

    asyncio.run(scenario())


def test_a_point_that_lost_its_connection_counts_until_it_is_taken_for_dead() -> None:
    """It goes on deciding as before, so nothing is in force everywhere while it may be alive."""

    async def scenario() -> None:
        now_s = 100.0
        rollout = Rollout(lambda: now_s)
        rolling = asyncio.create_task(rollout.run())
        dns = rollout.connect(PointKind.DNS, "dns")
        proxy = rollout.connect(PointKind.PROXY, "proxy")
        rollout.publish(revision(1))
        await _settle()
        rollout.acknowledge(dns, 1)
        rollout.disconnect(proxy)
        now_s += GONE_AFTER_S - 0.1
        rollout.acknowledge(dns, 1)
        assert 0 == rollout.in_force_version()
        assert InForceEverywhere(1) not in _taken(dns)
        now_s += 0.2
        rollout.acknowledge(dns, 1)

        assert 1 == rollout.in_force_version()
        assert [InForceEverywhere(1)] == _taken(dns)
        assert [False] == [
            each.is_connected for each in rollout.statuses() if each.name == "proxy"
        ]
        rolling.cancel()

    asyncio.run(scenario())


def test_a_dead_point_is_noticed_without_any_message(folder: Path) -> None:
    async def scenario() -> None:
        dns, proxy = (
            ipc_world.Point(folder, PointKind.DNS),
            ipc_world.Point(folder, PointKind.PROXY),
        )
        async with running_policyd(folder / "policyd.sock") as policyd, running(dns):
            async with running(proxy):
                policyd.server.publish(revision(1))
                await eventually(lambda: dns.in_force == [1] and proxy.in_force == [1])
            policyd.server.publish(revision(2))
            await eventually(lambda: dns.client.have == 2)
            assert [1] == dns.in_force
            await eventually(lambda: dns.in_force == [1, 2])

    asyncio.run(scenario())


@pytest.mark.parametrize("number", [2, 1000])
def test_a_number_that_was_never_sent_acknowledges_nothing(number: int) -> None:
    async def scenario() -> None:
        rollout = Rollout()
        rolling = asyncio.create_task(rollout.run())
        dns = rollout.connect(PointKind.DNS, "dns")
        rollout.publish(revision(1))
        await _settle()
        rollout.acknowledge(dns, number)

        assert 0 == rollout.in_force_version()
        rolling.cancel()

    asyncio.run(scenario())


def test_how_long_a_point_is_silent_is_counted_from_what_it_was_handed_first() -> None:
    async def scenario() -> None:
        now_s = 100.0
        rollout = Rollout(lambda: now_s)
        rolling = asyncio.create_task(rollout.run())
        rollout.connect(PointKind.PROXY, "proxy")
        rollout.publish(revision(1))
        await _settle()
        now_s = 104.0
        rollout.publish(revision(2))
        await _settle()
        now_s = 106.0

        assert [6.0] == [each.unacknowledged_for_s for each in rollout.statuses()]
        rolling.cancel()

    asyncio.run(scenario())
