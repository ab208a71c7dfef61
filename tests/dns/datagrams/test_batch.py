"""Datagrams come and go by the batch, each answer to its own sender."""

import select
import socket
from collections.abc import Callable, Iterator

import pytest

from schoolgate_dns.datagrams.batch import Batch, open_slots
from schoolgate_dns.datagrams.plain_batch import PlainBatch
from schoolgate_dns.datagrams.slots import SLOT_OCTETS, SLOTS, Slots

Open = Callable[[socket.socket], Slots]


def bound(family: int, address: str) -> socket.socket:
    own = socket.socket(family, socket.SOCK_DGRAM)
    own.setblocking(False)
    own.bind((address, 0))
    return own


@pytest.fixture(params=[(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["4", "6"])
def own(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    with bound(*request.param) as opened:
        yield opened


@pytest.fixture(params=[Batch, PlainBatch])
def make(request: pytest.FixtureRequest) -> Open:
    return request.param


@pytest.fixture
def client(own: socket.socket) -> Iterator[socket.socket]:
    with socket.socket(own.family, socket.SOCK_DGRAM) as opened:
        opened.connect(own.getsockname()[:2])
        opened.settimeout(5)
        yield opened


def received(slots: Slots, own: socket.socket) -> list[int]:
    select.select([own], [], [], 5)
    return list(slots.receive())


def octets_in(slots: Slots, slot: int, length: int) -> bytes:
    return slots.datagrams[slot][:length]


def write(slots: Slots, slot: int, octets: bytes) -> None:
    slots.datagrams[slot][: len(octets)] = octets
    slots.answer_octets[slot] = len(octets)


def test_nothing_received_is_no_slot(own: socket.socket, make: Open) -> None:
    assert list(make(own).receive()) == []


def test_what_came_stands_in_its_slot_with_its_sender(
    own: socket.socket, client: socket.socket, make: Open
) -> None:
    slots = make(own)
    client.send(b"one")
    client.send(b"three")

    assert [3, 5] == received(slots, own)
    assert (b"one", b"three") == (octets_in(slots, 0, 3), octets_in(slots, 1, 5))
    sender = slots.peers[slots.peer_places[1]]
    assert socket.inet_pton(own.family, client.getsockname()[0]) == sender


def test_no_more_come_than_there_are_slots(
    own: socket.socket, client: socket.socket, make: Open
) -> None:
    slots = make(own)
    for number in range(SLOTS + 3):
        client.send(bytes([number]))

    assert SLOTS == len(received(slots, own))
    assert [1, 1, 1] == received(slots, own)
    assert bytes([SLOTS + 2]) == octets_in(slots, 2, 1)


def test_an_answer_is_written_over_the_query_and_sent_back(
    own: socket.socket, client: socket.socket, make: Open
) -> None:
    slots = make(own)
    for query in (b"first", b"second", b"third"):
        client.send(query)
        received_now = received(slots, own)
        assert [len(query)] == received_now
        write(slots, 0, b"answer to " + query)
        slots.send(0, 1)

        assert b"answer to " + query == client.recv(100)


def test_slots_outside_the_range_are_not_sent(
    own: socket.socket, client: socket.socket, make: Open
) -> None:
    slots = make(own)
    for number in range(3):
        client.send(bytes([number]))
    assert [1, 1, 1] == received(slots, own)
    for slot in range(3):
        write(slots, slot, b"answer %d" % slot)
    slots.send(0, 1)
    slots.send(2, 3)

    assert [b"answer 0", b"answer 2"] == [client.recv(100), client.recv(100)]
    assert ([], [], []) == select.select([client], [], [], 0)


def test_a_sender_can_be_answered_when_its_slot_is_anothers(
    own: socket.socket, client: socket.socket, make: Open
) -> None:
    slots = make(own)
    client.send(b"early")
    received(slots, own)
    early = slots.sender_of(0)
    with socket.socket(own.family, socket.SOCK_DGRAM) as other:
        other.connect(own.getsockname()[:2])
        other.send(b"later")
        received(slots, own)
    slots.send_all([(b"for the early one", early)])

    assert b"for the early one" == client.recv(100)


def test_what_does_not_fit_fills_its_slot(
    own: socket.socket, client: socket.socket, make: Open
) -> None:
    slots = make(own)
    client.send(bytes(SLOT_OCTETS + 500))

    assert [SLOT_OCTETS] == received(slots, own)


def test_a_receiver_that_cannot_be_reached_costs_the_others_nothing(own: socket.socket) -> None:
    slots = Batch(own)
    clients = [socket.socket(own.family, socket.SOCK_DGRAM) for _ in range(3)]
    try:
        for each in clients:
            each.settimeout(5)
            each.connect(own.getsockname()[:2])
            each.send(b"query")
        assert [5, 5, 5] == received(slots, own)
        for slot in range(3):
            write(slots, slot, b"answer")
        # A source port of zero, as a forged query has: the system refuses to send there.
        at = slots.peer_places[1].start - (2 if own.family == socket.AF_INET else 6)
        slots.peers[at : at + 2] = b"\0\0"
        slots.send(0, 3)

        reached = [each for each in clients if select.select([each], [], [], 1)[0]]
        assert 2 == len(reached)
    finally:
        for each in clients:
            each.close()


@pytest.mark.parametrize(
    ("any_address", "asked"),
    [((socket.AF_INET, "0.0.0.0"), "127.0.0.77"), ((socket.AF_INET6, "::"), "::1")],
)
def test_an_answer_leaves_from_the_address_that_was_asked(
    any_address: tuple[int, str], asked: str
) -> None:
    with bound(*any_address) as own, socket.socket(own.family, socket.SOCK_DGRAM) as client:
        slots = open_slots(own)
        client.settimeout(5)
        # A connected socket takes nothing from any other address.
        client.connect((asked, own.getsockname()[1]))
        client.send(b"at once")
        received(slots, own)
        write(slots, 0, b"answer")
        slots.send(0, 1)
        at_once = client.recv(100)
        client.send(b"later")
        received(slots, own)
        slots.send_all([(b"late answer", slots.sender_of(0))])

        assert (b"answer", b"late answer") == (at_once, client.recv(100))
