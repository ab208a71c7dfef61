"""From form to grant in the database: one transaction a move, with its audit entry in it."""

import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from office import (
    CHAIR,
    DSL,
    HEAD,
    LEAD,
    LESSON,
    MACHINE,
    PASSWORD,
    SECOND_HEAD,
    TEACHER,
    QuickHasher,
    fill,
    form,
    policy,
    sign_decision,
    source,
)
from sqlalchemy import text

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError, UnknownObject
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.requests import MAX_OPEN_REQUESTS
from schoolgate_policyd.workflow.effects import Effects, effects_of
from schoolgate_policyd.workflow.errors import (
    InvalidForm,
    NotAllowed,
    OpensNothing,
    WorkflowError,
    WrongState,
)
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import AccessRequest, RequestForm, ScopeChoice, State
from schoolgate_policyd.workflow.scopes import grant_for

ADDRESS = "127.0.2.10"


def submit(
    store: DecisionStore, asked: RequestForm | None = None, by: Member = TEACHER
) -> AccessRequest:
    asked = asked or msgspec.structs.replace(form(), staff_name=by.name)
    return store.requests.submit(by.id, asked, at=MACHINE, moment=LESSON)


def review(
    store: DecisionStore, number: int, by: Member = LEAD, *, yes: bool = True
) -> AccessRequest:
    return store.requests.review(
        number,
        by=by.id,
        answer=ReviewForm(yes, "looked at"),
        at=MACHINE + timedelta(minutes=5),
        moment=LESSON,
    )


def effects(request: AccessRequest) -> Effects:
    grant = grant_for(request, policy().catalogue)
    return effects_of(grant, source(), request.form.url, moment=LESSON)


def decide(
    store: DecisionStore,
    request: AccessRequest,
    by: Member = HEAD,
    *,
    yes: bool = True,
    password: str = PASSWORD,
) -> AccessRequest:
    return sign_decision(
        store,
        request.id,
        by=by.id,
        decision=DecisionForm(yes, "good for lessons", by.name, LESSON.date()),
        password=password,
        effects=effects(request) if yes else None,
        address=ADDRESS,
        at=MACHINE + timedelta(minutes=9),
        moment=LESSON,
    )


def approved(store: DecisionStore, asked: RequestForm | None = None) -> AccessRequest:
    return decide(store, review(store, submit(store, asked).id))


def actions(store: DecisionStore, number: int) -> list[AuditAction]:
    entries = store.audit.recent(object_kind="request", object_id=str(number))
    return [each.action for each in reversed(entries)]


def test_a_request_comes_back_as_it_was_submitted(store: DecisionStore) -> None:
    for asked in (form(), form(for_class="4B", scope=ScopeChoice.SITE)):
        request = submit(store, asked)

        assert asked == request.form
        assert request == store.requests.find(request.id)
        assert (State.SUBMITTED, TEACHER.id, MACHINE) == (
            request.state,
            request.requester,
            request.submitted_at,
        )


def test_the_whole_way_gives_a_live_grant_with_its_history_and_audit(
    store: DecisionStore,
) -> None:
    before = store.version()
    waiting = review(store, submit(store).id)
    assert before == store.version()

    request = decide(store, waiting)

    assert before + 1 == store.version() == request.store_version
    assert (grant_for(waiting, policy().catalogue),) == store.live(LESSON).grants
    assert [TEACHER.id, LEAD.id, HEAD.id] == [step.actor for step in request.steps]
    signature = request.steps[-1].signature
    assert signature is not None
    assert (HEAD.name, LESSON.date()) == (signature.name, signature.signed_on)
    assert [
        AuditAction.REQUEST_SUBMITTED,
        AuditAction.MEASURES_CONFIRMED,
        AuditAction.REQUEST_APPROVED,
    ] == actions(store, request.id)
    entry = store.audit.recent(limit=1)[0]
    assert {"signed": signature.digest, "signature": signature.number} == entry.details


def test_a_refusal_is_signed_and_opens_nothing(store: DecisionStore) -> None:
    request = decide(store, review(store, submit(store).id), yes=False)

    assert State.REFUSED is request.state
    assert request.steps[-1].signature is not None
    assert () == store.live(LESSON).grants


