"""A doubt about the clock is told once when it begins and once when it ends, and stored."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime

from ipc_world import eventually

from schoolgate_policyd.clock import Doubt
from schoolgate_policyd.clock_alarm import TRUSTED_AGAIN, ClockAlarm
from schoolgate_policyd.ipc.messages import EventBatch, Noticed, PointKind

NOW = datetime(2026, 11, 20, 10, 29, tzinfo=UTC)
DOUBT = Doubt("the gateway's clock stepped forward by 2 hours", NOW)
SENTENCE = (
    "the gateway's clock stepped forward by 2 hours; until it is trusted again the rules of "
    "lessons apply, and no grant opens anything"
)


class FakeClock:
    def __init__(self) -> None:
        self.doubt: Doubt | None = None

    def now(self) -> datetime:
        return NOW


class FakeEvents:
    def __init__(self) -> None:
        self.batches: list[EventBatch] = []
        self.failures = 0

    def append(self, batch: EventBatch, *, at: datetime) -> int:
        assert NOW == at
        if self.failures:
            self.failures -= 1
            raise OSError("no space left")
        self.batches.append(batch)
        return 1

    @property
    def told(self) -> list[str]:
        return [
            each.event.evidence
            for batch in self.batches
            for each in batch.events
            if isinstance(each.event, Noticed)
        ]


def watched(
    scenario: Callable[[FakeClock, FakeEvents, ClockAlarm], Coroutine[None, None, None]],
) -> None:
    async def run() -> None:
        clock, events = FakeClock(), FakeEvents()
        alarm = ClockAlarm(clock, clock, events)
        running = asyncio.create_task(alarm.run(every_s=0.001))
        try:
            await scenario(clock, events, alarm)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


def test_a_doubt_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    async def scenario(clock: FakeClock, events: FakeEvents, alarm: ClockAlarm) -> None:
        assert () == alarm.faults
        clock.doubt = DOUBT
        await eventually(lambda: events.told == [SENTENCE])
        assert (SENTENCE,) == alarm.faults
        clock.doubt = Doubt("something else by now", NOW)
        await asyncio.sleep(0.01)
        clock.doubt = None
        await eventually(lambda: events.told == [SENTENCE, TRUSTED_AGAIN])
        assert () == alarm.faults
        (event,) = (each.event for each in events.batches[0].events)
        assert Noticed(NOW, PointKind.POLICYD, "", "", "clock", SENTENCE) == event
        # Redelivered or not, each has a place of its own.
        assert [1, 2] == [each.events[0].sequence for each in events.batches]

    watched(scenario)


def test_what_cannot_be_stored_is_stored_later_in_order() -> None:
    async def scenario(clock: FakeClock, events: FakeEvents, _alarm: ClockAlarm) -> None:
        events.failures = 3
        clock.doubt = DOUBT
        await eventually(lambda: events.failures < 3)
        clock.doubt = None
        await eventually(lambda: events.told == [SENTENCE, TRUSTED_AGAIN])

    watched(scenario)
