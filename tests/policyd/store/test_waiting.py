"""What waits for each duty is counted as the workflow has it, and by few statements."""

from datetime import timedelta

import pytest
from office import CHAIR, DSL, HEAD, LEAD, LESSON, MACHINE, PUPIL, SECOND_HEAD, TEACHER, VISITOR
from office import form as request_form
from policy_paper import (
    AT,
    GOVERNOR,
    MOMENT,
    REASONS,
    SHARED,
    STRICT_TERMS,
    TECHNICIAN,
    TODAY,
    proof,
)
from policy_store import employ
from statements import statements

from schoolgate_policyd.core.rules import Citation, RestrictionKind
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.incidents import NewIncident
from schoolgate_policyd.store.policy_rows import PolicyContent
from schoolgate_policyd.store.waiting import Matter
from schoolgate_policyd.workflow.incidents import IncidentKind, IncidentSubject, Severity
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_versions import Minutes, PolicyVersion
from schoolgate_policyd.workflow.reports import form_of
from schoolgate_policyd.workflow.restrictions import Proposal
from schoolgate_policyd.workflow.standing_requests import StandingForm

EVERYBODY = (
    *(TEACHER, HEAD, SECOND_HEAD, LEAD, DSL, CHAIR, PUPIL, VISITOR),
    *(TECHNICIAN, GOVERNOR),
)
FIRST = PolicyContent({"schools/hill.yaml": "# first\n"}, "1" * 64, STRICT_TERMS)
SECOND = PolicyContent({"schools/hill.yaml": "# second\n"}, "2" * 64)
# What waits where something of every kind is open. From the policies, and not from the code.
WAITS: dict[str, dict[Matter, int]] = {
    HEAD.id: {Matter.INCIDENTS: 1, Matter.RESTRICTIONS: 1},
    SECOND_HEAD.id: {Matter.INCIDENTS: 1, Matter.RESTRICTIONS: 1},
    LEAD.id: {Matter.REQUESTS: 2, Matter.STANDING: 1, Matter.INCIDENTS: 2, Matter.REPORTS: 1},
    # A report waits for the online safety lead first.
    DSL.id: {Matter.INCIDENTS: 2, Matter.RESTRICTIONS: 1},
    CHAIR.id: {Matter.POLICY: 1},
    GOVERNOR.id: {Matter.POLICY: 1},
}


def counts(store: DecisionStore, member: Member) -> dict[Matter, int]:
    return store.waiting.counts(member, Matter, school="hill", moment=LESSON)


def told(store: DecisionStore, member: Member) -> dict[Matter, int]:
    return {matter: count for matter, count in counts(store, member).items() if count}


def ask(store: DecisionStore, times: int = 2) -> None:
    for _ in range(times):
        store.requests.submit(TEACHER.id, request_form(), at=MACHINE, moment=LESSON)


def report_concern(store: DecisionStore, subject: IncidentSubject) -> None:
    new = NewIncident(IncidentKind.CIRCUMVENTION, Severity.LOW, subject, "A VPN", MACHINE)
    store.incidents.open(new, by=LEAD.id, at=MACHINE)


def propose_policy(store: DecisionStore) -> PolicyVersion:
    begun = store.policies.begin(
        "hill", SECOND, by=TECHNICIAN.id, summary="Less", base=1, at=AT, moment=MOMENT
    )
    store.policies.record(begun.number, proof(begun, opens=True), by=TECHNICIAN.id)
    return store.policies.propose(
        begun.number, by=TECHNICIAN.id, reasons=REASONS, shared=SHARED, at=AT, moment=MOMENT
    )


@pytest.fixture
def quiet(store: DecisionStore) -> DecisionStore:
    """The office with a technician, a governor and a policy, in which nothing waits."""
    employ(store)
    store.policies.take_up("hill", FIRST, at=AT, moment=MOMENT)
    return store


