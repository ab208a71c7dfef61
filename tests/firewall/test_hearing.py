"""What DNS tells is heard, whatever else comes in on the socket."""

import asyncio
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from firewall_world import PUPIL, PUPIL_LINK, link_to, told
from ipc_world import eventually

from schoolgate_firewall.hearing import Hearing, HearingError
from schoolgate_policyd.netfilter.ways import LONGEST_TOLD, Told, datagram_of, encode_told

TOLD = told(PUPIL, "lessons.example", link_to(PUPIL_LINK))


def with_hearing(path: Path, use: Callable[[Hearing, list[Told]], Awaitable[None]]) -> None:
    async def run() -> None:
        heard: list[Told] = []
        hearing = Hearing(path, heard.append)
        hearing.start()
        try:
            await use(hearing, heard)
        finally:
            hearing.stop()

    asyncio.run(run())


def tell(path: Path, *datagrams: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
        teller.connect(str(path))
        for each in datagrams:
            teller.send(each)


def test_what_is_told_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "firewall" / "ways.sock"

    async def use(_: Hearing, heard: list[Told]) -> None:
        tell(path, datagram_of([encode_told(TOLD)]))
        await eventually(lambda: heard == [TOLD])

    with_hearing(path, use)
    assert not path.exists()


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\xc1",
        b"\x90" * 100,
        bytes(LONGEST_TOLD + 1),
        datagram_of([encode_told(TOLD)]) + bytes(LONGEST_TOLD),
    ],
)
def test_what_is_no_telling_is_counted_and_the_next_is_heard(
    tmp_path: Path, datagram: bytes
) -> None:
    path = tmp_path / "ways.sock"

    async def use(hearing: Hearing, heard: list[Told]) -> None:
        tell(path, datagram, datagram_of([encode_told(TOLD)]))
        await eventually(lambda: heard == [TOLD])
        assert 1 == hearing.unreadable

    with_hearing(path, use)


def test_a_socket_that_a_dead_process_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ways.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(path))

    async def use(_: Hearing, heard: list[Told]) -> None:
        tell(path, datagram_of([encode_told(TOLD)]))
        await eventually(lambda: heard == [TOLD])

    with_hearing(path, use)


@pytest.mark.parametrize(("folder_mode", "mode"), [(0o700, 0o600), (0o2750, 0o660)])
def test_who_may_tell_is_as_the_folder_says(tmp_path: Path, folder_mode: int, mode: int) -> None:
    folder = tmp_path / "firewall"
    folder.mkdir()
    folder.chmod(folder_mode)

    async def use(_: Hearing, __: list[Told]) -> None:
        await asyncio.sleep(0)
        assert mode == stat.S_IMODE((folder / "ways.sock").stat().st_mode)

    with_hearing(folder / "ways.sock", use)


def test_a_place_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "firewall").write_text("a file")

    async def use(_: Hearing, __: list[Told]) -> None:
        await asyncio.sleep(0)

    with pytest.raises(HearingError, match=r"ways\.sock.*run_dir"):
        with_hearing(tmp_path / "firewall" / "ways.sock", use)


def test_the_socket_of_whoever_came_after_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ways.sock"

    async def use(_: Hearing, __: list[Told]) -> None:
        await asyncio.sleep(0)
        path.unlink()
        path.write_text("another's")

    with_hearing(path, use)
    assert "another's" == path.read_text()


def test_what_was_heard_is_noted_for_whoever_comes_after_and_nothing_else(tmp_path: Path) -> None:
    path, noted = tmp_path / "ways.sock", list[bytes]()
    datagram = datagram_of([encode_told(TOLD)])

    async def run() -> None:
        hearing = Hearing(path, lambda _: None, noted.extend)
        hearing.start()
        try:
            tell(path, datagram, b"\xc1", datagram)
            await eventually(lambda: hearing.heard == 3)
        finally:
            hearing.stop()

    asyncio.run(run())
    assert [datagram, datagram] == noted
