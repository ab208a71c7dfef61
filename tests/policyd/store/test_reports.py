"""Reports and blocks at once in the store: each change with its audit entry, or none."""

from datetime import timedelta

import pytest
from office import DSL, HEAD, LEAD, LESSON, MACHINE, PASSWORD, TEACHER
from sqlalchemy import text
from to_sign import sign_lifting

from schoolgate_policyd.core.at_once import AtOnce, BlockedPart, BlockedService, BlockedSite
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.url_patterns import parse_pattern
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError, UnknownObject
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.waiting import Matter
from schoolgate_policyd.workflow.blocks import BlockForm
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, WrongState
from schoolgate_policyd.workflow.incidents import IncidentKind, IncidentSubject, Severity
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.report_forms import MOST_REPORTS, AnswerForm, IncidentForm
from schoolgate_policyd.workflow.reports import Report, ReportState, form_of

ONCE = "a secret of one form, long enough to be one"
SITE = BlockForm(BlockedSite(DomainName("bad.example")), is_for_everybody=False, reason="Harm")
OPEN = AnswerForm(ReportState.STAYS_OPEN, "It is a museum", "You may look at it.")


def make(store: DecisionStore, saw: str = "bad.com/x", reporter: str | None = None) -> Report:
    report, _ = store.reports.make(form_of(saw, ""), once=ONCE, reporter=reporter, at=MACHINE)
    return report


def waiting(store: DecisionStore, member: Member) -> int:
    asked = (Matter.REPORTS,)
    return store.waiting.counts(member, asked, school="hill", moment=LESSON)[Matter.REPORTS]


def actions(store: DecisionStore, kind: str) -> list[AuditAction]:
    return [each.action for each in store.audit.recent(object_kind=kind)]


def test_a_report_is_found_by_its_code_and_by_whoever_made_it(store: DecisionStore) -> None:
    form = form_of("bad.com/x scared me", "Pia")
    made, code = store.reports.make(form, once=ONCE, reporter=TEACHER.id, at=MACHINE)

    assert made == store.reports.with_code(code.lower())
    assert made == store.reports.find(made.id)
    assert (made,) == store.reports.made_by(TEACHER.id)
    assert (form, TEACHER.id, MACHINE) == (made.form, made.reporter, made.reported_at)
    assert None is store.reports.with_code("BCDFG-BCDFG")


def test_a_form_sent_twice_is_one_report(store: DecisionStore) -> None:
    assert make(store) == make(store)
    assert make(store).id != make(store, "something else").id
    assert [AuditAction.REPORT_MADE] * 2 == actions(store, "report")


def test_the_audit_does_not_say_who_reported(store: DecisionStore) -> None:
    make(store, reporter=TEACHER.id)
    (entry,) = store.audit.recent(object_kind="report")

    assert None is entry.actor
    assert TEACHER.id not in str(entry.details)


def test_who_is_named_in_a_report_does_not_see_it_until_another_says_otherwise(
    store: DecisionStore,
) -> None:
    report = make(store, f"{LEAD.name} showed us this")
    assert () == store.reports.handled_by(LEAD, is_open=True)
    assert 0 == waiting(store, LEAD)
    assert 1 == waiting(store, DSL)

    with pytest.raises(NotAllowed):
        store.reports.is_not_about(report.id, LEAD.id, by=LEAD.id, at=MACHINE)
    store.reports.is_not_about(report.id, LEAD.id, by=DSL.id, at=MACHINE)

    assert 1 == waiting(store, LEAD)
    store.reports.is_about(report.id, LEAD.id, by=LEAD.id, at=MACHINE)
    assert 0 == waiting(store, LEAD)
    assert [AuditAction.REPORT_ABOUT, AuditAction.REPORT_NOT_ABOUT] == (
        actions(store, "report")[:2]
    )


