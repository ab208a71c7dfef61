"""The firewall is told of an address once for a client, and before the answer leaves."""

import pytest

from schoolgate_dns.finished.egress import (
    LONGEST_LIFETIME_S,
    MAX_ADDRESSES,
    MAX_ADDRESSES_OF_CLIENT,
    SHORTEST_LIFETIME_S,
    AnsweredAddresses,
)

ONE, OTHER = b"\x7f\0\x01\x0a", b"\x7f\0\x02\x0a"
SITE, CDN = b"\xc0\0\x02\x01", b"\xc0\0\x02\x02"


class Firewall:
    """Notes what it is told; *is_open* says whether it can be told anything."""

    def __init__(self) -> None:
        self.told: list[tuple[bytes, bytes, int]] = []
        self.is_open = True

    def tell(self, client: bytes, address: bytes, lifetime_s: int) -> bool:
        if self.is_open:
            self.told.append((client, address, lifetime_s))
        return self.is_open


def test_each_address_is_told_for_its_client() -> None:
    firewall = Firewall()
    assert AnsweredAddresses(firewall.tell).note(ONE, (SITE, CDN), 300, 1000)
    assert [(ONE, SITE, 420), (ONE, CDN, 420)] == firewall.told


def test_what_still_lasts_is_not_told_again() -> None:
    firewall = Firewall()
    noted = AnsweredAddresses(firewall.tell)
    noted.note(ONE, (SITE,), 300, 1000)
    assert noted.note(ONE, (SITE,), 300, 1100)
    assert 1 == len(firewall.told)


def test_it_is_told_again_before_it_ends() -> None:
    firewall = Firewall()
    noted = AnsweredAddresses(firewall.tell)
    noted.note(ONE, (SITE,), 300, 1000)
    noted.note(ONE, (SITE,), 300, 1301)
    assert 2 == len(firewall.told)


def test_what_one_client_was_told_opens_nothing_for_another() -> None:
    firewall = Firewall()
    noted = AnsweredAddresses(firewall.tell)
    noted.note(ONE, (SITE,), 300, 1000)
    noted.note(OTHER, (SITE,), 300, 1000)
    assert [ONE, OTHER] == [client for client, _, _ in firewall.told]


@pytest.mark.parametrize(
    ("ttl_s", "lifetime_s"), [(0, SHORTEST_LIFETIME_S), (10 * 86_400, LONGEST_LIFETIME_S)]
)
def test_a_way_is_open_neither_too_short_nor_too_long(ttl_s: int, lifetime_s: int) -> None:
    firewall = Firewall()
    AnsweredAddresses(firewall.tell).note(ONE, (SITE,), ttl_s, 0)
    assert [(ONE, SITE, lifetime_s)] == firewall.told


def test_a_way_that_cannot_be_opened_is_said_and_tried_again() -> None:
    firewall = Firewall()
    firewall.is_open = False
    noted = AnsweredAddresses(firewall.tell)
    assert not noted.note(ONE, (SITE,), 300, 1000)
    firewall.is_open = True
    assert noted.note(ONE, (SITE,), 300, 1000)
    assert [(ONE, SITE, 420)] == firewall.told


def test_one_clients_memory_has_an_end() -> None:
    noted = AnsweredAddresses()
    for number in range(MAX_ADDRESSES_OF_CLIENT + 10):
        noted.note(ONE, (number.to_bytes(4),), 300, 1000)
    assert MAX_ADDRESSES_OF_CLIENT >= len(noted)


def test_all_clients_together_are_remembered_within_a_bound_and_for_an_hour() -> None:
    """A flood from many addresses, or a week of ordinary use, must not fill the memory."""
    firewall = Firewall()
    noted = AnsweredAddresses(firewall.tell)
    sites = tuple(number.to_bytes(4) for number in range(2_000))
    clients = MAX_ADDRESSES // len(sites) + 3
    for number in range(clients):
        assert noted.note(number.to_bytes(4), sites, 300, 1000)

    assert 3 * len(sites) == len(noted)
    assert clients * len(sites) == len(firewall.told)
    assert noted.note(ONE, (SITE,), 300, 1000 + LONGEST_LIFETIME_S)
    assert 1 == len(noted)
