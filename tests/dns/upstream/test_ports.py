"""Sockets that are used again: each time with another port, and never with anything in them."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from schoolgate_dns.resolvers import Place
from schoolgate_dns.upstream.ports import MOST_KEPT, Ports, disconnected

QUERY = b"a question"


class HandWatching:
    """Watches nothing, and says what was dropped."""

    def __init__(self, *, tells_rounds: bool = True) -> None:
        self.tells_rounds = tells_rounds
        self.watched: list[int] = []
        self.dropped: list[int] = []

    def watch(self, own: socket.socket) -> None:
        self.watched.append(own.fileno())

    def drop(self, own: socket.socket) -> None:
        self.dropped.append(own.fileno())
        own.close()

    def close(self) -> None:
        pass


class Scene:
    """An upstream at *address*, the ports to it, and who watches them."""

    def __init__(
        self,
        address: str,
        disconnect: Callable[[int], bool],
        *,
        tells_rounds: bool,
    ) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.upstream = socket.socket(family, socket.SOCK_DGRAM)
        self.upstream.bind((address, 0))
        self.upstream.settimeout(5.0)
        self.watching = HandWatching(tells_rounds=tells_rounds)
        place = Place(address, self.upstream.getsockname()[1])
        self.ports = Ports(place, self.watching, disconnect)

    def ask(self) -> tuple[socket.socket, tuple[str, int]]:
        """The socket that a question has left by, and whom the upstream sees."""
        own = self.ports.send(QUERY)
        octets, peer = self.upstream.recvfrom(100)
        assert octets == QUERY
        return own, peer

    def rest(self) -> None:
        """Let a round end that may have begun before, and one that surely did not."""
        self.ports.end_round()
        self.ports.end_round()


@contextmanager
def scene(
    address: str = "127.0.0.1",
    disconnect: Callable[[int], bool] = disconnected,
    *,
    tells_rounds: bool = True,
) -> Iterator[Scene]:
    it = Scene(address, disconnect, tells_rounds=tells_rounds)
    try:
        yield it
    finally:
        it.ports.close()
        it.upstream.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_one_that_is_used_again_has_another_port_and_is_watched_once(address: str) -> None:
    with scene(address) as it:
        seen = set()
        for _ in range(32):
            own, peer = it.ask()
            seen.add(peer[1])
            it.ports.give_back(own)
            it.rest()

        assert 25 < len(seen)
        assert (1, 0) == (len(it.watching.watched), len(it.watching.dropped))


def test_between_two_questions_it_can_be_reached_by_nobody() -> None:
    with scene() as it:
        own, peer = it.ask()
        it.upstream.connect(peer)
        it.ports.give_back(own)
        assert ("0.0.0.0", 0) == own.getsockname()
        it.upstream.send(b"late")
        with pytest.raises(ConnectionRefusedError):
            it.upstream.recv(100)
        with pytest.raises(BlockingIOError):
            own.recv(100)


def test_it_hears_only_whom_it_is_connected_to_the_second_time_too() -> None:
    with scene() as it, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        it.ports.give_back(it.ask()[0])
        it.rest()
        own, peer = it.ask()
        other.sendto(b"forged", peer)
        it.upstream.sendto(b"true", peer)
        own.settimeout(5.0)
        assert b"true" == own.recv(100)
        own.close()


def test_none_is_used_again_before_a_whole_round_has_found_nothing_in_it() -> None:
    with scene() as it:
        first, _ = it.ask()
        it.ports.give_back(first)
        second, _ = it.ask()
        assert second is not first
        it.ports.end_round()  # it may have begun before the first was given back
        third, _ = it.ask()
        assert third is not first
        it.ports.end_round()
        assert it.ask()[0] is first
        for own in (first, second, third):
            own.close()


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_one_in_which_something_is_found_is_closed(rounds: int) -> None:
    with scene() as it:
        own, peer = it.ask()
        it.upstream.sendto(b"one more", peer)
        descriptor = own.fileno()
        it.ports.give_back(own)
        for _ in range(rounds):
            it.ports.end_round()
        it.ports.close_kept(descriptor)
        it.rest()

        assert ([descriptor], 0) == (it.watching.dropped, it.ports.kept)
        assert -1 == own.fileno()


def test_no_more_than_some_are_kept_and_at_the_end_none() -> None:
    with scene() as it:
        used = [it.ask()[0] for _ in range(MOST_KEPT + 2)]
        for number, own in enumerate(used):
            it.ports.give_back(own)
            if number % 50 == 0:
                it.ports.end_round()
        assert (MOST_KEPT, 2) == (it.ports.kept, len(it.watching.dropped))
        used.append(it.ask()[0])
        it.ports.close()
        assert 0 == it.ports.kept
        it.ports.give_back(used[-1])
        assert {-1} == {own.fileno() for own in used}


def test_where_rounds_are_not_told_none_is_kept() -> None:
    with scene(tells_rounds=False) as it:
        own, _ = it.ask()
        it.ports.give_back(own)
        assert (0, -1) == (it.ports.kept, own.fileno())


@pytest.mark.parametrize("is_done", [True, False], ids=["port stays", "error"])
def test_where_the_system_takes_no_port_away_none_is_kept(*, is_done: bool) -> None:
    with scene(disconnect=lambda _: is_done) as it:
        for _ in range(3):
            own, _ = it.ask()
            it.ports.give_back(own)
            it.rest()
            assert (0, -1) == (it.ports.kept, own.fileno())


def test_a_question_that_cannot_leave_leaves_no_socket() -> None:
    watching = HandWatching()
    ports = Ports(Place("127.0.0.1", 0), watching)
    with pytest.raises(OSError, match=r"."):
        ports.send(bytes(70_000))
    assert (0, []) == (ports.kept, watching.watched)


def test_a_used_one_that_cannot_send_is_closed() -> None:
    with scene() as it:
        own, _ = it.ask()
        it.ports.give_back(own)
        it.rest()
        with pytest.raises(OSError, match="too long"):
            it.ports.send(bytes(70_000))
        assert (0, -1) == (it.ports.kept, own.fileno())