@pytest.fixture
def busy(quiet: DecisionStore) -> DecisionStore:
    """The same office, in which something of every kind waits."""
    ask(quiet)
    standing = StandingForm("break", "at break", "own devices", LESSON.date() + timedelta(20))
    quiet.standing_requests.ask(TECHNICIAN.id, standing, at=MACHINE)
    for about in (PUPIL, PUPIL, TEACHER):
        report_concern(quiet, IncidentSubject(about.audience, about.id))
    quiet.reports.make(form_of("bad.example", ""), once="s" * 40, reporter=None, at=MACHINE)
    proposal = Proposal(
        RestrictionKind.SUPERVISED_ONLY,
        PUPIL.id,
        LESSON,
        LESSON + timedelta(days=7),
        "Again",
        Citation("A policy", "9"),
    )
    quiet.restrictions.propose(proposal, by=LEAD.id, at=MACHINE)
    propose_policy(quiet)
    return quiet


@pytest.mark.parametrize("member", EVERYBODY, ids=lambda each: each.name)
def test_each_duty_is_told_of_what_waits_for_it(busy: DecisionStore, member: Member) -> None:
    assert WAITS.get(member.id, {}) == told(busy, member)


@pytest.mark.parametrize("member", EVERYBODY, ids=lambda each: each.name)
def test_as_many_requests_are_counted_as_are_listed(busy: DecisionStore, member: Member) -> None:
    requests = busy.requests.waiting_for(member.id, at=MACHINE, moment=LESSON)

    assert len(requests) == counts(busy, member)[Matter.REQUESTS]


def test_only_what_is_asked_for_is_counted(busy: DecisionStore) -> None:
    found = busy.waiting.counts(LEAD, [Matter.REPORTS], school="hill", moment=LESSON)

    assert {Matter.REPORTS: 1} == found


def test_the_head_is_told_of_a_version_once_governors_approved_it(busy: DecisionStore) -> None:
    number = busy.policies.every("hill")[-1].number
    minutes = Minutes(TODAY, "FGB 7.2")
    busy.policies.approve(number, by=GOVERNOR.id, minutes=minutes, today=TODAY, at=AT)

    assert Matter.POLICY in told(busy, HEAD)
    assert Matter.POLICY not in told(busy, CHAIR)


def test_another_school_s_versions_wait_for_nobody_here(busy: DecisionStore) -> None:
    found = busy.waiting.counts(CHAIR, [Matter.POLICY], school="vale", moment=LESSON)

    assert {Matter.POLICY: 0} == found


def test_a_proposal_is_decided_by_those_for_whoever_they_are_now(busy: DecisionStore) -> None:
    with busy.database.writing() as session:
        session.connection().exec_driver_sql(
            "UPDATE people SET audience = 'staff' WHERE id = ?", (PUPIL.id,)
        )

    assert Matter.RESTRICTIONS not in told(busy, DSL)
    assert Matter.RESTRICTIONS in told(busy, HEAD)


@pytest.mark.parametrize(
    ("member", "most"),
    [(PUPIL, 1), (TEACHER, 1), (TECHNICIAN, 1), (GOVERNOR, 2), (HEAD, 6), (CHAIR, 6)],
    ids=lambda each: each.name if isinstance(each, Member) else "",
)
def test_where_nothing_is_open_nobody_is_read(
    quiet: DecisionStore, member: Member, most: int
) -> None:
    with statements(quiet.database) as asked:
        assert {} == told(quiet, member)

    assert 1 == asked.count("BEGIN")
    assert most == len(asked) - 1
    assert not [each for each in asked if "FROM duties" in each and "access_requests" not in each]


@pytest.mark.parametrize("member", [HEAD, CHAIR, LEAD, DSL], ids=lambda each: each.name)
def test_more_that_waits_asks_no_more_of_the_database(busy: DecisionStore, member: Member) -> None:
    with statements(busy.database) as before:
        counts(busy, member)
    ask(busy, 5)
    for _ in range(5):
        report_concern(busy, IncidentSubject(Audience.VISITOR, VISITOR.id))
    with statements(busy.database) as after:
        counts(busy, member)

    assert len(before) == len(after)
    assert 1 == after.count("BEGIN")
    assert 1 == len([each for each in after if "SELECT people.id" in each])
    assert 22 >= len(after)
