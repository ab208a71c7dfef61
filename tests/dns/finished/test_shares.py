"""One device's share of all ways is what it has open, each counted once."""

from schoolgate_dns.finished import shares
from schoolgate_dns.finished.shares import MOST_WAYS_OF_ASKER, Shares
from schoolgate_policyd.netfilter.ways import Way, address_way

LASTS_S = 100


def ways(first: int, count: int) -> list[Way]:
    return [address_way(bytes(4), (first + each).to_bytes(4)) for each in range(count)]


def test_what_is_opened_again_and_again_counts_once() -> None:
    mine = Shares(LASTS_S)
    for second in range(0, 10 * LASTS_S, LASTS_S // 2):
        assert mine.take("tablet", ways(0, MOST_WAYS_OF_ASKER), second)

    assert not mine.take("tablet", ways(MOST_WAYS_OF_ASKER, 1), 10 * LASTS_S)


def test_what_is_not_opened_again_is_over_after_twice_its_time() -> None:
    mine = Shares(LASTS_S)
    mine.take("tablet", ways(0, MOST_WAYS_OF_ASKER), 0)
    new = ways(MOST_WAYS_OF_ASKER, 1)

    assert not mine.take("tablet", new, LASTS_S)
    assert mine.take("tablet", new, 2 * LASTS_S)


def test_what_is_refused_is_not_counted() -> None:
    mine = Shares(LASTS_S)
    assert not mine.take("tablet", ways(0, MOST_WAYS_OF_ASKER + 1), 0)
    assert mine.take("tablet", ways(0, MOST_WAYS_OF_ASKER), 0)


def test_many_askers_take_bounded_memory() -> None:
    mine = Shares(LASTS_S)
    for number in range(shares.MOST_COUNTED // 4_000 + 2):
        assert mine.take(number, ways(0, 4_000), 0)

    assert mine.counted <= shares.MOST_COUNTED + 4_000
