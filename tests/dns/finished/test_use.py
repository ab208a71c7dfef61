"""What one client is given in one minute: right for the second, and counted."""

from datetime import UTC, datetime

import pytest
from dns_local import query

from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.finishing import finish, renew
from schoolgate_dns.finished.use import Use
from schoolgate_dns.messages import Ttl, wire
from schoolgate_dns.outcome import Outcome
from schoolgate_policyd.core.decision import Decision, Verdict

ALLOWED = Decision(Verdict.ALLOW, Verdict.ALLOW, datetime(2026, 12, 1, tzinfo=UTC))
QUERY = wire.read_query(query("a.example").to_wire())
BEGIN_S, TTL_S, LASTS_S = 1000, 40, 30


def finished(*, is_blocked: bool = False) -> FinishedAnswer:
    octets = bytes(12) + TTL_S.to_bytes(4)
    outcome = Outcome(octets, ttls=(Ttl(12, TTL_S),), lasts_s=LASTS_S, is_blocked=is_blocked)
    answer = finish(outcome, b"", QUERY, ALLOWED, BEGIN_S)
    assert renew(answer, BEGIN_S)
    return answer


def ttl_in(use: Use) -> int:
    return int.from_bytes(use.octets[-4:])


@pytest.mark.parametrize("is_blocked", [False, True])
def test_of_a_blocked_one_the_first_is_told_already(is_blocked: bool) -> None:
    use = Use(finished(is_blocked=is_blocked), BEGIN_S)
    assert -is_blocked == use.untold


def test_each_use_is_right_for_its_own_second() -> None:
    answer = finished()
    early, late = Use(answer, BEGIN_S), Use(answer, BEGIN_S)
    assert late.renew(BEGIN_S + 9)
    assert (BEGIN_S, BEGIN_S + 9) == (early.second, late.second)
    assert 9 == ttl_in(early) - ttl_in(late)
    assert early.renew(BEGIN_S + 9)
    assert (ttl_in(late), BEGIN_S + 9) == (ttl_in(early), early.second)


def test_it_ends_when_its_answer_does_and_stays_as_it_was() -> None:
    use = Use(finished(), BEGIN_S)
    assert not use.renew(BEGIN_S + LASTS_S)
    assert (BEGIN_S, TTL_S - 1) == (use.second, ttl_in(use))
