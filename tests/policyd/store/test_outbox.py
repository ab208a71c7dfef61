"""The outbox: every entry's alerts once, all of them or none, whatever happens between."""

from datetime import timedelta

import pytest
from office import LESSON, MACHINE, PASSWORD, form
from sqlalchemy import text

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.retention import Retention
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.workflow.alerts import Alert, AlertKind
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.forms import ReviewForm

ALERT = Alert(AlertKind.REQUEST_WAITS, "request:1:1", ("robin", "swift"), "/requests/1")
HOUR = timedelta(hours=1)


def keys(store: DecisionStore) -> list[tuple[str, str]]:
    return [(each.kind, each.recipient) for each in reversed(store.outbox.listed())]


def read_on(store: DecisionStore) -> None:
    while store.outbox.read_on(at=MACHINE, moment=LESSON):
        pass


def test_an_alert_is_there_once_for_each_recipient(store: DecisionStore) -> None:
    assert 2 == store.outbox.put([ALERT, ALERT], at=MACHINE)
    assert 0 == store.outbox.put([ALERT], at=MACHINE + HOUR)


def test_what_is_read_twice_is_told_once(store: DecisionStore) -> None:
    store.requests.submit("heron", form(), at=MACHINE, moment=LESSON)
    read_on(store)
    # As a backup that was restored: the entries are read again.
    with store.database.writing() as session:
        session.execute(text("UPDATE mail_progress SET read_up_to = 0"))
    read_on(store)

    assert [("request-waits", "Priya Larkspurr")] == keys(store)


def test_a_look_that_fails_half_way_leaves_nothing_and_is_made_good(store: DecisionStore) -> None:
    read_on(store)
    store.requests.submit("heron", form(), at=MACHINE, moment=LESSON)
    with store.database.writing() as session:
        session.execute(
            text(
                "CREATE TRIGGER broken BEFORE UPDATE ON mail_progress "
                "BEGIN SELECT RAISE(ABORT, 'power cut'); END"
            )
        )
    with pytest.raises(StoreError):
        store.outbox.read_on(at=MACHINE, moment=LESSON)
    assert [] == keys(store)

    with store.database.writing() as session:
        session.execute(text("DROP TRIGGER broken"))
    read_on(store)
    assert [("request-waits", "Priya Larkspurr")] == keys(store)


def test_steps_that_were_made_before_anybody_looked_are_told_as_they_stand(
    store: DecisionStore,
) -> None:
    number = store.requests.submit("heron", form(), at=MACHINE, moment=LESSON).id
    answer = ReviewForm(are_in_place=True, why="They are")
    store.requests.review(number, by="robin", answer=answer, at=MACHINE, moment=LESSON)

    read_on(store)

    found = {(kind, person) for kind, person in keys(store) if person != "Ola Reedmace"}
    assert {("request-waits", "Ngozi Thistlewood"), ("request-moved", "Amara Quillfeather")} == (
        found
    )


def test_entries_about_other_things_tell_nobody(store: DecisionStore) -> None:
    store.credentials.set_password("heron", PASSWORD, at=MACHINE, by=None)
    store.audit.looked_at("acorn", at=MACHINE, by="robin", by_way_of="a test")

    read_on(store)

    assert [] == keys(store)


def test_an_entry_about_what_is_gone_holds_up_nothing(store: DecisionStore) -> None:
    read_on(store)
    number = store.requests.submit("heron", form(), at=MACHINE, moment=LESSON).id
    with store.database.writing() as session:
        session.execute(text("DELETE FROM request_steps"))
        session.execute(text("DELETE FROM access_requests"))
    store.requests.submit("heron", form(), at=MACHINE, moment=LESSON)

    read_on(store)

    assert [{"number": number + 1, "task": "check-measures"}] == [
        each.facts for each in store.outbox.listed()
    ]


def test_only_what_waits_is_due_and_only_to_an_address(store: DecisionStore) -> None:
    store.outbox.put([ALERT], at=MACHINE)
    assert () == store.outbox.due(MACHINE)
    store.email_addresses.set_email("robin", "robin@school.example", by=None, at=MACHINE)

    [letter] = store.outbox.due(MACHINE)
    assert "robin@school.example" == letter.address
    store.outbox.failed(letter.id, "later", at=MACHINE)
    assert () == store.outbox.due(MACHINE + timedelta(seconds=59))
    assert 1 == len(store.outbox.due(MACHINE + timedelta(seconds=60)))
    store.outbox.sent(letter.id, at=MACHINE + HOUR)
    assert () == store.outbox.due(MACHINE + timedelta(days=9))


def test_what_was_sent_stays_sent_whatever_is_said_later(store: DecisionStore) -> None:
    store.outbox.put([ALERT], at=MACHINE)
    store.outbox.sent(1, at=MACHINE)
    store.outbox.failed(1, "550", at=MACHINE + HOUR, is_final=True)

    assert MACHINE == store.outbox.listed()[-1].sent_at
    assert store.outbox.listed()[-1].given_up_at is None


def test_mails_are_deleted_when_their_time_is_over(store: DecisionStore) -> None:
    store.outbox.put([ALERT], at=MACHINE)
    days = {each.name: each.days for each in KINDS}
    retention = Retention(store.database)

    retention.delete_due(days, at=MACHINE + timedelta(days=90))
    assert 2 == len(store.outbox.listed())
    retention.delete_due(days, at=MACHINE + timedelta(days=91))
    assert () == store.outbox.listed()


def test_what_is_no_address_is_not_kept(store: DecisionStore) -> None:
    with pytest.raises(InvalidForm):
        store.email_addresses.set_email("robin", "robin@school", by=None, at=MACHINE)
    assert {} == store.email_addresses.every()
