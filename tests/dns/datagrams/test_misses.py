"""Queries wait in lines, one for each client, and are taken by turns."""

from schoolgate_dns.datagrams.miss import Miss
from schoolgate_dns.datagrams.misses import Misses
from schoolgate_dns.datagrams.slots import Sender


def miss(client: bytes, octets: bytes = b"query") -> Miss:
    return Miss(octets, client, Sender(("127.0.0.1", 5)))


def taken(misses: Misses) -> list[tuple[bytes, bytes]]:
    found = []
    while (each := misses.take()) is not None:
        found.append((each.packed, each.octets))
    return found


def test_nobody_waits_at_first() -> None:
    misses = Misses()
    assert misses.take() is None
    assert len(misses) == 0


def test_of_one_client_the_first_is_taken_first() -> None:
    misses = Misses()
    for octets in (b"1", b"2", b"3"):
        misses.put(miss(b"a", octets))
    assert [(b"a", b"1"), (b"a", b"2"), (b"a", b"3")] == taken(misses)


def test_who_floods_waits_behind_themselves() -> None:
    misses = Misses()
    for number in range(100):
        misses.put(miss(b"flood", b"%d" % number))
    misses.put(miss(b"quiet"))
    assert b"quiet" in [misses.take().packed for _ in range(2)]  # type: ignore[union-attr]


def test_a_client_has_so_many_places_and_the_others_theirs() -> None:
    misses = Misses(most=10, most_of_client=4)
    assert [True] * 4 + [False] * 2 == [misses.put(miss(b"flood")) for _ in range(6)]
    assert misses.put(miss(b"quiet"))
    assert (2, 5) == (misses.dropped, len(misses))


def test_all_together_have_an_end() -> None:
    misses = Misses(most=3, most_of_client=2)
    put = [misses.put(miss(bytes([client]))) for client in range(5)]
    assert [True, True, True, False, False] == put
    assert 2 == misses.dropped


def test_a_place_that_is_taken_is_free_again() -> None:
    misses = Misses(most=1, most_of_client=1)
    misses.put(miss(b"a"))
    misses.take()
    assert misses.put(miss(b"a"))
