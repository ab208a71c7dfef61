"""A finished answer is right for the second in which it is given, and ends when it has to."""

import struct
from datetime import UTC, datetime

from dns_local import query

from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.finishing import finish, renew
from schoolgate_dns.messages import Ttl, wire
from schoolgate_dns.outcome import Outcome
from schoolgate_policyd.core.decision import Decision, Verdict

ALLOWED = Decision(Verdict.ALLOW, Verdict.ALLOW, datetime(2026, 12, 1, tzinfo=UTC))
QUERY = wire.read_query(query("a.example").to_wire())


def finished(lasts_s: int = 60, now_s: float = 1000.9, *ttls: int) -> FinishedAnswer:
    octets = bytes(12) + b"".join(struct.pack(">I", ttl) for ttl in ttls)
    places = tuple(Ttl(12 + 4 * place, ttl) for place, ttl in enumerate(ttls))
    return finish(Outcome(octets, ttls=places, lasts_s=lasts_s), b"", QUERY, ALLOWED, now_s)


def ttls_of(answer: FinishedAnswer) -> list[int]:
    return [ttl for (ttl,) in struct.iter_unpack(">I", answer.octets[10:])]


def test_it_may_be_given_for_as_long_as_it_lasts_and_no_second_longer() -> None:
    answer = finished(lasts_s=60, now_s=1000.9)
    assert [True, False] == [renew(answer, 1059), renew(answer, 1060)]


def test_each_ttl_counts_down_to_zero() -> None:
    answer = finished(60, 1000.9, 30, 2)
    counted = []
    for second in (1000, 1001, 1010):
        renew(answer, second)
        counted.append(ttls_of(answer))
    assert [[29, 1], [28, 0], [19, 0]] == counted


def test_no_ttl_reaches_past_its_end_at_any_moment_of_a_second() -> None:
    """Given at the very end of a second, it still ends before what it was worked out for."""
    answer = finished(60, 1000.0, 30)
    for second in range(1000, 1030):
        renew(answer, second)
        assert 1030 >= second + 0.999 + ttls_of(answer)[0]


def test_the_order_of_addresses_makes_no_other_answer() -> None:
    orders = ((b"\xc0\0\2\1", b"\xc0\0\2\2"), (b"\xc0\0\2\2", b"\xc0\0\2\1"))
    outcomes = [Outcome(bytes(12), lasts_s=60, addresses=each) for each in orders]
    kept = {finish(each, b"", QUERY, ALLOWED, 1000.0).addresses for each in outcomes}
    assert {orders[0]} == kept
