"""What clients are given is counted by the minute, and bounded."""

from datetime import UTC, datetime
from math import inf

from dns_local import query
from dns_reception import school
from dns_world import LESSON, PUPIL, STAFF

from schoolgate_dns.addresses import packed_address
from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.clients import Client, Clients
from schoolgate_dns.finished.finishing import finish
from schoolgate_dns.finished.tables import FinishedAnswers
from schoolgate_dns.finished.uses import Accounts
from schoolgate_dns.messages import wire
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.stages.reach import EVERYWHERE
from schoolgate_dns.stages.source import Source
from schoolgate_policyd.core.decision import Decision, Verdict
from schoolgate_policyd.core.snapshot import compile_snapshot

ALLOWED = Decision(Verdict.ALLOW, Verdict.ALLOW, datetime(2026, 12, 1, tzinfo=UTC))
QUERY = wire.read_query(query("a.example").to_wire())
SINCE = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def answer_to(key: bytes) -> FinishedAnswer:
    return finish(Outcome(bytes(12), lasts_s=60), key, QUERY, ALLOWED, 1000.0)


def client_at(address: str) -> Client:
    snapshot = compile_snapshot(school())
    packed = packed_address(address)
    return Client(
        packed,
        Source(packed, address),
        snapshot.subject_at(address, LESSON),
        snapshot,
        reach=EVERYWHERE,
        until=inf,
    )


def test_beyond_so_many_in_a_minute_they_are_accounted_for_early_and_none_is_lost() -> None:
    accounts = Accounts()
    clients = Clients(FinishedAnswers(), accounts, SINCE, max_uses=4)
    pupil, staff = client_at(PUPIL), client_at(STAFF)
    for each in (pupil, staff):
        clients.admit(each)
    for number in range(10):
        for client in (pupil, staff):
            clients.begin(client, answer_to(b"%d" % number), 1000).untold += 1
            assert 4 >= len(pupil.uses) + len(staff.uses)
    clients.forget_all()
    told = accounts.take(100)
    assert {SINCE} == {minute.since for minute, _ in told}
    assert [10, 10] == [
        sum(use.untold for minute, use in told if minute.client == each) for each in (PUPIL, STAFF)
    ]


def test_a_new_minute_begins_with_nothing() -> None:
    accounts = Accounts()
    clients = Clients(FinishedAnswers(), accounts, SINCE)
    pupil = client_at(PUPIL)
    clients.admit(pupil)
    clients.begin(pupil, answer_to(b"one"), 1000).untold += 1
    clients.turn(SINCE.replace(second=59))
    assert [b"one"] == list(pupil.uses)
    clients.turn(SINCE.replace(minute=1))
    assert ({}, [SINCE]) == (pupil.uses, [minute.since for minute, _ in accounts.take(10)])
