"""What is let through of those who send too much, and how much too much is."""

from collections.abc import Mapping
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.datagrams.flood_shares import (
    LEAST_PER_S,
    Interval,
    equal_share,
    parts_let_through,
    sent_per_s,
)
from schoolgate_dns.datagrams.floods import LOOK_S
from schoolgate_dns.datagrams.socket_filter import MOST_FILTERED

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
    return Interval(1.0, 1.0, sum(received.values()), 0, 0, lost, received)


def limited(
    interval: Interval, most_per_s: float, before: Mapping[bytes, float]
) -> dict[bytes, float]:
    return parts_let_through(sent_per_s(interval, before), most_per_s, before)


def test_who_floods_at_four_times_the_capacity_gets_at_once_what_they_may() -> None:
    parts = limited(interval_of({FLOODER: 1e6, OTHER: 500}, 250_000), 62_500, {})

    assert parts == {FLOODER: pytest.approx(0.0625, rel=0.01)}


def test_whose_part_is_let_through_keeps_it_while_they_go_on() -> None:
    sent = {FLOODER: 1e6, OTHER: 500.0}
    parts = {FLOODER: 0.0625}
    for _ in range(10):
        parts = limited(interval_of(sent, 250_000, parts), 62_500, parts)

    assert parts == {FLOODER: pytest.approx(0.0625, rel=0.01)}


def test_a_flood_that_has_ended_is_soon_forgotten() -> None:
    parts: Mapping[bytes, float] = {FLOODER: 0.01}
    looks = 0
    while parts:
        parts = limited(Interval(LOOK_S, LOOK_S, 25, 0, 0, 0, {OTHER: 25}), 62_500, parts)
        looks += 1

    assert looks * LOOK_S < 1


def test_those_who_send_no_more_than_they_may_are_never_limited() -> None:
    sent = {bytes([10, 0, 0, each]): 60_000.0 for each in range(16)} | {FLOODER: 1e6}

    assert {FLOODER} == set(limited(interval_of(sent, 250_000), 62_500, {}))


def test_who_sends_no_more_than_the_ruleset_lets_through_is_never_limited() -> None:
    sent = {OTHER: LEAST_PER_S, FLOODER: 2 * LEAST_PER_S}

    assert {FLOODER: 0.5} == parts_let_through(sent, 1.0, {})


def test_those_who_flood_most_are_limited_where_they_are_many() -> None:
    sent = {bytes([10, 0, 0, each]): 10_000.0 * each for each in range(1, 31)}
    parts = limited(interval_of(sent, 100_000), LEAST_PER_S, {})

    assert {bytes([10, 0, 0, each]) for each in range(31 - MOST_FILTERED, 31)} == set(parts)


@given(wanted=st.lists(st.floats(0, 1e9), max_size=50), total=st.floats(0, 1e9))
def test_equal_shares_are_all_there_is_or_all_that_is_wanted(
    wanted: list[float], total: float
) -> None:
    share = equal_share(wanted, total)

    assert sum(min(each, share) for each in wanted) == pytest.approx(
        min(total, sum(wanted)), rel=1e-6, abs=1e-6
    )


def test_where_everything_is_known_to_have_room_nobody_is_limited() -> None:
    assert inf == equal_share([1.0, 2.0], inf)
    assert {} == parts_let_through({FLOODER: 1e9}, inf, {})


@pytest.mark.parametrize(
    ("spent_s", "dropped", "expected"),
    [(1.0, 13, True), (1.0, 12, False), (0.5, 30, False)],
    ids=["busy and much dropped", "little dropped", "there was time"],
)
def test_reading_what_is_dropped_is_too_much_where_time_is_short(
    spent_s: float, dropped: int, *, expected: bool
) -> None:
    interval = Interval(1.0, spent_s, 100, dropped, 0, 0, {})

    assert expected == interval.is_overworked


@pytest.mark.parametrize(
    ("more_wait", "expected"),
    [(0, 90), (60, 30), (-20, 110)],
    ids=["as many wait", "most wait yet", "some waited before"],
)
def test_done_with_is_neither_what_is_dropped_nor_what_waits(
    more_wait: int, expected: int
) -> None:
    assert expected == Interval(1.0, 1.0, 100, 10, more_wait, 0, {}).done


ADDRESSES = st.binary(min_size=4, max_size=4)


@given(
    interval=st.builds(
        Interval,
        seconds=st.floats(1e-6, 100),
        spent_s=st.floats(0, 100),
        received=st.integers(0, 1_000_000),
        dropped=st.just(0),
        more_wait=st.just(0),
        lost=st.integers(0, 2**32 - 1),
        seen=st.dictionaries(ADDRESSES, st.integers(1, 1000), max_size=40),
    ),
    most_per_s=st.floats(1e-6, 1e9),
    before=st.dictionaries(ADDRESSES, st.floats(1e-9, 1, exclude_max=True), max_size=16),
)
def test_whatever_is_seen_what_is_let_through_is_a_part_of_it(
    interval: Interval, most_per_s: float, before: Mapping[bytes, float]
) -> None:
    parts = limited(interval, most_per_s, before)

    assert len(parts) <= MOST_FILTERED
    assert all(0 < part < 1 for part in parts.values())
