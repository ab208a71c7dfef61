"""One address that is many devices is noticed once a day; one device is not."""

import pytest
from dns_local import query
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.messages import wire
from schoolgate_dns.stages.crowd import (
    AGAIN_AFTER_S,
    BUSY_MINUTES,
    BUSY_SITES,
    WINDOW_S,
    Crowd,
    Crowds,
    manner_of,
)

ROUTER = "10.0.0.9"
ANDROID, APPLE = "connectivitycheck.gstatic.com", "captive.apple.com"
WINDOWS, UBUNTU = "www.msftconnecttest.com", "connectivity-check.ubuntu.com"


def noticed(crowds: Crowds, hosts: list[str], *, every_s: float = 1.0) -> list[Crowd]:
    told = (crowds.note(ROUTER, host, number * every_s) for number, host in enumerate(hosts))
    return [each for each in told if each is not None]


def minutes(sites: int, count: int) -> list[str]:
    """What is asked in *count* minutes, a hundred times a second, of *sites* each."""
    return [
        f"www.site-{minute}-{number % sites}.example"
        for minute in range(count)
        for number in range(6_000)
    ]


def test_three_systems_that_check_whether_they_are_online_are_not_one_device() -> None:
    (crowd,) = noticed(Crowds(), [ANDROID, APPLE, WINDOWS, UBUNTU])

    assert ROUTER == crowd.client
    assert (
        "within an hour it asked, as these systems do, whether it is online: "
        "Android or ChromeOS, Apple, Windows" == crowd.evidence
    )


@pytest.mark.parametrize(
    "hosts",
    [
        [WINDOWS, UBUNTU] * 50,
        [ANDROID, "connectivitycheck.android.com", "detectportal.firefox.com"],
        [f"www.site-{number}.example" for number in range(500)],
    ],
)
def test_what_one_device_may_do_is_not_noticed(hosts: list[str]) -> None:
    assert [] == noticed(Crowds(), hosts)


def test_systems_hours_apart_are_devices_one_after_the_other() -> None:
    assert [] == noticed(Crowds(), [ANDROID, APPLE, WINDOWS], every_s=WINDOW_S / 1.5)


def test_more_sites_a_minute_than_one_person_opens_are_many_people() -> None:
    crowds = Crowds()

    (crowd,) = noticed(crowds, minutes(BUSY_SITES * 2, BUSY_MINUTES + 1), every_s=0.01)

    assert f"{BUSY_SITES} or more sites a minute in {BUSY_MINUTES} minutes" in crowd.evidence


def test_a_flood_of_names_below_one_site_is_no_crowd() -> None:
    hosts = [f"{number}.flood.example" for number in range(6_000 * (BUSY_MINUTES + 1))]

    assert [] == noticed(Crowds(), hosts, every_s=0.01)


def test_a_busy_minute_or_two_are_none_either() -> None:
    busy = minutes(BUSY_SITES * 2, BUSY_MINUTES - 1)

    assert [] == noticed(Crowds(), [*busy, *["a.example"] * 6_100], every_s=0.01)


def test_two_systems_are_many_devices_if_queries_are_written_in_many_ways() -> None:
    crowds = Crowds()
    told = [
        crowds.note(ROUTER, host, float(number), manner)
        for number, (host, manner) in enumerate(
            [("a.example", 1), ("a.example", 2), (APPLE, 3), ("a.example", 4), (WINDOWS, 5)]
        )
    ]

    assert [None] * 4 == told[:4]
    assert told[4] is not None
    assert "wrote its queries in 5 different ways" in told[4].evidence


def test_a_source_is_named_once_a_day() -> None:
    crowds = Crowds()
    days = [
        day
        for hour in range(60)
        for host in (ANDROID, APPLE, WINDOWS)
        if crowds.note(ROUTER, host, hour * WINDOW_S) is not None
        for day in [hour * WINDOW_S // AGAIN_AFTER_S]
    ]

    assert [0, 1, 2] == days


def test_the_manner_is_that_of_the_code_not_of_the_name() -> None:
    def manner(name: str, **more: object) -> int:
        return manner_of(wire.read_query(query(name, **more).to_wire()))  # type: ignore[arg-type]  # dnspython's own options

    assert manner("a.example") == manner("b.example")
    ways = {manner("a.example", edns=octets) for octets in (None, 512, 1232, 4096)}
    assert 4 == len(ways)


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from([ANDROID, APPLE, "x.example"]))))
def test_memory_is_bounded_whoever_asks(asked: list[tuple[int, str]]) -> None:
    crowds = Crowds(max_clients=7)
    for number, (client, host) in enumerate(asked):
        crowds.note(f"10.0.0.{client}", host, float(number), number * 7)
        assert len(crowds) <= 7
        for source in crowds._sources.values():
            assert source.sites.bit_length() <= 2_048
            assert source.manners.bit_length() <= 64
