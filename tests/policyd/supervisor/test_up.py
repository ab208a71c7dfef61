"""The supervisor over real processes that a test writes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from ipc_world import eventually

from schoolgate_policyd.child import SUPERVISOR_VARIABLE
from schoolgate_policyd.config import Settings
from schoolgate_policyd.supervisor.children import MOST_FAILED_STARTS, Child
from schoolgate_policyd.supervisor.up import StartError, Supervisor

SERVES = """
import sys, time
print("ready {name} 127.0.0.1:1", flush=True)
print("10:29:00 {name} allow", flush=True)
while True:
    time.sleep(60)
"""
DEAF = (
    """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""
    + SERVES
)
LEADER = """
import subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(f"worker {{worker.pid}}", flush=True)
print("ready {name} 127.0.0.1:1", flush=True)
time.sleep(600)
"""
NEVER = "import sys; sys.exit(3)"


def _program(name: str, text: str = SERVES) -> tuple[str, ...]:
    return (sys.executable, "-c", text.format(name=name))


def _is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


class World:
    def __init__(self, folder: Path, **programs: str) -> None:
        self.lines: list[str] = []
        self.greeted = 0
        self.supervisor = Supervisor(
            Settings(var_dir=folder),
            {name: _program(name, text) for name, text in programs.items()},
            os.environ,
            show=self.lines.append,
            greet=self._greet,
        )

    def _greet(self) -> None:
        self.greeted += 1

    def pid(self, name: str) -> int:
        pid = self.supervisor.children[name].pid
        assert pid is not None
        return pid

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.supervisor.run())
        try:
            await eventually(lambda: self.greeted == 1 or task.done())
            yield
        finally:
            if not task.done():
                os.kill(os.getpid(), signal.SIGTERM)
            await task


def test_it_greets_once_all_serve_and_passes_live_lines_through(folder: Path) -> None:
    world = World(folder, policyd=SERVES, dns=SERVES, proxy=SERVES, webui=SERVES)

    async def scenario() -> None:
        async with world.running():
            assert all(child.is_ready.is_set() for child in world.supervisor.children.values())
            await eventually(lambda: len(world.lines) == 4)
            pids = [world.pid(name) for name in ("policyd", "dns", "proxy", "webui")]
            assert all(_is_alive(pid) for pid in pids)
        assert [False] * 4 == [_is_alive(pid) for pid in pids]

    asyncio.run(scenario())
    assert {f"10:29:00 {name} allow" for name in ("policyd", "dns", "proxy", "webui")} | {
        "stopping"
    } == set(world.lines)


def test_the_pages_start_once_policyd_serves(folder: Path) -> None:
    waits = (
        "import os, time\n"
        f"while not os.path.exists({str(folder / 'go')!r}): time.sleep(0.01)\n" + SERVES
    )
    world = World(folder, policyd=waits, dns=SERVES, webui=SERVES)

    async def scenario() -> None:
        task = asyncio.create_task(world.supervisor.run())
        await eventually(world.supervisor.children["dns"].is_ready.is_set)
        assert None is world.supervisor.children["webui"].pid
        (folder / "go").touch()
        await eventually(lambda: world.greeted == 1)
        assert world.supervisor.children["webui"].is_ready.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        await task

    asyncio.run(scenario())


def test_a_process_that_dies_is_started_again_and_nothing_else_is(folder: Path) -> None:
    world = World(folder, policyd=SERVES, dns=SERVES)

    async def scenario() -> None:
        async with world.running():
            dns, policyd = world.pid("dns"), world.pid("policyd")
            os.kill(dns, signal.SIGKILL)
            await eventually(lambda: "dns ended with SIGKILL, started again" in world.lines)
            await eventually(world.supervisor.children["dns"].is_ready.is_set)
            assert dns != world.pid("dns")
            assert policyd == world.pid("policyd")

    asyncio.run(scenario())


