"""What pages, supervisor and command line ask policyd, and where its socket may lie."""

import asyncio
import os
import socket
import stat
import time
from pathlib import Path

import pytest
from ipc_world import Point, event, eventually, grant, revision, running, running_policyd

from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.ipc.admin import AdminClient
from schoolgate_policyd.ipc.listening import SocketPathError, listen_privately
from schoolgate_policyd.ipc.messages import Direction, PointKind


def test_status_says_which_store_version_is_in_force_everywhere(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        admin = AdminClient(folder / "policyd.sock")
        async with running_policyd(folder / "policyd.sock") as policyd:
            policyd.server.publish(revision(4, version=40))
            policyd.server.faults = ("rules/x.yaml:3: no such service",)
            nobody = await asyncio.to_thread(admin.status)
            assert nobody is not None
            assert (4, 40, 0) == (nobody.number, nobody.store_version, nobody.in_force_version)
            assert ("rules/x.yaml:3: no such service",) == nobody.faults
            async with running(point):
                await eventually(lambda: point.in_force == [4])
                status = await asyncio.to_thread(admin.status)
                assert status is not None
                assert 40 == status.in_force_version
                policyd.server.note_version(41)
                noted = await asyncio.to_thread(admin.status)
                assert noted is not None
                assert (4, 41, 41) == (noted.number, noted.store_version, noted.in_force_version)

    asyncio.run(scenario())


def test_a_wake_is_answered_when_the_change_is_in_force(folder: Path) -> None:
    async def scenario() -> None:
        point = Point(folder)
        async with running_policyd(folder / "policyd.sock") as policyd, running(point):
            policyd.server.publish(revision(1))
            await eventually(lambda: point.in_force == [1])
            policyd.server.publish(
                revision(
                    2,
                    live=Live(grants=(grant("a"),)),
                    direction=Direction.LOOSEN,
                    is_full=False,
                    version=77,
                )
            )
            status = await asyncio.to_thread(AdminClient(folder / "policyd.sock").wake)

            assert status is not None
            assert (2, 77, 77) == (status.number, status.store_version, status.in_force_version)
            assert 1 == policyd.wakes

    asyncio.run(scenario())


def test_a_wake_does_not_wait_long_for_a_silent_point(folder: Path) -> None:
    async def scenario() -> None:
        async with running_policyd(folder / "policyd.sock") as policyd:
            policyd.server.rollout.connect(PointKind.PROXY, "proxy")
            policyd.server.publish(revision(1))
            status = await asyncio.to_thread(AdminClient(folder / "policyd.sock").wake, 5.0)

            assert status is not None
            assert 0 == status.in_force_version

    asyncio.run(scenario())


def test_no_policyd_is_an_answer_and_no_error(folder: Path) -> None:
    assert None is AdminClient(folder / "policyd.sock").status()
    assert None is AdminClient(folder / "policyd.sock").wake()


def test_a_policyd_that_accepts_and_says_nothing_is_left_in_time(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "policyd.sock"))
        listener.listen(1)
        before_s = time.monotonic()

        assert None is AdminClient(folder / "policyd.sock").status(0.2)
        assert 0.15 < time.monotonic() - before_s < 5


def test_only_the_owner_reaches_the_socket(folder: Path) -> None:
    (folder / "var").mkdir(mode=0o755)
    path = folder / "var" / "policyd.sock"
    listen_privately(path).close()

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)


def test_a_folder_that_others_can_write_to_is_refused(folder: Path) -> None:
    shared = folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(SocketPathError, match="other users can write there; give `var_dir`"):
        listen_privately(shared / "policyd.sock")


def test_a_socket_that_a_dead_process_left_is_replaced(folder: Path) -> None:
    path = folder / "policyd.sock"
    listen_privately(path).close()  # closed and not removed, as a killed process leaves it
    assert path.is_socket()
    listen_privately(path).close()


def test_a_socket_that_answers_is_left_alone(folder: Path) -> None:
    path = folder / "policyd.sock"
    with listen_privately(path), pytest.raises(SocketPathError, match="another policyd answers"):
        listen_privately(path)


def test_a_file_that_is_no_socket_is_left_alone(folder: Path) -> None:
    path = folder / "policyd.sock"
    path.write_text("mine")
    with pytest.raises(SocketPathError, match="is not a socket; remove it"):
        listen_privately(path)
    assert "mine" == path.read_text()


def test_a_path_too_long_for_a_socket_names_the_remedy(folder: Path) -> None:
    path = folder / ("x" * 120) / "policyd.sock"
    with pytest.raises(SocketPathError, match="choose a shorter `var_dir`"):
        listen_privately(path)
    assert 107 < len(os.fsencode(path))


def test_a_block_is_on_the_disk_within_a_tenth_of_a_second(folder: Path) -> None:
    """The best of a few, since the machine has other things to do too."""

    async def scenario() -> list[float]:
        point = Point(folder)
        spool_folder = folder / "spool" / "dns"
        took = []
        async with running(point):
            for count in range(1, 6):
                before = _octets(spool_folder)
                start_s = time.monotonic()
                point.client.offer(event(count))
                await eventually(lambda before=before: _octets(spool_folder) > before)
                took.append(time.monotonic() - start_s)
        return took

    assert 0.1 > min(asyncio.run(scenario()))


def _octets(spool_folder: Path) -> int:
    return sum(path.stat().st_size for path in spool_folder.glob("*.events"))
