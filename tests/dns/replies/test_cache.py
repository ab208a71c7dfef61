"""Replies are kept for their time and a day more, within bounds of number and size."""

from math import inf

import pytest

from schoolgate_dns.messages import Lookup, Rcode, Reply
from schoolgate_dns.replies.cache import ENTRY_OCTETS, MAX_STALE_S, ReplyCache


def reply(octets: int = 10, lifetime_s: int = 100) -> Reply:
    return Reply(b"x" * octets, Rcode.NOERROR, is_authentic=False, ttls=(), lifetime_s=lifetime_s)


def lookup(name: str, **more: bool) -> Lookup:
    return Lookup(name.encode(), 1, **more)


def test_a_reply_is_held_for_a_day_after_its_time() -> None:
    cache = ReplyCache()
    kept = cache.put(lookup("a"), reply(), 1000.0)

    assert kept is not None
    assert (1000.0, 1100.0) == (kept.since_s, kept.ends_s)
    for now_s in (1000.0, 1100.0, 1099.9 + MAX_STALE_S):
        assert cache.get(lookup("a"), now_s) is kept
    assert cache.get(lookup("a"), 1100.0 + MAX_STALE_S) is None
    assert (0, 0) == (len(cache), cache.octets)


def test_what_the_reply_can_depend_on_tells_entries_apart() -> None:
    cache = ReplyCache()
    cache.put(lookup("a"), reply(), 0.0)

    for other in (lookup("b"), lookup("a", dnssec_ok=True), lookup("a", checking_disabled=True)):
        assert cache.get(other, 0.0) is None


def test_what_may_not_be_kept_is_not_and_replaces_what_was() -> None:
    cache = ReplyCache()
    cache.put(lookup("a"), reply(), 0.0)

    assert cache.put(lookup("a"), reply(lifetime_s=0), 1.0) is None
    assert cache.get(lookup("a"), 1.0) is None


def test_the_entry_used_longest_ago_goes_first() -> None:
    cache = ReplyCache(max_entries=2)
    for name in ("a", "b"):
        cache.put(lookup(name), reply(), 0.0)
    cache.get(lookup("a"), 1.0)
    cache.put(lookup("c"), reply(), 1.0)

    assert ["a", "c"] == [n for n in ("a", "b", "c") if cache.get(lookup(n), 1.0) is not None]


def test_the_octets_are_bounded_and_counted_down_again() -> None:
    cache = ReplyCache(max_octets=3 * (ENTRY_OCTETS + 100))
    for number in range(10):
        cache.put(lookup(str(number)), reply(octets=100), 0.0)
        cache.put(lookup("9"), reply(octets=50), 0.0)

    assert 3 == len(cache)
    assert 3 * ENTRY_OCTETS + 250 == cache.octets
    cache.put(lookup("big"), reply(octets=4 * ENTRY_OCTETS), 0.0)
    assert cache.get(lookup("big"), 0.0) is None
    assert 3 == len(cache)


@pytest.mark.parametrize(
    ("lifetime_s", "prefetch_s"), [(1000, 1900.0), (10, 1009.0), (9, inf), (1, inf)]
)
def test_the_last_tenth_of_a_life_is_for_fetching_again(
    lifetime_s: int, prefetch_s: float
) -> None:
    entry = ReplyCache().put(lookup("a"), reply(lifetime_s=lifetime_s), 1000.0)

    assert entry is not None
    assert prefetch_s == entry.prefetch_s
