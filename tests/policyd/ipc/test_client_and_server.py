"""Points and policyd over a real socket."""

import asyncio
from pathlib import Path

from ipc_world import Point, event, eventually, grant, policy, revision, running, running_policyd
from structlog.testing import capture_logs

from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.ipc.last_snapshot import load_last_snapshot
from schoolgate_policyd.ipc.messages import Direction, PointKind
from schoolgate_policyd.store.errors import StoreError


def test_a_point_gets_the_newest_source_and_acknowledges_it(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd:
            policyd.server.publish(revision(7))
            async with running(point):
                await eventually(lambda: point.in_force == [7])

            assert [7] == [source.number for source in point.sources]
            assert 7 == policyd.server.status().points[0].acknowledged

    asyncio.run(scenario())


def test_a_change_of_the_live_state_alone_comes_without_the_rest(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        live = Live(grants=(grant("opens"),))
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            policyd.server.publish(revision(1))
            await eventually(lambda: point.in_force == [1])
            policyd.server.publish(revision(2, live=live, is_full=False))
            await eventually(lambda: point.in_force == [1, 2])

        assert [(2, live)] == point.lives
        assert 1 == len(point.sources)
        assert Source(2, policy(), live=live) == load_last_snapshot(point.snapshot_path)

    asyncio.run(scenario())


def test_what_a_new_source_has_in_common_with_the_one_before_a_point_has_once(
    folder: Path,
) -> None:
    async def scenario() -> None:
        point = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            for number in (1, 2):
                policyd.server.publish(revision(number))
                await eventually(lambda number=number: point.in_force[-1:] == [number])

        first, second = point.sources
        assert first.policy.school_time is second.policy.school_time

    asyncio.run(scenario())


def test_a_point_that_starts_anew_has_what_it_had_without_policyd(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        live = Live(grants=(grant("opens"),))
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            policyd.server.publish(revision(1))
            policyd.server.publish(revision(2, live=live, is_full=False))
            await eventually(lambda: point.in_force[-1:] == [2])
        again = Point(folder)

        assert Source(2, policy(), live=live) == again.client.load_last_snapshot()
        assert 2 == again.client.have
        await again.client.stop()

    asyncio.run(scenario())


def test_a_damaged_last_snapshot_is_counted_and_not_used(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            policyd.server.publish(revision(3))
            await eventually(lambda: point.in_force == [3])
        content = bytearray(point.snapshot_path.read_bytes())
        content[-1] ^= 1
        point.snapshot_path.write_bytes(content)
        again = Point(folder)

        assert None is again.client.load_last_snapshot()
        assert (0, 1) == (again.client.have, again.client.snapshots_unreadable)
        await again.client.stop()

    asyncio.run(scenario())


def test_a_revision_that_cannot_be_put_in_force_is_not_acknowledged(folder: Path) -> None:
    """And the one before stays, on disk too, until it can; then the whole source comes."""

    async def scenario() -> None:
        point = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            policyd.server.publish(revision(1))
            await eventually(lambda: point.in_force == [1])
            point.is_failing = True
            policyd.server.publish(revision(2, is_full=False, live=Live(grants=(grant("a"),))))
            await eventually(lambda: not point.client.is_connected)

            assert 1 == point.client.have
            kept = load_last_snapshot(point.snapshot_path)
            assert kept is not None
            assert 1 == kept.number
            assert 2 > max(each.acknowledged for each in policyd.server.status().points)

            point.is_failing = False
            await eventually(lambda: point.in_force == [1, 2])
            assert [1, 2] == [source.number for source in point.sources]

    asyncio.run(scenario())


def test_a_point_that_missed_a_full_revision_is_not_given_the_live_state_alone(
    folder: Path,
) -> None:
    async def scenario() -> None:
        point = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd:
            async with running(point):
                policyd.server.publish(revision(1))
                await eventually(lambda: point.in_force == [1])
            policyd.server.publish(revision(2))
            policyd.server.publish(revision(3, is_full=False))
            again = Point(folder)
            again.client.load_last_snapshot()
            async with running(again):
                await eventually(lambda: again.in_force == [3])

            assert [3] == [source.number for source in again.sources]
            assert [] == again.lives

    asyncio.run(scenario())


def test_an_older_number_never_replaces_a_newer_one(folder: Path) -> None:
    """A policyd whose disk was lost counts from 1 again; it hears of the number and goes past."""

    async def scenario() -> None:
        point = Point(folder)
        async with running(point):
            async with running_policyd(folder / "policyd.sock") as policyd:
                policyd.server.publish(revision(9))
                await eventually(lambda: point.in_force == [9])
            async with running_policyd(folder / "policyd.sock") as policyd:
                policyd.server.publish(revision(2))
                await eventually(lambda: 9 in policyd.ahead)
                policyd.server.publish(revision(10))
                await eventually(lambda: point.in_force == [9, 10])

        assert [9, 10] == [source.number for source in point.sources]

    asyncio.run(scenario())


def test_a_point_finds_policyd_again_when_that_comes_back(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        async with running(point):
            for number in (1, 2, 3):
                async with running_policyd(folder / "policyd.sock") as policyd:
                    policyd.server.publish(revision(number))
                    await eventually(lambda wanted=number: wanted in point.in_force)

        assert [1, 2, 3] == point.in_force

    asyncio.run(scenario())


def test_tightening_reaches_dns_first_and_loosening_the_proxy(folder: Path) -> None:
    async def scenario() -> None:
        order: list[tuple[str, int]] = []

        def note(point: str, number: int) -> None:
            order.append((point, number))

        dns = Point(folder, PointKind.DNS, note)
        proxy = Point(folder, PointKind.PROXY, note)
        async with running_policyd(folder / "policyd.sock") as policyd, running(dns, proxy):
            policyd.server.publish(revision(1))
            await eventually(lambda: 1 in dns.in_force and 1 in proxy.in_force)
            policyd.server.publish(revision(2, direction=Direction.TIGHTEN))
            await eventually(lambda: 2 in dns.in_force and 2 in proxy.in_force)
            policyd.server.publish(revision(3, direction=Direction.LOOSEN))
            await eventually(lambda: 3 in dns.in_force and 3 in proxy.in_force)

        assert ["dns", "proxy"] == [name for name, number in order if number == 2][:2]
        assert ["proxy", "dns"] == [name for name, number in order if number == 3][:2]

    asyncio.run(scenario())


def test_in_force_everywhere_is_said_only_after_the_last_acknowledgement(folder: Path) -> None:
    async def scenario() -> None:
        dns = Point(folder, PointKind.DNS)
        proxy = Point(folder, PointKind.PROXY)
        async with running_policyd(folder / "policyd.sock") as policyd, running(dns, proxy):
            policyd.server.publish(revision(1))
            await eventually(lambda: 1 in dns.in_force and 1 in proxy.in_force)
            proxy.is_failing = True
            policyd.server.publish(revision(2))
            await eventually(lambda: dns.client.have == 2 and not proxy.client.is_connected)
            # The proxy comes again and again, and is connected when the claim is looked at.
            await eventually(lambda: _is_connected_behind(policyd.server.status().points, 2))
            assert 2 > policyd.server.status().in_force_version

            proxy.is_failing = False
            await eventually(lambda: 2 in proxy.in_force and 2 in dns.in_force)
            assert 2 == policyd.server.status().in_force_version

    asyncio.run(scenario())


def _is_connected_behind(points: tuple[object, ...], number: int) -> bool:
    return any(
        getattr(each, "is_connected", False) and getattr(each, "acknowledged", 0) < number
        for each in points
    )


def test_a_silent_first_group_keeps_the_others_waiting_only_briefly(folder: Path) -> None:
    async def scenario() -> None:
        proxy = Point(folder, PointKind.PROXY)
        async with running_policyd(folder / "policyd.sock") as policyd, running(proxy):
            policyd.server.publish(revision(1))
            await eventually(lambda: proxy.in_force == [1])
            policyd.server.rollout.connect(PointKind.DNS, "dns")  # it never answers
            policyd.server.publish(revision(2))
            async with asyncio.timeout(3.0):
                await eventually(lambda: proxy.client.have == 2)

            waiting = {
                each.name: each.unacknowledged_for_s for each in policyd.server.status().points
            }
            assert 0.25 < waiting["dns"]
            assert [1] == proxy.in_force

    asyncio.run(scenario())


def test_events_arrive_once_each_and_leave_the_spool(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            for count in range(1, 1201):
                point.client.offer(event(count))
            await eventually(lambda: len(policyd.stored.counts) == 1200)
            await eventually(lambda: [] == list((folder / "spool" / "dns").glob("*.events")))

            assert list(range(1, 1201)) == policyd.stored.in_order
            senders = {(sender, boot) for sender, boot, _ in policyd.stored.counts}
            assert {("dns", point.spool.boot)} == senders

    asyncio.run(scenario())


def test_a_store_that_fails_is_logged_by_its_cause_without_a_trace(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        with capture_logs() as logged:
            async with running_policyd(folder / "policyd.sock") as policyd:
                policyd.stored.is_failing = True
                policyd.stored.failure = StoreError("events.db: cannot be opened")
                async with running(point):
                    point.client.offer(event(1))
                    await eventually(lambda: any("cause" in each for each in logged))

        found = next(each for each in logged if each["event"] == "events are not stored")
        assert "events.db: cannot be opened" == found["cause"]
        assert "exc_info" not in found
        assert 1 == len(list((folder / "spool" / "dns").glob("*.events")))

    asyncio.run(scenario())


def test_events_that_could_not_be_stored_stay_in_the_spool(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd:
            policyd.stored.is_failing = True
            async with running(point):
                point.client.offer(event(1))
                await eventually(lambda: len(policyd.stored.batches) > 0)
            assert 1 == len(list((folder / "spool" / "dns").glob("*.events")))

            policyd.stored.is_failing = False
            again = Point(folder)
            async with running(again):
                again.client.offer(event(2))
                await eventually(lambda: policyd.stored.in_order == [1, 2])

            assert {point.spool.boot, again.spool.boot} == {
                boot for _, boot, _ in policyd.stored.counts
            }

    asyncio.run(scenario())


def test_events_of_an_outage_are_delivered_when_policyd_returns(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        async with running(point):
            for count in range(1, 51):
                point.client.offer(event(count))
            await eventually(lambda: 1 == len(list((folder / "spool" / "dns").glob("*.events"))))
            async with running_policyd(folder / "policyd.sock") as policyd:
                await eventually(lambda: len(policyd.stored.counts) == 50)
                assert list(range(1, 51)) == policyd.stored.in_order

    asyncio.run(scenario())