def test_what_a_dead_process_had_started_dies_with_it(folder: Path) -> None:
    """Else it would keep the port from the one that follows."""
    world = World(folder, policyd=SERVES, webui=LEADER)

    async def scenario() -> None:
        async with world.running():
            await eventually(lambda: any(line.startswith("worker") for line in world.lines))
            worker = int(next(line for line in world.lines if "worker" in line).split()[1])
            assert _is_alive(worker)
            os.kill(world.pid("webui"), signal.SIGKILL)
            await eventually(lambda: not _is_alive(worker))

    asyncio.run(scenario())


def test_a_process_that_never_serves_ends_the_start_and_stops_the_others(folder: Path) -> None:
    world = World(folder, policyd=SERVES, dns=NEVER)

    async def scenario() -> None:
        with pytest.raises(StartError, match="dns cannot be started"):
            await world.supervisor.run()
        assert not _is_alive(world.pid("policyd"))

    asyncio.run(scenario())
    assert 0 == world.greeted
    again = world.lines.count("dns ended with status 3, started again")
    assert MOST_FAILED_STARTS - 1 == again


def test_a_program_that_does_not_exist_ends_the_start(folder: Path) -> None:
    world = World(folder, policyd=SERVES)
    world.supervisor.children["dns"] = Child(
        "dns", (str(folder / "missing"),), os.environ, world.lines.append
    )

    async def scenario() -> None:
        with pytest.raises(StartError, match="dns cannot be started"):
            await world.supervisor.run()

    asyncio.run(scenario())
    assert "dns `No such file or directory`, started again" not in world.lines
    assert any("No such file or directory" in line for line in world.lines)


def test_a_deaf_process_is_stopped_by_force() -> None:
    async def scenario() -> None:
        lines: list[str] = []
        child = Child("dns", _program("dns", DEAF), os.environ, lines.append, stop_within_s=0.2)
        child.start()
        await eventually(child.is_ready.is_set)
        pid = child.pid
        assert pid is not None
        await child.stop()

        assert not _is_alive(pid)
        assert [line for line in lines if "started again" in line] == []

    asyncio.run(scenario())


def test_a_restart_names_its_reason() -> None:
    async def scenario() -> None:
        lines: list[str] = []
        child = Child("dns", _program("dns"), os.environ, lines.append)
        child.start()
        await eventually(child.is_ready.is_set)
        before = child.pid
        await child.restart("was silent for 6 s")
        await eventually(lambda: child.is_ready.is_set() and child.pid != before)
        await child.stop()

        assert "dns was silent for 6 s, started again" in lines

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("print('x' * 200_000)", 0),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe caf\\xc3\\xa9\\n')", 1),
        ("print('ready proxy 127.0.0.1:1')", 1),
        ("print('ready')", 1),
    ],
)
def test_odd_lines_do_no_harm(text: str, shown: int) -> None:
    """A line beyond the bound is dropped; another's ready line makes nobody ready."""

    async def scenario() -> None:
        lines: list[str] = []
        child = Child("dns", _program("dns", text + "\n" + SERVES), os.environ, lines.append)
        child.start()
        await eventually(child.is_ready.is_set)
        await eventually(lambda: "10:29:00 dns allow" in lines)
        assert "127.0.0.1:1" == child.where
        await child.stop()

        assert shown + 1 == len(lines)

    asyncio.run(scenario())


PARENT = """
import os, subprocess, sys, time
environment = os.environ | {sys.argv[1]: str(os.getpid())}
command = [sys.executable, "-m", "schoolgate_policyd.child", "deaf_module"]
child = subprocess.Popen(command, env=environment, start_new_session=True)
time.sleep(600)
"""


def test_a_supervisor_that_is_killed_takes_its_processes_with_it(folder: Path) -> None:
    (folder / "deaf_module.py").write_text(
        "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, SUPERVISOR_VARIABLE],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert _is_alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline_s = time.monotonic() + 20
    while _is_alive(pid) and time.monotonic() < deadline_s:
        time.sleep(0.01)

    assert not _is_alive(pid)
