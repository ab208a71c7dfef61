"""Tables of finished answers: by class, and bounded."""

from datetime import UTC, datetime

from dns_local import query

from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.finishing import finish
from schoolgate_dns.finished.tables import MAX_ASKED_ONCE, Alike, FinishedAnswers
from schoolgate_dns.messages import wire
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.stages.reach import EVERYWHERE, HELD
from schoolgate_policyd.core.decision import Decision, Verdict
from schoolgate_policyd.core.subjects import Audience, Subject

PUPILS = (Subject(), EVERYWHERE)
STAFF = (Subject(audience=Audience.STAFF), EVERYWHERE)
ALLOWED = Decision(Verdict.ALLOW, Verdict.ALLOW, datetime(2026, 12, 1, tzinfo=UTC))
QUERY = wire.read_query(query("a.example").to_wire())


def finished(key: bytes) -> FinishedAnswer:
    return finish(Outcome(bytes(12), lasts_s=60), key, QUERY, ALLOWED, 1000.9)


def keep(tables: FinishedAnswers, alike: Alike, key: bytes) -> FinishedAnswer:
    answer = finished(key)
    for _ in range(2):
        tables.put(tables.table_of(alike), answer)
    return answer


def test_while_there_is_room_everything_is_kept_and_then_what_is_asked_for_again() -> None:
    tables = FinishedAnswers(max_finished=4)
    table = tables.table_of(PUPILS)
    assert [True, True] == [tables.put(table, finished(key)) for key in (b"one", b"two")]
    assert [False, True] == [tables.put(table, finished(b"three")) for _ in range(2)]
    assert 3 == len(tables)


def test_a_class_finds_its_own_answers_alone() -> None:
    tables = FinishedAnswers()
    answer = keep(tables, PUPILS, b"key")
    assert {b"key": answer} == tables.table_of(PUPILS)
    assert {} == tables.table_of(STAFF)


def test_a_class_that_reaches_something_else_has_other_answers() -> None:
    tables = FinishedAnswers()
    keep(tables, PUPILS, b"key")
    assert {} == tables.table_of((PUPILS[0], HELD))


def test_when_all_is_full_what_nobody_asks_for_goes() -> None:
    tables = FinishedAnswers(max_finished=2)
    asked_for, forgotten = (keep(tables, PUPILS, key) for key in (b"hot", b"cold"))
    keep(tables, STAFF, b"one")
    table = tables.table_of(PUPILS)
    assert {} == table
    assert asked_for is tables.find_older(PUPILS, b"hot")
    assert {b"hot": asked_for} == table
    for key in (b"two", b"three", b"four"):
        keep(tables, STAFF, key)
    assert tables.find_older(PUPILS, b"cold") is None
    assert forgotten not in table.values()


def test_there_are_never_more_than_so_many() -> None:
    tables = FinishedAnswers(max_finished=10)
    for number in range(100):
        keep(tables, PUPILS if number % 2 else STAFF, b"%d" % number)
        assert 10 >= len(tables)


def test_names_made_up_by_the_thousand_do_not_push_out_what_is_asked_for() -> None:
    tables = FinishedAnswers(max_finished=2)
    keep(tables, PUPILS, b"hot")
    for number in range(1_000):
        tables.put(tables.table_of(PUPILS), finished(b"made up %d" % number))
    assert [b"hot"] == list(tables.table_of(PUPILS))


def test_what_was_asked_for_once_is_not_remembered_for_ever() -> None:
    tables = FinishedAnswers(max_finished=1)
    keep(tables, PUPILS, b"hot")
    table = tables.table_of(PUPILS)
    tables.put(table, finished(b"long ago"))
    for number in range(2 * MAX_ASKED_ONCE):
        tables.put(table, finished(b"made up %d" % number))
    assert not tables.put(table, finished(b"long ago"))


def test_what_is_one_clients_alone_has_an_end_too() -> None:
    tables = FinishedAnswers(max_own=3)
    own, other = tables.own_table(), tables.own_table()
    for number in range(10):
        tables.put_own(own if number % 2 else other, finished(b"%d" % number))
        assert 3 >= len(own) + len(other)


def test_cleared_tables_are_empty_for_whoever_holds_one() -> None:
    tables = FinishedAnswers()
    keep(tables, PUPILS, b"key")
    tables.clear()
    assert (0, {}) == (len(tables), tables.table_of(PUPILS))
    assert tables.find_older(PUPILS, b"key") is None
