"""While a socket is full nobody gets more of it than a quarter; else nobody is limited."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from dns_local import run, until
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.datagrams.batch import open_slots
from schoolgate_dns.datagrams.floods import (
    LEAST_PER_S,
    LOOK_S,
    MOST_SHARE,
    MOST_TAKEN,
    Floods,
    Interval,
    parts_let_through,
)
from schoolgate_dns.datagrams.service import Datagrams
from schoolgate_dns.datagrams.slots import SLOTS, Slots
from schoolgate_dns.datagrams.socket_filter import MOST_FILTERED, SocketFilter, SocketState

ASKED = 40
FLOODER, OTHER = b"\x7f\0\1\x0a", b"\x7f\0\1\x0b"


def interval_of(
    sent_per_s: Mapping[bytes, float],
    capacity_per_s: float,
    parts: Mapping[bytes, float] | None = None,
) -> Interval:
    """Return what a second shows of a socket that so much is sent to, of which *parts* pass."""
    come = {each: count * (parts or {}).get(each, 1.0) for each, count in sent_per_s.items()}
    is_read = min(1.0, capacity_per_s / sum(come.values()))
    received = {each: round(count * is_read) for each, count in come.items()}
    lost = round(sum(sent_per_s.values())) - sum(received.values())
    return Interval(1.0, sum(received.values()), lost, received)


def test_who_floods_at_four_times_the_capacity_gets_at_once_what_they_may() -> None:
    parts = parts_let_through(interval_of({FLOODER: 1e6, OTHER: 500}, 250_000), 62_500, {})

    assert parts == {FLOODER: pytest.approx(0.0625, rel=0.01)}


def test_whose_part_is_let_through_keeps_it_while_they_go_on() -> None:
    sent = {FLOODER: 1e6, OTHER: 500.0}
    parts = {FLOODER: 0.0625}
    for _ in range(10):
        parts = parts_let_through(interval_of(sent, 250_000, parts), 62_500, parts)

    assert parts == {FLOODER: pytest.approx(0.0625, rel=0.01)}


def test_a_flood_that_has_ended_is_soon_forgotten() -> None:
    parts: Mapping[bytes, float] = {FLOODER: 0.01}
    looks = 0
    while parts:
        parts = parts_let_through(Interval(LOOK_S, 25, 0, {OTHER: 25}), 62_500, parts)
        looks += 1

    assert looks * LOOK_S < 1


def test_those_who_send_no_more_than_they_may_are_never_limited() -> None:
    sent = {bytes([10, 0, 0, each]): 60_000.0 for each in range(16)} | {FLOODER: 1e6}

    assert {FLOODER} == set(parts_let_through(interval_of(sent, 250_000), 62_500, {}))


def test_those_who_flood_most_are_limited_where_they_are_many() -> None:
    sent = {bytes([10, 0, 0, each]): 10_000.0 * each for each in range(1, 31)}
    parts = parts_let_through(interval_of(sent, 100_000), LEAST_PER_S, {})

    assert {bytes([10, 0, 0, each]) for each in range(31 - MOST_FILTERED, 31)} == set(parts)


ADDRESSES = st.binary(min_size=4, max_size=4)


@given(
    interval=st.builds(
        Interval,
        seconds=st.floats(1e-6, 100),
        received=st.integers(0, 1_000_000),
        lost=st.integers(0, 2**32 - 1),
        seen=st.dictionaries(ADDRESSES, st.integers(1, 1000), max_size=40),
    ),
    most_per_s=st.floats(1e-6, 1e9),
    before=st.dictionaries(ADDRESSES, st.floats(1e-9, 1, exclude_max=True), max_size=16),
)
def test_whatever_is_seen_what_is_let_through_is_a_part_of_it(
    interval: Interval, most_per_s: float, before: Mapping[bytes, float]
) -> None:
    parts = parts_let_through(interval, most_per_s, before)

    assert len(parts) <= MOST_FILTERED
    assert all(0 < part < 1 for part in parts.values())


class Socket:
    """A socket that is read at a speed, of which a test says how full it is."""

    def __init__(self) -> None:
        self.now: SocketState | None = SocketState(1.0, 0)
        self.limits: list[Mapping[bytes, float]] = []
        self.looks: list[Callable[[], None]] = []
        self.now_s = self.spent_s = 0.0
        self.floods = Floods(
            self, lambda: self.now_s, lambda: self.spent_s, lambda _, call: self.looks.append(call)
        )

    def state(self) -> SocketState | None:
        return self.now

    def let_through(self, parts: Mapping[bytes, float]) -> None:
        self.limits.append(parts)

    def read(self, slots: Slots, count: int, spent_s: float = LOOK_S) -> None:
        for _ in range(count // SLOTS):
            self.floods.see(slots, SLOTS)
        self.spent_s += spent_s

    def look(self) -> None:
        self.now_s += LOOK_S
        (look,) = self.looks
        self.looks.clear()
        look()


@pytest.fixture
def slots() -> Iterator[Slots]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        made = open_slots(own)
        for place in made.peer_places:
            made.peers[place] = FLOODER
        yield made


def test_who_fills_a_socket_is_limited_until_they_no_longer_do(slots: Slots) -> None:
    own = Socket()
    own.floods.filled()
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
    own.floods.filled()
    own.read(slots, 5_120)
    own.floods.emptied()
    own.look()
    assert [] == own.limits
    own.read(slots, 5_120)
    own.look()

    assert [{FLOODER: pytest.approx(MOST_SHARE)}] == own.limits


def test_what_others_took_of_the_machine_does_not_make_a_share_smaller(slots: Slots) -> None:
    own = Socket()
    own.floods.filled()
    own.read(slots, 5_120, spent_s=LOOK_S / 2)
    own.look()

    assert [{FLOODER: pytest.approx(2 * MOST_SHARE)}] == own.limits


def test_who_sends_no_more_than_the_ruleset_lets_through_is_never_limited(slots: Slots) -> None:
    own = Socket()
    own.floods.filled()
    own.read(slots, SLOTS)
    own.look()

    assert SLOTS / LOOK_S < LEAST_PER_S
    assert [] == own.limits


def test_a_socket_that_was_full_for_a_moment_limits_nobody(slots: Slots) -> None:
    own = Socket()
    own.floods.filled()
    own.read(slots, 512)
    own.now = SocketState(0.1, 0)
    own.look()

    assert [] == own.limits == own.looks
    assert not own.floods.is_watched


def test_where_the_system_does_not_say_how_full_it_is_nothing_is_watched() -> None:
    own = Socket()
    own.floods.filled()
    own.now = None
    own.look()
    own.floods.filled()

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


def taken_of(own: socket.socket) -> float:
    state = SocketFilter(own).state()
    assert state is not None
    return state.taken


def test_while_one_floods_others_are_answered() -> None:
    """Of what fills the socket one in twenty or so is answered: so would theirs be."""

    async def ask() -> int:
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.bind(("127.0.0.1", 0))
        own.setblocking(False)
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
                await until(lambda: taken_of(own) < MOST_TAKEN / 2)
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
