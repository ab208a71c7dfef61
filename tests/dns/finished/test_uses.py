"""A minute that is over is told a few uses at a time, exactly."""

from datetime import UTC, datetime

from dns_local import query

from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.finishing import finish
from schoolgate_dns.finished.use import Use
from schoolgate_dns.finished.uses import Accounts, Minute
from schoolgate_dns.messages import wire
from schoolgate_dns.outcome import Outcome
from schoolgate_policyd.core.decision import Decision, Verdict
from schoolgate_policyd.core.subjects import Subject

ALLOWED = Decision(Verdict.ALLOW, Verdict.ALLOW, datetime(2026, 12, 1, tzinfo=UTC))
QUERY = wire.read_query(query("a.example").to_wire())
SINCE = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def answer(*, is_blocked: bool = False) -> FinishedAnswer:
    return finish(Outcome(bytes(12), is_blocked=is_blocked), b"", QUERY, ALLOWED, 1000.0)


def minute(counts: dict[FinishedAnswer, int], client: str = "127.0.1.10") -> Minute:
    uses = [Use(answer, 1000) for answer in counts]
    for use, count in zip(uses, counts.values(), strict=True):
        use.untold += count
    return Minute(client, Subject(), SINCE, tuple(uses))


def told(accounts: Accounts, most: int = 10) -> list[tuple[Minute, FinishedAnswer, int]]:
    return [(minute, use.finished, use.untold) for minute, use in accounts.take(most)]


def test_nothing_was_counted() -> None:
    accounts = Accounts()
    accounts.add(minute({}))
    assert [] == accounts.take(10)


def test_each_answer_is_told_with_its_count() -> None:
    one, other = answer(), answer()
    uses = minute({one: 3, other: 1})
    accounts = Accounts()
    accounts.add(uses)
    assert [(uses, one, 3), (uses, other, 1)] == told(accounts)
    assert [] == told(accounts)


def test_of_a_blocked_one_the_first_was_told_already() -> None:
    once, often = answer(is_blocked=True), answer(is_blocked=True)
    uses = minute({once: 1, often: 5})
    accounts = Accounts()
    accounts.add(uses)
    assert [(uses, often, 4)] == told(accounts)


def test_they_are_taken_a_few_at_a_time_and_none_is_lost() -> None:
    accounts = Accounts()
    for client in ("127.0.1.10", "127.0.1.11"):
        accounts.add(minute({answer(): number for number in range(1, 6)}, client))
    helpings = [told(accounts, 4) for _ in range(4)]
    assert [4, 4, 2, 0] == [len(each) for each in helpings]
    assert 30 == sum(count for helping in helpings for _, _, count in helping)