def test_a_wrong_password_signs_nothing(store: DecisionStore) -> None:
    waiting = review(store, submit(store).id)
    for _ in range(4):
        with pytest.raises(InvalidForm) as raised:
            decide(store, waiting, password="wrong")
        assert ["password"] == [each.field for each in raised.value.mistakes]

    assert "try again in" in (raised.value.message_for("password") or "")
    assert waiting == store.requests.find(waiting.id)
    assert () == store.live(LESSON).grants


def test_whoever_may_not_decide_is_told_so_without_their_password_being_tried(
    store: DecisionStore,
) -> None:
    waiting = review(store, submit(store).id)

    for person in (TEACHER, LEAD, DSL, CHAIR):
        with pytest.raises(NotAllowed):
            decide(store, waiting, person, password="wrong")
    with store.database.reading() as session:
        assert 0 == session.execute(text("SELECT count(*) FROM sign_in_attempts")).scalar_one()


def test_nothing_is_signed_that_opens_nothing_or_was_not_shown(store: DecisionStore) -> None:
    useless = review(store, submit(store, form("https://news.example/")).id)
    with pytest.raises(OpensNothing):
        decide(store, useless)
    with pytest.raises(WrongState, match="has not been shown"):
        sign_decision(
            store,
            useless.id,
            by=HEAD.id,
            decision=DecisionForm(True, "good", HEAD.name, LESSON.date()),
            effects=None,
            address=ADDRESS,
            at=MACHINE,
            moment=LESSON,
        )


def test_a_withdrawn_grant_is_gone_at_once_and_for_ever(store: DecisionStore) -> None:
    request = approved(store)
    before = store.version()

    withdrawn = store.requests.withdraw(
        request.id, by=HEAD.id, why="misused", at=MACHINE, moment=LESSON
    )

    assert State.WITHDRAWN is withdrawn.state
    assert () == store.live(LESSON).grants
    assert () == store.requests.in_force(LESSON)
    assert before + 1 == store.version()
    with pytest.raises(StoreError, match="never revived"), store.database.writing() as session:
        session.execute(text("UPDATE grants SET state = 'live'"))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE grants SET ends_at = '2099-01-01 00:00:00.000000'",
        'UPDATE grants SET scope = \'{"type":"service","service":"clips"}\'',
        "UPDATE grants SET person_id = 'swift'",
        "UPDATE request_steps SET reasons = 'others'",
        "UPDATE request_steps SET actor_id = 'heron'",
        "INSERT OR REPLACE INTO grants SELECT * FROM grants",
        "INSERT OR REPLACE INTO request_steps SELECT * FROM request_steps",
    ],
)
def test_what_was_signed_cannot_be_changed(store: DecisionStore, change: str) -> None:
    request = approved(store)

    with pytest.raises(StoreError, match="never changed"), store.database.writing() as session:
        session.execute(text(change))
    assert request == store.requests.find(request.id)


def test_a_decision_without_a_signature_does_not_fit_into_the_database(
    store: DecisionStore,
) -> None:
    request = review(store, submit(store).id)

    with (
        pytest.raises(StoreError, match="needs its signature"),
        store.database.writing() as session,
    ):
        session.execute(
            text(
                "INSERT INTO request_steps (request_id, version, state, actor_id, at, reasons)"
                " VALUES (:request, 1, 'approved', 'swift', '2026-11-20 10:00:00', 'x')"
            ),
            {"request": request.id},
        )


