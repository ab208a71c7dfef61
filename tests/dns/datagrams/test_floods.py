"""While a socket is full those who fill it are limited; else nobody is."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from dns_local import run, until

from schoolgate_dns.datagrams.batch import open_slots
from schoolgate_dns.datagrams.flood_shares import LEAST_PER_S, RISE
from schoolgate_dns.datagrams.floods import (
    GROWTH,
    LOOK_S,
    MOST_SHARE,
    MOST_TAKEN,
    OF_READ,
    OF_ROOM,
    Backlog,
    Floods,
)
from schoolgate_dns.datagrams.service import MAX_PENDING_OF_CLIENT, Datagrams
from schoolgate_dns.datagrams.slots import SLOTS, Slots
from schoolgate_dns.datagrams.socket_filter import SocketFilter, SocketState

ASKED = 40
FLOODER, OTHER = b"\x7f\0\1\x0a", b"\x7f\0\1\x0b"
EIGHT = [bytes([10, 0, 0, each]) for each in range(8)]


class Socket:
    """A socket that is read at a speed, of which a test says how full it is."""

    def __init__(self, taken: float = 1.0) -> None:
        self.now: SocketState | None = SocketState(taken, 0)
        self.limits: list[Mapping[bytes, float]] = []
        self.looks: list[Callable[[], None]] = []
        self.now_s = self.spent_s = 0.0
        self.dropped = self.waiting = 0
        self.floods = Floods(
            self,
            lambda: Backlog(self.waiting, self.dropped),
            lambda: self.now_s,
            lambda: self.spent_s,
            lambda _, call: self.looks.append(call),
        )

    def state(self) -> SocketState | None:
        return self.now

    def let_through(self, parts: Mapping[bytes, float]) -> None:
        self.limits.append(parts)

    def read(self, slots: Slots, count: int, spent_s: float = LOOK_S) -> None:
        for _ in range(count // SLOTS):
            self.floods.see(slots, SLOTS)
        self.spent_s += spent_s

    def read_and_drop(
        self, slots: Slots, count: int, dropped: int, *, waiting: int = 0, spent_s: float = LOOK_S
    ) -> None:
        """Read all that there is until the next look, *dropped* of it since so many wait."""
        self.read(slots, count, spent_s)
        self.dropped += dropped
        self.waiting = waiting
        self.floods.emptied()
        self.look()

    def look(self) -> None:
        self.now_s += LOOK_S
        (look,) = self.looks
        self.looks.clear()
        look()


@contextmanager
def filled_by(clients: Sequence[bytes]) -> Iterator[Slots]:
    """Slots that *clients* filled by turns, each with eight datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        made = open_slots(own)
        for slot, place in enumerate(made.peer_places):
            made.peers[place] = clients[slot // 8 % len(clients)]
        yield made


@pytest.fixture
def slots() -> Iterator[Slots]:
    with filled_by([FLOODER]) as made:
        yield made


def test_who_fills_a_socket_is_limited_until_they_no_longer_do(slots: Slots) -> None:
    own = Socket()
    own.floods.watch()
    own.read(slots, 5_120)
    own.look()
    assert [{FLOODER: pytest.approx(MOST_SHARE)}] == own.limits == [own.floods.parts]
    own.now = SocketState(0.0, 0)
    while own.looks:
        own.floods.emptied()
        own.look()

    assert {} == own.limits[-1] == own.floods.parts
    assert not own.floods.is_watched


def test_what_was_emptied_in_between_does_not_say_how_much_can_be_read(slots: Slots) -> None:
    own = Socket()
    own.floods.watch()
    own.read(slots, 5_120)
    own.floods.emptied()
    own.look()
    assert [] == own.limits
    own.read(slots, 5_120)
    own.look()

    assert [{FLOODER: pytest.approx(MOST_SHARE)}] == own.limits


def test_what_others_took_of_the_machine_does_not_make_a_share_smaller(slots: Slots) -> None:
    own = Socket()
    own.floods.watch()
    own.read(slots, 5_120, spent_s=LOOK_S / 2)
    own.look()

    assert [{FLOODER: pytest.approx(2 * MOST_SHARE)}] == own.limits


def test_who_sends_no_more_than_the_ruleset_lets_through_is_never_limited(slots: Slots) -> None:
    own = Socket()
    own.floods.watch()
    own.read(slots, SLOTS)
    own.look()

    assert SLOTS / LOOK_S < LEAST_PER_S
    assert [] == own.limits


def test_a_socket_that_was_full_for_a_moment_limits_nobody(slots: Slots) -> None:
    own = Socket()
    own.floods.watch()
    own.read(slots, 512)
    own.now = SocketState(0.1, 0)
    own.look()

    assert [] == own.limits == own.looks
    assert not own.floods.is_watched


def test_many_who_fill_it_together_have_equal_parts_of_hardly_more_than_can_be_read() -> None:
    with filled_by(EIGHT) as slots:
        own = Socket()
        own.floods.watch()
        own.read(slots, 10_240)
        own.now = SocketState(1.0, 30_720)
        own.look()

    (limits,) = own.limits
    assert 8 == len(limits)
    assert sum(limits.values()) / 8 == pytest.approx(OF_READ / 4)


def test_those_for_whom_there_is_no_room_have_equal_parts_of_hardly_more_than_there_is() -> None:
    own = Socket(taken=0.1)
    with filled_by(EIGHT) as slots:
        own.floods.watch()
        own.read_and_drop(slots, 10_240, 5_120)

    (limits,) = own.limits
    assert 8 == len(limits)
    assert sum(limits.values()) / 8 == pytest.approx(OF_ROOM / 2)


def test_what_waits_is_no_measure_of_how_much_there_is_room_for() -> None:
    """A quarter of what came first waits yet, and leaves no room for what comes next."""
    own = Socket(taken=0.1)
    passed = 2_816
    with filled_by(EIGHT) as slots:
        own.floods.watch()
        own.read_and_drop(slots, 10_240, 5_120, waiting=2_560)
        own.now = SocketState(0.1, 10_240 - passed)
        own.read_and_drop(slots, passed, passed)

    assert OF_ROOM * 2_560 == pytest.approx(passed)
    assert sum(own.limits[0].values()) / 8 == pytest.approx(passed / 10_240)
    assert sum(own.limits[-1].values()) / 8 == pytest.approx(passed / 10_240)


def test_where_time_was_left_they_get_more_than_a_little_more() -> None:
    own = Socket(taken=0.1)
    with filled_by(EIGHT) as slots:
        own.floods.watch()
        own.read_and_drop(slots, 10_240, 9_216)
        # In a quarter of the time that is done with for which all of it was not enough before.
        own.now = SocketState(0.1, 9_216)
        own.read_and_drop(slots, 1_024, 0, spent_s=LOOK_S / 4)

    paused, after = (sum(each.values()) / 8 for each in own.limits)
    assert paused == pytest.approx(OF_ROOM * 1_024 / 10_240)
    assert after == pytest.approx(RISE * paused)


def test_with_every_look_they_get_a_little_more_until_it_is_full_again() -> None:
    with filled_by(EIGHT) as slots:
        own = Socket()
        own.floods.watch()
        own.read(slots, 10_240)
        own.look()
        # What was lost in this interval was filtered.
        own.now = SocketState(0.1, round(10_240 * (1 / OF_READ - 1)))
        own.read(slots, 10_240)
        own.look()
        own.now = SocketState(0.9, 2 * own.now.lost)
        own.read(slots, 10_240)
        own.look()

    first, grown, less = (sum(each.values()) / 8 for each in own.limits)
    assert first == pytest.approx(OF_READ)
    assert grown == pytest.approx(OF_READ * first * GROWTH, rel=0.01)
    assert less < grown


def test_where_the_system_does_not_say_how_full_it_is_nothing_is_watched() -> None:
    own = Socket()
    own.floods.watch()
    own.now = None
    own.look()
    own.floods.watch()

    assert not own.floods.is_watched
    assert [] == own.looks


class Slow:
    """Answers each datagram with itself, and takes five milliseconds for as many as there are."""

    def serve(self, slots: Slots, lengths: Sequence[int], _now_s: float) -> list[int]:
        time.sleep(0.005)
        for slot, length in enumerate(lengths):
            slots.answer_octets[slot] = length
        return []

    def begin(self, *_: object) -> None:
        raise AssertionError("all is finished")


@contextmanager
def flooding(client: str, server: tuple[str, int]) -> Iterator[None]:
    """Have *client* send as much as it can."""
    ended = Event()

    def flood() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind((client, 0))
            own.connect(server)
            while not ended.is_set():
                own.send(bytes(30))

    thread = Thread(target=flood)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def taken_of(own_filter: SocketFilter) -> float:
    state = own_filter.state()
    assert state is not None
    return state.taken


def test_while_one_floods_others_are_answered() -> None:
    """Of what fills the socket one in twenty or so is answered: so would theirs be."""

    async def ask() -> int:
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.bind(("127.0.0.1", 0))
        own.setblocking(False)
        # Made later it would take off the filter of the one that is tested.
        beside = SocketFilter(own)
        datagrams = Datagrams(own, Slow(), time.monotonic)
        datagrams.start()
        answered = 0
        try:
            with (
                flooding(socket.inet_ntoa(FLOODER), own.getsockname()),
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
            ):
                other.bind((socket.inet_ntoa(OTHER), 0))
                other.connect(own.getsockname())
                other.setblocking(False)
                await until(lambda: FLOODER in datagrams.floods.parts)
                # What came before that is read yet.
                await until(lambda: taken_of(beside) < MOST_TAKEN / 2)
                for _ in range(ASKED):
                    other.send(b"?")
                    later = datagrams.received + 20
                    await until(lambda later=later: later < datagrams.received)
                with contextlib.suppress(BlockingIOError):
                    while other.recv(16):
                        answered += 1
            await until(lambda: not datagrams.floods.is_watched)
        finally:
            await datagrams.stop()
        return answered

    assert ASKED / 2 < run(ask())


class Idle:
    """Finishes nothing, and never comes to an end of what it begins."""

    def serve(self, _slots: Slots, lengths: Sequence[int], _now_s: float) -> list[int]:
        return list(range(len(lengths)))

    def begin(self, *_: object) -> None:
        return None


def test_what_finds_no_room_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> bool:
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.bind(("127.0.0.1", 0))
        own.setblocking(False)
        datagrams = Datagrams(own, Idle(), time.monotonic)
        watched: list[int] = []
        monkeypatch.setattr(datagrams.floods, "watch", lambda: watched.append(1))
        datagrams.start()
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                for number in range(MAX_PENDING_OF_CLIENT):
                    client.sendto(bytes(30), own.getsockname())
                    await until(lambda number=number: datagrams.received > number)
                had_room = not watched
                await until(lambda: MAX_PENDING_OF_CLIENT == datagrams.pending)
                client.sendto(bytes(30), own.getsockname())
                await until(lambda: bool(watched))
        finally:
            await datagrams.stop()
        return had_room and 1 == datagrams.misses.dropped

    assert run(ask())
