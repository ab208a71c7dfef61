"""The firewall's point hears of ways if it is there, and nobody waits for it."""

import contextlib
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from schoolgate_dns.ways.telling import MOST_WAITING, Teller
from schoolgate_policyd.netfilter.ways import (
    LONGEST_TOLD,
    MOST_TOLD_AT_ONCE,
    Told,
    decode_told,
    link_way,
)

TOLD = Told("10.0.1.10", ("books.example",), (link_way(3, bytes(6), b"\xc0\0\2\1"),), 1020)


@pytest.fixture
def path() -> Iterator[Path]:
    """A path short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="sg-", dir="/tmp") as folder:
        yield Path(folder) / "ways.sock"


@contextmanager
def point_at(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
        own.setblocking(False)
        own.bind(str(path))
        yield own


@contextmanager
def teller_at(path: Path) -> Iterator[Teller]:
    teller = Teller(path)
    yield teller
    teller.close()


def test_without_a_loop_each_answer_is_one_datagram(path: Path) -> None:
    with point_at(path) as point, teller_at(path) as teller:
        assert [True, True] == [teller.tell(TOLD) for _ in range(2)]
        assert [(TOLD,), (TOLD,)] == [decode_told(point.recv(65_536)) for _ in range(2)]

    assert (1, 0) == (teller.meetings, teller.untold)


def test_what_is_told_in_one_turn_of_the_loop_is_one_datagram(path: Path) -> None:
    later: list[Callable[[], None]] = []
    with point_at(path) as point, teller_at(path) as teller:
        teller.soon = later.append
        assert all(teller.tell(numbered(number)) for number in range(MOST_TOLD_AT_ONCE + 1))
        (tell,) = later
        tell()
        first, second = (decode_told(point.recv(65_536)) for _ in range(2))

    assert (MOST_TOLD_AT_ONCE, 1) == (len(first), len(second))
    assert tuple(map(numbered, range(MOST_TOLD_AT_ONCE + 1))) == first + second


def test_a_datagram_is_no_longer_than_the_point_reads(path: Path) -> None:
    long = msgspec.structs.replace(TOLD, names=("a" * 250,) * 12)
    later: list[Callable[[], None]] = []
    with point_at(path) as point, teller_at(path) as teller:
        teller.soon = later.append
        told = [teller.tell(long) for _ in range(20)]
        later[0]()
        sizes = []
        with contextlib.suppress(BlockingIOError):
            while True:
                sizes.append(len(point.recv(65_536)))

    assert all(told)
    assert max(sizes) <= LONGEST_TOLD < sum(sizes)


def test_what_nobody_hears_is_counted(path: Path) -> None:
    with teller_at(path) as teller:
        assert not teller.tell(TOLD)

    assert (0, 1) == (teller.meetings, teller.untold)


def test_a_point_that_comes_later_is_found(path: Path) -> None:
    with teller_at(path) as teller:
        teller.tell(TOLD)
        with point_at(path) as point:
            assert teller.tell(TOLD)
            assert (TOLD,) == decode_told(point.recv(65_536))


def test_one_that_begins_anew_is_found_at_once_and_known_to_be_another(path: Path) -> None:
    with teller_at(path) as teller:
        with point_at(path):
            teller.tell(TOLD)
        with point_at(path) as point:
            assert teller.tell(TOLD)
            assert (TOLD,) == decode_told(point.recv(65_536))

    assert (2, 0) == (teller.meetings, teller.untold)


def test_another_point_is_noticed_though_there_is_nothing_to_tell(path: Path) -> None:
    with teller_at(path) as teller:
        with point_at(path):
            teller.tell(TOLD)
            teller.tell_waiting()
            assert 1 == teller.meetings
        with point_at(path):
            teller.tell_waiting()
            assert 2 == teller.meetings


def numbered(number: int) -> Told:
    return msgspec.structs.replace(TOLD, names=(f"{number}.example",))


def received(point: socket.socket) -> list[str]:
    names = []
    with contextlib.suppress(BlockingIOError):
        while True:
            names += [name for told in decode_told(point.recv(65_536)) for name in told.names]
    return names


def test_one_that_reads_nothing_is_not_waited_for_and_learns_it_later(path: Path) -> None:
    with point_at(path) as point, teller_at(path) as teller:
        sent = 0
        while teller.tell(numbered(sent)):
            sent += 1
        assert (1, 1) == (teller.untold, teller.meetings)
        names = received(point)
        assert MOST_WAITING + len(names) == sent
        while len(names) < sent:
            teller.tell_waiting()
            names += received(point)
        assert [f"{number}.example" for number in range(sent)] == names
        assert teller.tell(TOLD)
        assert ["books.example"] == received(point)


def test_what_waited_for_one_that_has_ended_is_lost_and_counted(path: Path) -> None:
    with teller_at(path) as teller:
        with point_at(path) as point:
            sent = 0
            while not teller._waiting:
                sent += teller.tell(TOLD)
            assert sent - 1 == len(received(point))
        teller.tell_waiting()

    assert 1 == teller.untold


def test_what_waits_is_told_before_what_is_new(path: Path) -> None:
    with point_at(path) as point, teller_at(path) as teller:
        sent = 0
        while not teller._waiting:
            sent += teller.tell(numbered(sent))
        received(point)
        teller.tell(TOLD)
        assert [f"{sent - 1}.example", "books.example"] == received(point)


def test_a_path_that_cannot_be_is_as_nobody(path: Path) -> None:
    with teller_at(path / ("x" * 200)) as teller:
        assert not teller.tell(TOLD)
