"""Standing permissions on their way, in the database, and what becomes of their review date."""

from datetime import date, timedelta

import pytest
from office import DSL, HEAD, LEAD, LESSON, MACHINE, TEACHER
from sqlalchemy import text
from to_sign import sign_standing

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.forms import ReviewForm
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_policyd.workflow.standing_requests import StandingForm, StandingRequest

REVIEW = date(2026, 12, 1)
IN_TIME = LESSON + timedelta(days=11)
TOO_LATE = LESSON + timedelta(days=12)
YES = ReviewForm(are_in_place=True, why="they are")


def asked(store: DecisionStore, review_on: date = REVIEW) -> int:
    form = StandingForm("break", "at break", "own devices", review_on)
    return store.standing_requests.ask(DSL.id, form, at=MACHINE).id


def given(store: DecisionStore, review_on: date = REVIEW) -> StandingRequest:
    number = asked(store, review_on)
    store.standing_requests.check(number, by=LEAD.id, answer=YES, at=MACHINE)
    return sign_standing(store, number)


def test_it_is_in_force_through_its_review_date_and_no_longer(store: DecisionStore) -> None:
    given(store)

    assert frozenset({"break"}) == store.live(IN_TIME).standing
    assert frozenset() == store.live(TOO_LATE).standing


def test_that_it_lapsed_is_for_ever_recorded_and_told_to_policyd(store: DecisionStore) -> None:
    given(store)
    before = store.version()
    assert 0 == store.end_overdue(IN_TIME, at=MACHINE)

    assert 2 == store.end_overdue(TOO_LATE, at=MACHINE)
    assert 0 == store.end_overdue(TOO_LATE, at=MACHINE)

    assert before + 1 == store.version()
    assert AuditAction.STANDING_LAPSED is store.audit.recent(limit=1)[0].action
    # The clock is set back, and nothing comes back with it.
    assert frozenset() == store.live(LESSON).standing


def test_a_renewal_takes_the_place_of_what_stands(store: DecisionStore) -> None:
    given(store)
    store.end_overdue(TOO_LATE, at=MACHINE)

    given(store, date(2027, 6, 1))

    assert frozenset({"break"}) == store.live(TOO_LATE).standing
    assert 4 == len(store.standing.history("break"))
    assert 2 == sum(each.stands for each in store.standing.history("break"))


def test_a_refused_renewal_leaves_what_stands(store: DecisionStore) -> None:
    given(store)
    number = asked(store, date(2027, 6, 1))
    store.standing_requests.check(number, by=LEAD.id, answer=YES, at=MACHINE)

    sign_standing(store, number, yes=False)

    assert frozenset({"break"}) == store.live(IN_TIME).standing
    assert frozenset() == store.live(TOO_LATE).standing


def test_one_is_asked_for_once_at_a_time(store: DecisionStore) -> None:
    asked(store)

    with pytest.raises(WrongState, match="already"):
        asked(store)


def test_steps_are_made_in_their_order_by_whose_turn_it_is(store: DecisionStore) -> None:
    number = asked(store)

    with pytest.raises(WrongState, match="not been checked"):
        sign_standing(store, number)
    with pytest.raises(NotAllowed, match="their own"):
        store.standing_requests.check(number, by=DSL.id, answer=YES, at=MACHINE)
    with pytest.raises(NotAllowed, match="somebody else"):
        store.standing_requests.check(number, by=HEAD.id, answer=YES, at=MACHINE)
    turn = store.standing_requests.turn_of(store.standing_requests.find(number))
    assert turn is not None
    assert [LEAD.id] == [each.id for each in turn.actors]


def test_a_teacher_does_not_ask_for_one(store: DecisionStore) -> None:
    form = StandingForm("break", "at break", "own devices", REVIEW)

    with pytest.raises(NotAllowed):
        store.standing_requests.ask(TEACHER.id, form, at=MACHINE)


def test_what_was_refused_or_withdrawn_is_settled(store: DecisionStore) -> None:
    number = asked(store)
    no = ReviewForm(are_in_place=False, why="they are not")
    store.standing_requests.check(number, by=LEAD.id, answer=no, at=MACHINE)

    with pytest.raises(WrongState, match="refused"):
        store.standing_requests.withdraw(number, by=DSL.id, why="never mind", at=MACHINE)
    other = asked(store)
    store.standing_requests.withdraw(other, by=DSL.id, why="never mind", at=MACHINE)
    with pytest.raises(WrongState, match="withdrawn"):
        store.standing_requests.check(other, by=LEAD.id, answer=YES, at=MACHINE)
    assert frozenset() == store.live(LESSON).standing


def test_no_decision_stands_in_the_database_without_a_signature(store: DecisionStore) -> None:
    given(store)
    number = asked(store, date(2027, 6, 1))
    store.standing_requests.check(number, by=LEAD.id, answer=YES, at=MACHINE)
    (signature,) = store.signings.of(SignedKind.STANDING, "1")
    insert = (
        "INSERT INTO standing_steps (request_id, state, actor_id, at, reasons, signed_name,"
        " signed_on, signed_digest) VALUES (:number, 'approved', 'swift', '2026-11-20', 'x', 'x',"
        " '2026-11-20', :digest)"
    )

    for digest in ("0" * 64, signature.digest):
        with pytest.raises(StoreError, match="signature"), store.database.writing() as session:
            session.execute(text(insert), {"number": number, "digest": digest})
    with pytest.raises(StoreError, match="signature"), store.database.writing() as session:
        session.execute(text("DELETE FROM signatures"))
