"""Whose turn something is, found without reading the whole school: the same as if it were read."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from office import (
    CHAIR,
    DSL,
    HEAD,
    LEAD,
    LESSON,
    LONDON,
    MACHINE,
    PUPIL,
    TEACHER,
    VISITOR,
    form,
    policy,
    sign,
    sign_decision,
    source,
)

from schoolgate_policyd.core.subjects import Audience, Duty, HeldDuty
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.people import actors_in, duty_holders_in, members_in
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.store.signed_delegations import DelegationToSign
from schoolgate_policyd.store.waiting import Matter
from schoolgate_policyd.workflow import standing_requests
from schoolgate_policyd.workflow.delegations import DelegationForm, live_at
from schoolgate_policyd.workflow.effects import effects_of
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.report_handlers import handlers_of, waits_for
from schoolgate_policyd.workflow.reports import form_of
from schoolgate_policyd.workflow.request_rights import Staffing, acts_of
from schoolgate_policyd.workflow.scopes import grant_for
from schoolgate_policyd.workflow.standing_requests import StandingForm

# Who holds no duty: one stands in for the head, one is only there.
DEPUTY = Member("stork", "Dele Sedgeworth", Audience.STAFF, "deputy")
COLLEAGUE = Member("finch", "Finn Rushmore", Audience.STAFF, "colleague")
YES = ReviewForm(are_in_place=True, why="looked at")


def submitted(store: DecisionStore, by: Member = TEACHER) -> int:
    asked = msgspec.structs.replace(form(), staff_name=by.name)
    return store.requests.submit(by.id, asked, at=MACHINE, moment=LESSON).id


def checked(store: DecisionStore, by: Member = TEACHER) -> int:
    number = submitted(store, by)
    store.requests.review(number, by=LEAD.id, answer=YES, at=MACHINE, moment=LESSON)
    return number


@pytest.fixture
def busy(store: DecisionStore) -> DecisionStore:
    """The office with a deputy, in which something of every kind waits."""
    for each in (DEPUTY, COLLEAGUE):
        new = NewPerson(each.id, each.name, each.audience, each.username, ())
        store.people.add(new, at=MACHINE, by=None)
    delegation = DelegationForm(DEPUTY.id, LESSON, LESSON + timedelta(days=2), "away")
    sign(store, DelegationToSign(HEAD.id, delegation, LESSON.date(), LONDON, MACHINE, LESSON))
    for each in (TEACHER, HEAD, LEAD, DSL):
        submitted(store, each)
    checked(store)
    checked(store, HEAD)
    store.request_talk.ask(
        submitted(store), by=LEAD.id, question="Why?", at=MACHINE, moment=LESSON
    )
    standing = StandingForm("break", "at break", "own devices", date(2026, 12, 1))
    store.standing_requests.ask(DSL.id, standing, at=MACHINE)
    said = form_of(f"{LEAD.name} showed us something", "")
    store.reports.make(said, once="s" * 40, reporter=None, at=MACHINE)
    return store


def everybody_in(store: DecisionStore) -> tuple[Member, ...]:
    """Return the whole school, which is what it was always worked out from before."""
    with store.database.reading() as session:
        return members_in(session)


def test_whose_turn_a_request_is_and_what_each_may_do_are_as_if_everybody_were_read(
    busy: DecisionStore,
) -> None:
    everybody = everybody_in(busy)
    whole = Staffing(everybody, LESSON, live_at(busy.delegations.every(), everybody, LESSON))
    staffing, requests = busy.requests.staffing(LESSON), busy.requests.every()

    assert 1 == len(whole.delegations)
    assert 7 == len(requests)
    assert [whole.turn(each) for each in requests] == [staffing.turn(each) for each in requests]
    assert [[acts_of(each, by, whole) for by in everybody] for each in requests] == [
        [acts_of(each, by, staffing) for by in everybody] for each in requests
    ]


def test_what_waits_for_somebody_is_as_if_everybody_were_read(busy: DecisionStore) -> None:
    everybody = everybody_in(busy)
    whole = Staffing(everybody, LESSON, live_at(busy.delegations.every(), everybody, LESSON))
    turns = {each.id: whole.turn(each) for each in busy.requests.every()}
    (standing,) = busy.standing_requests.every()
    turn = standing_requests.turn_of(standing, everybody)
    (report,) = busy.reports.handled_by(CHAIR, is_open=True) or busy.reports.handled_by(
        DSL, is_open=True
    )

    assert turn is not None
    assert turn == busy.standing_requests.turn_of(standing)
    for member in everybody:
        mine = {number for number, turn in turns.items() if turn and member in turn.actors}
        waiting = busy.requests.waiting_for(member.id, at=MACHINE, moment=LESSON)
        handled = busy.reports.handled_by(member, is_open=True)
        counts = busy.waiting.counts(member, Matter, school="hill", moment=LESSON)

        assert len(mine) == counts[Matter.REQUESTS]
        assert mine == {each.request.id for each in waiting}
        assert (member in turn.actors) == bool(counts[Matter.STANDING])
        assert waits_for(member, report, everybody) == bool(counts[Matter.REPORTS])
        assert (member in handlers_of(report, everybody)) == bool(handled)


def test_who_is_read_are_those_whose_turn_it_can_be_in_the_order_of_names(
    busy: DecisionStore,
) -> None:
    everybody = everybody_in(busy)
    with busy.database.reading() as session:
        acting, holding = actors_in(session), duty_holders_in(session)

    nobodys_turn = {PUPIL.id, VISITOR.id, COLLEAGUE.id}
    assert tuple(each for each in everybody if each.id not in nobodys_turn) == acting
    assert (
        tuple(each for each in everybody if each.duties) == holding == busy.people.duty_holders()
    )


def test_whoever_has_left_has_no_turn_though_they_asked(busy: DecisionStore) -> None:
    with busy.database.writing() as session:
        session.connection().exec_driver_sql(
            "UPDATE people SET has_left = 1 WHERE id = ?", (TEACHER.id,)
        )
        acting = actors_in(session)

    assert TEACHER.id not in {each.id for each in acting}


def test_a_duty_that_another_process_takes_or_gives_counts_at_once(
    busy: DecisionStore, tmp_path: Path
) -> None:
    def waits(person: Member) -> bool:
        return bool(busy.requests.waiting_for(person.id, at=MACHINE, moment=LESSON))

    assert (True, False) == (waits(LEAD), waits(COLLEAGUE))

    with closing(sqlite3.connect(tmp_path / "decisions.db")) as other, other:
        other.execute(
            "UPDATE duties SET person_id = ? WHERE person_id = ?", (COLLEAGUE.id, LEAD.id)
        )

    assert (False, True) == (waits(LEAD), waits(COLLEAGUE))


def test_a_duty_that_another_store_gives_counts_at_once(
    busy: DecisionStore, tmp_path: Path
) -> None:
    with closing(DecisionStore(tmp_path / "decisions.db")) as other:
        lead = (HeldDuty(Duty.ONLINE_SAFETY_LEAD),)
        new = NewPerson("newt", "Nia Newcomer", Audience.STAFF, "newcomer", lead)
        other.people.add(new, at=MACHINE, by=None)

    assert busy.requests.waiting_for("newt", at=MACHINE, moment=LESSON)


@pytest.mark.parametrize("yes", [True, False])
def test_nobody_signs_with_the_name_of_one_whose_turn_it_never_is(
    store: DecisionStore, *, yes: bool
) -> None:
    request = store.requests.find(checked(store))
    grant = grant_for(request, policy().catalogue)
    effects = effects_of(grant, source(), request.form.url, moment=LESSON)
    decision = DecisionForm(yes, "good for lessons", PUPIL.name, LESSON.date())

    with pytest.raises(InvalidForm, match="somebody else's name"):
        sign_decision(store, request.id, by=HEAD.id, decision=decision, effects=effects)
