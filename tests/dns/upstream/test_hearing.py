"""What became of a question is told once, whatever became of it."""

import asyncio

import pytest
from dns_local import run, until

from schoolgate_dns.errors import WireError
from schoolgate_dns.upstream.hearing import Heard, Hearing, Outcome, heard_of


async def saying(said: bytes | Exception, after: asyncio.Event | None = None) -> bytes:
    if after is not None:
        await after.wait()
    if isinstance(said, Exception):
        raise said
    return said


@pytest.mark.parametrize(
    "said", [b"octets", TimeoutError(), ConnectionRefusedError(), WireError("x")], ids=repr
)
@pytest.mark.parametrize("waits", [False, True])
def test_what_a_coroutine_returns_or_raises_is_told(
    said: bytes | Exception, *, waits: bool
) -> None:
    async def ask() -> list[Outcome]:
        told: list[Outcome] = []
        hearing = Hearing()
        event = asyncio.Event() if waits else None
        hearing.start(saying(said, event), told.append)
        # Where it had nothing to wait for, it is told already.
        assert (0 if waits else 1) == len(told)
        if event is not None:
            event.set()
        await until(lambda: bool(told))
        await hearing.close()
        assert 0 == len(hearing._tasks)
        return told

    assert [said] == run(ask())


def test_whoever_waits_when_all_is_closed_is_told_none() -> None:
    async def ask() -> list[Outcome]:
        told: list[Outcome] = []
        hearing = Hearing()
        for _ in range(3):
            hearing.start(saying(b"never", asyncio.Event()), told.append)
        await hearing.close()
        return told

    assert [None] * 3 == run(ask())


@pytest.mark.parametrize("said", [b"octets", TimeoutError(), WireError("x")], ids=repr)
def test_what_is_told_can_be_waited_for(said: bytes | OSError | WireError) -> None:
    async def ask() -> Outcome:
        heards: list[Heard] = []
        waiting = asyncio.create_task(heard_of(heards.append))
        await asyncio.sleep(0)
        heards[0](said)
        try:
            return await waiting
        except (OSError, WireError) as error:
            return error

    assert said is run(ask())


def test_none_ends_the_waiting_and_who_has_gone_is_told_nothing() -> None:
    async def ask() -> list[bool]:
        heards: list[Heard] = []
        waiting = [asyncio.create_task(heard_of(heards.append)) for _ in range(2)]
        await asyncio.sleep(0)
        heards[0](None)
        waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        heards[1](b"too late")
        return [each.cancelled() for each in waiting]

    assert [True, True] == run(ask())