def test_an_answer_is_kept_with_its_audit_entry(store: DecisionStore) -> None:
    report = make(store)
    after = store.reports.answer(report.id, by=LEAD.id, answer=OPEN, at=MACHINE)

    assert ReportState.STAYS_OPEN is after.state
    assert after == store.reports.find(report.id)
    assert (after,) == store.reports.handled_by(HEAD, is_open=False)
    assert () == store.reports.handled_by(HEAD, is_open=True)
    entry = store.audit.recent(object_kind="report")[0]
    assert (AuditAction.REPORT_ANSWERED, LEAD.id) == (entry.action, entry.actor)
    with pytest.raises(WrongState):
        store.reports.answer(report.id, by=DSL.id, answer=OPEN, at=MACHINE)


def test_blocking_from_a_report_answers_it_in_the_same_transaction(store: DecisionStore) -> None:
    report, version = make(store), store.version()
    block = store.reports.block(report.id, by=LEAD.id, form=SITE, at=MACHINE)

    answered = store.reports.find(report.id)
    assert (ReportState.BLOCKED, block.number) == (answered.state, answered.steps[-1].block)
    assert (report.id, "Harm", LEAD.id) == (block.report, block.reason, block.by)
    assert (AtOnce(block.number, SITE.what),) == store.blocks_at_once()
    assert store.version() > version
    assert [AuditAction.BLOCKED_AT_ONCE] == actions(store, "block")


def test_what_cannot_be_answered_is_not_blocked_either(store: DecisionStore) -> None:
    report = make(store)
    store.reports.block(report.id, by=LEAD.id, form=SITE, at=MACHINE)
    other = BlockForm(BlockedService("clips"), is_for_everybody=True, reason="x")

    with pytest.raises(WrongState):
        store.reports.block(report.id, by=LEAD.id, form=other, at=MACHINE)

    assert 1 == len(store.blocks.in_force())
    assert 1 == len(actions(store, "block"))


def test_an_incident_is_made_of_a_report_in_one_transaction(store: DecisionStore) -> None:
    report = make(store)
    form = IncidentForm(Severity.HIGH, Audience.PUPIL)
    after = store.reports.make_incident(report.id, by=DSL.id, form=form, at=MACHINE)

    number = after.steps[-1].incident
    assert number is not None
    incident, _ = store.incidents.find(number, by=DSL.id)
    assert ReportState.PASSED_ON is after.state
    assert (IncidentKind.HARMFUL_CONTENT, Severity.HIGH) == (incident.kind, incident.severity)
    assert "bad.com/x" in incident.summary
    with pytest.raises(WrongState):
        store.reports.make_incident(report.id, by=DSL.id, form=form, at=MACHINE)
    with pytest.raises(UnknownObject):
        store.incidents.find(number + 1, by=DSL.id)


def test_an_incident_of_a_report_about_somebody_is_about_them(store: DecisionStore) -> None:
    report = make(store, f"{LEAD.name} showed us this")
    form = IncidentForm(Severity.LOW, Audience.PUPIL)
    after = store.reports.make_incident(report.id, by=HEAD.id, form=form, at=MACHINE)

    incident, _ = store.incidents.find(after.steps[-1].incident or 0, by=HEAD.id)
    assert IncidentSubject(Audience.STAFF, LEAD.id) == incident.subject


@pytest.mark.parametrize(
    "what",
    [
        BlockedSite(DomainName("bad.example")),
        BlockedPart(parse_pattern("*.bad.example/x?a=1")),
        BlockedService("clips"),
    ],
)
def test_a_block_is_read_as_it_was_made(
    store: DecisionStore, what: BlockedSite | BlockedPart | BlockedService
) -> None:
    made = store.blocks.make(
        BlockForm(what, is_for_everybody=True, reason="x"), by=DSL.id, at=MACHINE
    )

    assert what == made.what
    assert made == store.blocks.find(made.number)
    assert (made.at_once,) == store.blocks_at_once()


def test_the_same_is_not_blocked_twice(store: DecisionStore) -> None:
    store.blocks.make(SITE, by=LEAD.id, at=MACHINE)

    with pytest.raises(InvalidForm, match="already"):
        store.blocks.make(SITE, by=DSL.id, at=MACHINE)


