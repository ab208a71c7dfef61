"""policyd's side of updates: a process at the start, when it is wanted, and never two."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from ipc_world import eventually

from schoolgate_policyd.lists.running import ListUpdates

NOTE = "import os, sys; open(sys.argv[1], 'a').write(os.environ['SCHOOLGATE_SUPERVISOR'] + '\\n')"
HANG = (
    "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(600)"
)


def updates(folder: Path, code: str, *, most_s: float = 60.0) -> ListUpdates:
    (folder / "rules" / "lists").mkdir(parents=True)
    return ListUpdates(
        folder / "rules",
        folder / "lists",
        (sys.executable, "-c", code, str(folder / "told")),
        every_s=600,
        most_s=most_s,
        settle_s=0.01,
    )


def told(folder: Path) -> list[str]:
    path = folder / "told"
    return path.read_text().splitlines() if path.exists() else []


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    return True


def test_lists_are_updated_at_the_start_and_when_it_is_wanted(tmp_path: Path) -> None:
    async def run() -> None:
        lists = updates(tmp_path, NOTE)
        running = asyncio.create_task(lists.run())
        await eventually(lambda: len(told(tmp_path)) == 1)
        lists.want()
        await eventually(lambda: len(told(tmp_path)) == 2)
        await ended(running)

    asyncio.run(run())
    assert [str(os.getpid())] * 2 == told(tmp_path)


def test_an_update_ends_with_policyd(tmp_path: Path) -> None:
    async def run() -> int:
        running = asyncio.create_task(updates(tmp_path, HANG).run())
        await eventually(lambda: len(told(tmp_path)) == 1)
        await ended(running)
        return int(told(tmp_path)[0])

    assert not is_alive(asyncio.run(run()))


def test_an_update_that_hangs_is_ended_and_the_next_one_runs(tmp_path: Path) -> None:
    async def run() -> None:
        lists = updates(tmp_path, HANG, most_s=1.0)
        running = asyncio.create_task(lists.run())
        await eventually(lambda: len(told(tmp_path)) == 1)
        lists.want()
        await eventually(lambda: len(told(tmp_path)) == 2)
        await ended(running)

    asyncio.run(run())
    assert not any(is_alive(int(pid)) for pid in told(tmp_path))


def test_a_command_that_cannot_start_ends_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "lists").mkdir()
        lists = ListUpdates(tmp_path, tmp_path / "lists", (str(tmp_path / "nothing"),))
        running = asyncio.create_task(lists.run())
        await asyncio.sleep(0)
        lists.want()
        assert () == lists.faults()
        await ended(running)

    asyncio.run(run())


def test_without_lists_nothing_is_started(tmp_path: Path) -> None:
    async def run() -> None:
        lists = ListUpdates(
            tmp_path / "rules",
            tmp_path / "lists",
            (sys.executable, "-c", NOTE, str(tmp_path / "told")),
            every_s=0.01,
            settle_s=0.01,
        )
        running = asyncio.create_task(lists.run())
        for _ in range(20):
            lists.want()
            await asyncio.sleep(0.002)
        await ended(running)

    asyncio.run(run())
    assert [] == told(tmp_path)


def test_on_the_gateway_whoever_listens_updates_and_policyd_waits_for_the_end(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        (tmp_path / "lists").mkdir()
        asked: list[asyncio.StreamWriter] = []
        listening = await asyncio.start_unix_server(
            lambda _reader, writer: asked.append(writer), tmp_path / "asked"
        )
        lists = ListUpdates(
            tmp_path / "rules",
            tmp_path / "lists",
            (sys.executable, "-c", NOTE, str(tmp_path / "told")),
            socket_path=tmp_path / "asked",
            settle_s=0.01,
        )
        running = asyncio.create_task(lists.run())
        await eventually(lambda: len(asked) == 1)
        lists.want()
        await asyncio.sleep(0.05)  # nothing may happen meanwhile
        assert 1 == len(asked)
        asked[0].close()
        await eventually(lambda: len(asked) == 2)
        asked[1].close()
        await ended(running)
        listening.close()
        await listening.wait_closed()

    asyncio.run(run())
    assert [] == told(tmp_path)


def test_where_nobody_answers_the_next_update_is_tried_all_the_same(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "lists").mkdir()
        (tmp_path / "asked").touch()
        lists = ListUpdates(
            tmp_path / "rules",
            tmp_path / "lists",
            socket_path=tmp_path / "asked",
            every_s=0.01,
            settle_s=0.01,
        )
        running = asyncio.create_task(lists.run())
        await asyncio.sleep(0)
        (tmp_path / "asked").unlink()
        asked = asyncio.Event()
        listening = await asyncio.start_unix_server(
            lambda _reader, writer: (asked.set(), writer.close()), tmp_path / "asked"
        )
        await asyncio.wait_for(asked.wait(), 10)
        await ended(running)
        listening.close()
        await listening.wait_closed()

    asyncio.run(run())
