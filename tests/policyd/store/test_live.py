"""What policyd is told: what is in force, and that nothing over comes back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from office import (
    DEVICES,
    HEAD,
    LEAD,
    LESSON,
    LONDON,
    MACHINE,
    NETWORKS,
    PASSWORD,
    PUPIL,
    TEACHER,
    form,
    policy,
    sign_decision,
    source,
)
from sqlalchemy import text

from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.subjects import Audience, Duty, HeldDuty, Person
from schoolgate_policyd.core.times import WorkingHours
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError, UnknownObject
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import ClaimEnd, StandingRecordKind
from schoolgate_policyd.store.records import ClaimRecord, NewPerson, SignedIn, WebSession
from schoolgate_policyd.workflow.effects import effects_of
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm
from schoolgate_policyd.workflow.requests import Stage, stage_at
from schoolgate_policyd.workflow.scopes import grant_for

FREE_DEVICE = "127.0.2.40"
END = form().ends_at


def approve(store: DecisionStore) -> int:
    request = store.requests.submit(TEACHER.id, form(), at=MACHINE, moment=LESSON)
    answer = ReviewForm(True, "seen")
    store.requests.review(request.id, by=LEAD.id, answer=answer, at=MACHINE, moment=LESSON)
    grant = grant_for(request, policy().catalogue)
    sign_decision(
        store,
        request.id,
        by=HEAD.id,
        decision=DecisionForm(True, "good", HEAD.name, LESSON.date()),
        effects=effects_of(grant, source(), request.form.url, moment=LESSON),
        address=FREE_DEVICE,
        at=MACHINE,
        moment=LESSON,
    )
    return request.id


def sign_in(store: DecisionStore, username: str = "teacher") -> WebSession:
    outcome = store.credentials.sign_in(
        username,
        PASSWORD,
        address=FREE_DEVICE,
        at=MACHINE,
        moment=LESSON,
        is_second_factor_required=False,
    )
    assert isinstance(outcome, SignedIn)
    return outcome.session


def claim(
    store: DecisionStore,
    session: WebSession,
    address: str = FREE_DEVICE,
    moment: datetime = LESSON,
) -> ClaimRecord:
    return store.claims.claim(
        session.id,
        address,
        networks=NETWORKS,
        own_addresses={"127.0.0.1"},
        zone=LONDON,
        at=MACHINE,
        moment=moment,
    )


def seen(
    store: DecisionStore, session: WebSession, moment: datetime, address: str = FREE_DEVICE
) -> ClaimRecord | None:
    return store.claims.seen(
        session.id, address, zone=LONDON, at=MACHINE + (moment - LESSON), moment=moment
    )


def claimed(store: DecisionStore, moment: datetime) -> list[tuple[str, str]]:
    return [(each.address, each.person) for each in store.live(moment).claims]


def test_a_grant_is_told_until_it_is_over(store: DecisionStore) -> None:
    approve(store)

    assert 1 == len(store.live(END - timedelta(microseconds=1)).grants)
    assert () == store.live(END).grants


def test_a_grant_that_ended_is_not_revived_by_a_clock_set_back(store: DecisionStore) -> None:
    number = approve(store)
    before = store.version()

    assert 0 == store.end_overdue(END - timedelta(seconds=1), at=MACHINE)
    assert 1 == store.end_overdue(END, at=MACHINE)
    assert 0 == store.end_overdue(END, at=MACHINE)

    assert Live() == store.live(LESSON)
    assert () == store.requests.in_force(LESSON)
    assert Stage.ENDED is stage_at(store.requests.find(number), LESSON)
    assert before + 1 == store.version()
    assert AuditAction.GRANT_ENDED is store.audit.recent(limit=1)[0].action


def test_a_claim_lasts_while_it_is_used_and_no_longer_than_fifteen_idle_minutes(
    store: DecisionStore,
) -> None:
    session = sign_in(store)
    claim(store, session)
    idle = timedelta(minutes=15)

    assert [(FREE_DEVICE, TEACHER.id)] == claimed(store, LESSON + idle - timedelta(seconds=1))
    assert [] == claimed(store, LESSON + idle)
    later = LESSON + timedelta(minutes=10)
    assert seen(store, session, later) is not None
    assert [(FREE_DEVICE, TEACHER.id)] == claimed(store, later + idle - timedelta(seconds=1))
    assert [] == claimed(store, later + idle)
    # It is over now: using the pages again does not bring it back.
    assert seen(store, session, later + idle) is None
    assert seen(store, session, later + timedelta(hours=2)) is None


def test_use_from_another_address_or_session_keeps_no_claim_alive(store: DecisionStore) -> None:
    session = sign_in(store)
    claim(store, session)
    later = LESSON + timedelta(minutes=10)

    assert seen(store, session, later, "127.0.2.41") is None
    assert seen(store, sign_in(store), later) is None
    assert [] == claimed(store, LESSON + timedelta(minutes=15))


def test_a_claim_ends_with_the_day(store: DecisionStore) -> None:
    session = sign_in(store)
    # In June the school's midnight is 23:00 UTC.
    evening = datetime(2027, 6, 7, 22, 50, tzinfo=UTC)
    made = claim(store, session, moment=evening)

    assert datetime(2027, 6, 7, 23, 0, tzinfo=UTC) == made.ends_at
    kept = store.claims.seen(
        session.id,
        FREE_DEVICE,
        zone=LONDON,
        at=MACHINE,
        moment=evening + timedelta(minutes=9),
    )
    assert kept is not None
    assert made.ends_at == kept.ends_at


def test_signing_out_ends_the_claim_at_once(store: DecisionStore) -> None:
    session = sign_in(store)
    claim(store, session)
    before = store.version()

    store.sessions.end(session.id, at=MACHINE, moment=LESSON)

    assert [] == claimed(store, LESSON)
    assert [] == claimed(store, LESSON - timedelta(minutes=5)), "a clock set back revives nothing"
    assert before + 1 == store.version()
    assert store.claims.at_address(FREE_DEVICE, LESSON) is None
    with pytest.raises(NotAllowed, match="sign in"):
        claim(store, session)


def test_a_claim_can_be_given_up(store: DecisionStore) -> None:
    session = sign_in(store)
    claim(store, session)

    assert store.claims.give_up(session.id, FREE_DEVICE, at=MACHINE, moment=LESSON)
    assert not store.claims.give_up(session.id, FREE_DEVICE, at=MACHINE, moment=LESSON)
    assert [] == claimed(store, LESSON)


def test_the_newest_claim_of_an_address_is_the_one(store: DecisionStore) -> None:
    first, second = sign_in(store), sign_in(store, "head")
    claim(store, first)
    claim(store, second)

    assert [(FREE_DEVICE, HEAD.id)] == claimed(store, LESSON)
    assert seen(store, first, LESSON + timedelta(minutes=1)) is None


def test_one_address_is_one_however_it_is_spelt(store: DecisionStore) -> None:
    session = sign_in(store)

    assert FREE_DEVICE == claim(store, session, f"::ffff:{FREE_DEVICE}").address


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.0.1.10", "127.0.2.20", "127.0.3.10", "127.0.9.9", "nonsense"]
)
def test_a_refused_claim_changes_nothing(store: DecisionStore, address: str) -> None:
    session = sign_in(store)
    before = store.version()

    with pytest.raises(NotAllowed):
        claim(store, session, address)
    assert before == store.version()
    assert [] == claimed(store, LESSON)


def test_a_device_of_somebody_else_is_refused(store: DecisionStore) -> None:
    with pytest.raises(NotAllowed, match="somebody else"):
        claim(store, sign_in(store, "head"), "127.0.2.10")


def test_a_claim_that_ended_is_not_revived_by_a_clock_set_back(store: DecisionStore) -> None:
    session = sign_in(store)
    made = claim(store, session)

    assert 1 == store.end_overdue(made.ends_at, at=MACHINE)

    assert [] == claimed(store, LESSON)
    assert seen(store, session, LESSON + timedelta(minutes=1)) is None
    entry = store.audit.recent(limit=1)[0]
    assert (AuditAction.CLAIM_ENDED, {"why": ClaimEnd.TIME_OVER}) == (entry.action, entry.details)
    with pytest.raises(StoreError, match="never revived"), store.database.writing() as db:
        db.execute(text("UPDATE device_claims SET ended_at = NULL, ended_why = NULL"))


def record(store: DecisionStore, kind: StandingRecordKind, by: str) -> int:
    kept = store.standing.record(
        "staff-break-access",
        kind,
        by=by,
        reasons="agreed",
        review_on=date(2027, 9, 1),
        at=MACHINE,
    )
    return kept.id


def test_a_standing_permission_is_in_force_only_while_both_records_stand(
    store: DecisionStore,
) -> None:
    def standing() -> frozenset[str]:
        return store.live(LESSON).standing

    permission = record(store, StandingRecordKind.HEAD_PERMISSION, HEAD.id)
    assert frozenset() == standing()
    controls = record(store, StandingRecordKind.CONFIRMED_CONTROLS, LEAD.id)
    assert frozenset({"staff-break-access"}) == standing()
    before = store.version()
    store.standing.withdraw(controls, by=LEAD.id, at=MACHINE)
    assert frozenset() == standing()
    assert before + 1 == store.version()
    record(store, StandingRecordKind.CONFIRMED_CONTROLS, LEAD.id)
    assert frozenset({"staff-break-access"}) == standing()
    store.standing.withdraw(permission, by=HEAD.id, at=MACHINE)
    assert frozenset() == standing()
    assert 3 == len(store.standing.history("staff-break-access"))


@pytest.mark.parametrize("kind", StandingRecordKind)
def test_only_the_right_person_records_and_withdraws(
    store: DecisionStore, kind: StandingRecordKind
) -> None:
    right, wrong = (
        (HEAD.id, LEAD.id) if kind is StandingRecordKind.HEAD_PERMISSION else (LEAD.id, HEAD.id)
    )
    for person in (wrong, TEACHER.id):
        with pytest.raises(NotAllowed):
            record(store, kind, person)
    kept = record(store, kind, right)
    with pytest.raises(WrongState, match="stands already"):
        record(store, kind, right)
    with pytest.raises(NotAllowed):
        store.standing.withdraw(kept, by=wrong, at=MACHINE)
    store.standing.withdraw(kept, by=right, at=MACHINE)
    with pytest.raises(WrongState):
        store.standing.withdraw(kept, by=right, at=MACHINE)
    with pytest.raises(UnknownObject):
        store.standing.withdraw(99, by=right, at=MACHINE)


def test_the_register_is_told_without_names(store: DecisionStore) -> None:
    register = store.register(NETWORKS)

    assert NETWORKS == register.networks
    assert set(DEVICES) == set(register.devices)
    assert Person(PUPIL.id, Audience.PUPIL, classes=frozenset({"4B"})) in register.people
    assert PUPIL.name not in repr(register)


def test_a_person_comes_back_with_everything_that_decisions_ask(store: DecisionStore) -> None:
    duty = HeldDuty(Duty.ACCOUNT_OPERATOR, frozenset({"clips", "other"}))
    hours = WorkingHours(LESSON.time(), END.time())
    days = frozenset({date(2026, 11, 20), date(2026, 11, 23)})
    added = NewPerson(
        "linnet",
        "Bo",
        Audience.STAFF,
        duties=(duty,),
        classes=frozenset({"6A"}),
        year_group=6,
        age=11,
        hours=hours,
        overtime=days,
    )
    before = store.version()
    store.people.add(added, at=MACHINE, by=HEAD.id)

    expected = Person("linnet", Audience.STAFF, (duty,), frozenset({"6A"}), 6, 11, hours, days)
    assert expected in store.register(()).people
    assert before + 1 == store.version()


def test_half_a_person_is_not_added(store: DecisionStore) -> None:
    before = store.register(()), store.audit.recent(), store.version()

    with pytest.raises(UnknownObject, match="9Z"):
        store.people.add(
            NewPerson("linnet", "Bo", Audience.PUPIL, classes=frozenset({"9Z"})),
            at=MACHINE,
            by=None,
        )
    with pytest.raises(StoreError):
        store.people.add(NewPerson(TEACHER.id, "Bo", Audience.PUPIL), at=MACHINE, by=None)
    assert before == (store.register(()), store.audit.recent(), store.version())
