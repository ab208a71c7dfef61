"""Who is served, and how seldom everybody else is told that they are not."""

import pytest

from schoolgate_dns import served
from schoolgate_dns.served import MAX_REMEMBERED, Outsiders, Served

RANGES = ("10.20.0.0/16", "192.0.2.1/32", "2001:db8:1::/48", "::1/128")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.20.0.0", True),
        ("10.20.255.255", True),
        ("10.19.255.255", False),
        ("10.21.0.0", False),
        ("192.0.2.1", True),
        ("192.0.2.2", False),
        ("2001:db8:1::5", True),
        ("2001:DB8:1:0::5", True),
        ("2001:db8:2::5", False),
        ("::1", True),
        ("::ffff:10.20.0.1", True),
        ("::ffff:10.30.0.1", False),
        ("::10.20.0.1", False),
        ("2001:db8:1::5%eth0", True),
        ("fe80::1%eth0", False),
        ("", False),
        ("10.20.0", False),
        ("a" * 5000, False),
    ],
)
def test_those_in_the_ranges_are_served(address: str, expected: bool) -> None:
    ranges = Served(RANGES)

    assert expected == (address in ranges)
    assert expected == (address in ranges)


def test_without_ranges_nobody_is_served() -> None:
    assert "127.0.0.1" not in Served(())


def test_a_flood_of_addresses_costs_no_memory_and_changes_nobody_s_answer() -> None:
    ranges = Served(RANGES)
    for number in range(2 * MAX_REMEMBERED):
        assert f"172.16.{number >> 8}.{number & 255}" not in ranges

    assert MAX_REMEMBERED >= len(ranges._known)
    assert "10.20.3.4" in ranges


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def told(outsiders: Outsiders, address: str, times: int) -> int:
    return sum(outsiders.may_be_told(address) for _ in range(times))


@pytest.mark.parametrize(
    ("first", "neighbour", "stranger"),
    [
        ("203.0.113.5", "203.0.113.6", "203.0.114.5"),
        ("2001:db8:0:a1::1", "2001:db8:0:a2::9", "2001:db8:0:1b1::1"),
    ],
)
def test_a_network_is_told_a_few_times_and_then_seldom(
    first: str, neighbour: str, stranger: str
) -> None:
    clock = Clock()
    outsiders = Outsiders(clock)

    assert 5 == told(outsiders, first, 100)
    assert 0 == told(outsiders, neighbour, 100)
    assert 5 == told(outsiders, stranger, 100)
    clock.now_s += 1
    assert 2 == told(outsiders, neighbour, 100)
    clock.now_s += 3600
    assert 5 == told(outsiders, first, 100)
    assert (17, 483) == (outsiders.refused, outsiders.ignored)


def test_a_flood_from_everywhere_is_told_little_in_all() -> None:
    clock = Clock()
    outsiders = Outsiders(clock)
    flood = [f"198.{a}.{b}.7" for a in range(18, 30) for b in range(256)]

    assert 100 == sum(map(outsiders.may_be_told, flood))
    clock.now_s += 2
    assert 100 == sum(map(outsiders.may_be_told, flood))
    clock.now_s += 0.1
    assert 5 == sum(map(outsiders.may_be_told, flood))
    assert served.MAX_NETWORKS >= len(outsiders._networks)


def test_a_flood_that_is_refused_uses_up_nobody_else_s_share() -> None:
    outsiders = Outsiders(Clock())
    told(outsiders, "203.0.113.5", 10_000)

    assert outsiders.may_be_told("198.51.100.1")


def test_who_cannot_have_forged_the_address_is_always_told() -> None:
    outsiders = Outsiders(Clock())
    told(outsiders, "203.0.113.5", 100)

    assert outsiders.may_be_told("203.0.113.5", is_proven=True)


def test_what_is_no_address_is_not_answered() -> None:
    assert not Outsiders(Clock()).may_be_told("nowhere")