def test_of_two_heads_who_sign_at_once_one_wins_and_the_other_is_told(tmp_path: Path) -> None:
    path = tmp_path / "decisions.db"
    with (
        closing(DecisionStore(path, hasher=QuickHasher())) as first,
        closing(DecisionStore(path, hasher=QuickHasher())) as second,
    ):
        fill(first)
        for _ in range(5):
            waiting = review(first, submit(first).id)
            outcomes: dict[str, AccessRequest | WorkflowError] = {}
            start = threading.Barrier(2)

            def sign(
                store: DecisionStore,
                by: Member,
                waiting: AccessRequest = waiting,
                outcomes: dict[str, AccessRequest | WorkflowError] = outcomes,
                start: threading.Barrier = start,
            ) -> None:
                start.wait()
                try:
                    outcomes[by.id] = decide(store, waiting, by, yes=by is HEAD)
                except WorkflowError as error:
                    outcomes[by.id] = error

            threads = [
                threading.Thread(target=sign, args=(first, HEAD)),
                threading.Thread(target=sign, args=(second, SECOND_HEAD)),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

            won = [each for each in outcomes.values() if isinstance(each, AccessRequest)]
            assert 1 == len(won)
            assert 1 == sum(isinstance(each, WrongState) for each in outcomes.values())
            assert won[0] == first.requests.find(waiting.id)
            assert 3 == len(actions(first, waiting.id))


def waiting_for(store: DecisionStore, person: Member) -> list[int]:
    waiting = store.requests.waiting_for(person.id, at=MACHINE + timedelta(hours=1), moment=LESSON)
    return [each.request.id for each in waiting]


def test_each_waiting_request_is_shown_to_those_who_must_act(store: DecisionStore) -> None:
    by_teacher, by_lead, by_head = (
        submit(store),
        submit(store, by=LEAD),
        submit(store, by=HEAD),
    )

    assert [by_teacher.id, by_head.id] == waiting_for(store, LEAD)
    assert [by_lead.id] == waiting_for(store, DSL)
    assert [] == waiting_for(store, HEAD)
    for request, reviewer in ((by_teacher, LEAD), (by_lead, DSL), (by_head, LEAD)):
        review(store, request.id, reviewer)
    assert (
        [by_teacher.id, by_lead.id] == waiting_for(store, HEAD) == waiting_for(store, SECOND_HEAD)
    )
    assert [by_head.id] == waiting_for(store, CHAIR)
    assert [] == waiting_for(store, LEAD) == waiting_for(store, TEACHER)


def test_the_longest_waiting_comes_first_with_its_age(store: DecisionStore) -> None:
    older = submit(store)
    newer = store.requests.submit(
        TEACHER.id, form(), at=MACHINE + timedelta(minutes=30), moment=LESSON
    )

    waiting = store.requests.waiting_for(LEAD.id, at=MACHINE + timedelta(hours=1), moment=LESSON)
    assert [
        (older.id, timedelta(hours=1)),
        (newer.id, timedelta(minutes=30)),
    ] == [(each.request.id, each.age) for each in waiting]


def test_what_has_lapsed_waits_for_nobody(store: DecisionStore) -> None:
    submit(store)

    assert () == store.requests.waiting_for(LEAD.id, at=MACHINE, moment=form().ends_at)


def test_lists_are_newest_first_and_ones_own_are_ones_own(store: DecisionStore) -> None:
    first, second = submit(store), submit(store, by=LEAD)

    assert [second.id, first.id] == [each.id for each in store.requests.every()]
    assert [first.id] == [each.id for each in store.requests.every(before=second.id)]
    assert [first.id] == [each.id for each in store.requests.of(TEACHER.id)]


def test_grants_in_force_come_soonest_end_first(store: DecisionStore) -> None:
    long = approved(store, form(ends_at=LESSON + timedelta(days=2)))
    short = approved(store)

    assert [short.id, long.id] == [each.id for each in store.requests.in_force(LESSON)]
    assert [long.id] == [each.id for each in store.requests.in_force(form().ends_at)]


def test_nobody_can_pile_up_requests(store: DecisionStore) -> None:
    for _ in range(MAX_OPEN_REQUESTS):
        submit(store)

    with pytest.raises(NotAllowed, match="withdraw"):
        submit(store)


def test_nobody_puts_somebody_elses_name_on_the_form(store: DecisionStore) -> None:
    anothers = msgspec.structs.replace(form(), staff_name=f" {HEAD.name.upper()} ")
    with pytest.raises(InvalidForm) as raised:
        submit(store, anothers)
    assert ["staff_name"] == [each.field for each in raised.value.mistakes]

    waiting = review(store, submit(store).id)
    decision = DecisionForm(False, "no", TEACHER.name, LESSON.date())
    with pytest.raises(InvalidForm) as raised:
        sign_decision(
            store,
            waiting.id,
            by=HEAD.id,
            decision=decision,
            effects=None,
            address=ADDRESS,
            at=MACHINE,
            moment=LESSON,
        )
    assert ["staff_name"] == [each.field for each in raised.value.mistakes]


def test_a_class_that_is_not_there_is_a_mistake_in_the_form(store: DecisionStore) -> None:
    with pytest.raises(InvalidForm):
        submit(store, form(for_class="9Z"))


def test_unknown_people_and_requests_are_named(store: DecisionStore) -> None:
    with pytest.raises(UnknownObject, match="request 99"):
        store.requests.find(99)
    with pytest.raises(UnknownObject, match="nobody"):
        store.requests.submit("nobody", form(), at=MACHINE, moment=LESSON)
    with pytest.raises(UnknownObject):
        store.people.member("nobody")