def test_the_head_lifts_a_block_with_the_password_and_nobody_else(store: DecisionStore) -> None:
    made = store.blocks.make(SITE, by=LEAD.id, at=MACHINE)

    def lift(by: str, password: str) -> None:
        sign_lifting(store, made.number, by=by, reason="Mended", password=password)

    with pytest.raises(NotAllowed):
        lift(LEAD.id, PASSWORD)
    with pytest.raises(InvalidForm, match="password"):
        lift(HEAD.id, "wrong")
    assert (made,) == store.blocks.in_force()
    version = store.version()
    lift(HEAD.id, PASSWORD)

    assert () == store.blocks_at_once()
    assert store.version() > version
    (over,) = store.blocks.lifted()
    assert over.lifted is not None
    assert (HEAD.id, "Mended") == (over.lifted.by, over.lifted.reason)
    assert AuditAction.BLOCK_LIFTED is actions(store, "block")[0]
    # What is lifted may be blocked again.
    store.blocks.make(SITE, by=LEAD.id, at=MACHINE)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE blocks_at_once SET what = '{}'",
        "UPDATE blocks_at_once SET reason = 'other'",
        "UPDATE reports SET saw = 'other'",
        "UPDATE reports SET reporter_id = 'heron'",
        "UPDATE report_steps SET reasons = 'other'",
    ],
)
def test_what_was_said_and_blocked_cannot_be_changed(store: DecisionStore, statement: str) -> None:
    store.reports.block(make(store).id, by=LEAD.id, form=SITE, at=MACHINE)

    with pytest.raises(StoreError), store.database.writing() as session:
        session.execute(text(statement))


def test_no_block_is_lifted_in_the_database_without_a_signature(store: DecisionStore) -> None:
    store.blocks.make(SITE, by=LEAD.id, at=MACHINE)
    elsewhere = BlockForm(BlockedSite(DomainName("x.example")), True, "Harm")
    other = store.blocks.make(elsewhere, by=LEAD.id, at=MACHINE)
    sign_lifting(store, other.number)
    digest = store.signings.signature(1).digest
    lift = (
        "UPDATE blocks_at_once SET lifted_at = '2026-11-20', lifted_by = 'swift',"
        " lift_reason = 'x', signed_digest = :digest WHERE id = 1"
    )

    for each in (None, "0" * 64, digest):
        with pytest.raises(StoreError, match="signature"), store.database.writing() as session:
            session.execute(text(lift), {"digest": each})
    with pytest.raises(StoreError, match="signature"), store.database.writing() as session:
        session.execute(text("DELETE FROM signatures"))


def test_a_lifted_block_is_never_revived(store: DecisionStore) -> None:
    made = store.blocks.make(SITE, by=LEAD.id, at=MACHINE)
    sign_lifting(store, made.number)

    with pytest.raises(StoreError), store.database.writing() as session:
        session.execute(
            text("UPDATE blocks_at_once SET lifted_at=NULL, lifted_by=NULL, lift_reason=NULL")
        )


def test_a_device_waits_after_some_reports_and_never_for_good(store: DecisionStore) -> None:
    def wait(at: timedelta, address: str = "10.0.0.1") -> timedelta:
        return store.reports.try_from(address, is_look=False, at=MACHINE + at)

    assert [timedelta()] * MOST_REPORTS == [wait(timedelta()) for _ in range(MOST_REPORTS)]
    asked = [wait(timedelta(minutes=minute)) for minute in range(9)]
    assert [timedelta(minutes=10 - minute) for minute in range(9)] == asked
    assert timedelta() == wait(timedelta(), "10.0.0.2")
    assert timedelta() == store.reports.try_from("10.0.0.1", is_look=True, at=MACHINE)
    assert timedelta() == wait(timedelta(minutes=10))


def test_other_reports_about_a_site_are_counted(store: DecisionStore) -> None:
    first = make(store, "www.bad.com/one")
    make(store, "bad.com/two")
    make(store, "other.com")

    assert 1 == store.reports.about_site("bad.com", but=first.id)


def test_a_number_that_nothing_has_is_unknown(store: DecisionStore) -> None:
    with pytest.raises(UnknownObject):
        store.reports.find(99)
    with pytest.raises(UnknownObject):
        store.blocks.find(99)
