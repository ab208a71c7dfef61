"""
Reports of content: made by anybody, handled by few, each change with its audit entry.

Nothing here says from which device a report came, and the audit does not say who made one: its
readers are not all among those who handle it.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.attempts import counted_as
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.blocks import put_block
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.incident_rows import new_row
from schoolgate_policyd.store.incidents import note_opened
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.reports import (
    ReportAboutRow,
    ReportRow,
    ReportStepRow,
    ReportTryRow,
)
from schoolgate_policyd.store.people import duty_holders_in, member_in, members_in
from schoolgate_policyd.store.report_rows import report_of, report_row_in
from schoolgate_policyd.workflow import report_handlers
from schoolgate_policyd.workflow.blockable import site_of
from schoolgate_policyd.workflow.blocks import Block, BlockForm
from schoolgate_policyd.workflow.incidents import IncidentKind
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.report_forms import (
    MOST_LOOKS,
    MOST_REPORTS,
    REPORTS_COUNT_FOR,
    AnswerForm,
    IncidentForm,
    wait_before,
)
from schoolgate_policyd.workflow.report_handlers import handlers_of, named_in
from schoolgate_policyd.workflow.reports import (
    OPEN_STATES,
    Report,
    ReportForm,
    ReportState,
    ReportStep,
    code_of,
    hash_of_code,
)

MAX_PAGE = 200
TRIES_KEPT_FOR = timedelta(days=1)
_IS_OPEN = ReportRow.state.in_(OPEN_STATES)


class Reports:
    """
    The reports.

    *at* is machine time, aware; people are ids. Methods raise UnknownObject for numbers that
    nothing has and WorkflowError with a sentence for what is refused.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(
        self, form: ReportForm, *, once: str, reporter: str | None, at: datetime
    ) -> tuple[Report, str]:
        """
        Record a report; return it with the code for its answer.

        *once* is a secret of the form: one that is sent twice is one report. *reporter* is
        whoever was signed in.
        """
        code = code_of(once, form)
        code_hash = hash_of_code(code)
        if code_hash is None:
            raise AssertionError("a code is well formed")
        with self._database.writing() as session:
            known = session.scalar(select(ReportRow).where(ReportRow.code_hash == code_hash))
            if known is not None:
                return report_of(known), code
            about = sorted(named_in(form, members_in(session)))
            row = ReportRow(
                reported_at=at,
                state=ReportState.WAITING,
                saw=form.saw,
                url=None if form.url is None else str(form.url),
                site=None if form.url is None else site_of(form.url.host).text,
                name=form.name,
                reporter_id=reporter,
                code_hash=code_hash,
                about=[ReportAboutRow(person_id=each) for each in about],
            )
            session.add(row)
            session.flush()
            note(session, AuditAction.REPORT_MADE, at=at, actor=None, on=("report", row.id))
            return report_of(row), code

    def try_from(self, address: str, *, is_look: bool, at: datetime) -> timedelta:
        """
        Count a report, or a look at an answer, from *address*; return how long to wait for it.

        What comes too soon is not counted, so that nobody is kept out for good.
        """
        most = MOST_LOOKS if is_look else MOST_REPORTS
        known_as = counted_as(address)
        with self._database.writing() as session:
            session.execute(delete(ReportTryRow).where(ReportTryRow.at < at - TRIES_KEPT_FOR))
            earlier = session.scalars(
                select(ReportTryRow.at).where(
                    ReportTryRow.address == known_as,
                    ReportTryRow.is_look == is_look,
                    ReportTryRow.at > at - REPORTS_COUNT_FOR,
                )
            )
            wait = wait_before(tuple(at - each for each in earlier), most)
            if wait <= timedelta():
                session.add(ReportTryRow(at=at, address=known_as, is_look=is_look))
            return wait

    def with_code(self, code: str) -> Report | None:
        """Return the report whose code is *code*, however it was typed."""
        code_hash = hash_of_code(code)
        if code_hash is None:
            return None
        with self._database.reading() as session:
            row = session.scalar(select(ReportRow).where(ReportRow.code_hash == code_hash))
            return None if row is None else report_of(row)

    def find(self, number: int) -> Report:
        """Return report *number*; whether somebody handles it is `report_handlers.may_handle`."""
        with self._database.reading() as session:
            return report_of(report_row_in(session, number))

    def made_by(self, person: str) -> tuple[Report, ...]:
        """Return the reports that *person* made while signed in, newest first."""
        with self._database.reading() as session:
            return _listed_in(session, ReportRow.reporter_id == person)

    def handled_by(self, member: Member, *, is_open: bool) -> tuple[Report, ...]:
        """Return the reports that *member* handles: those that are open, or the answered ones."""
        with self._database.reading() as session:
            found = open_in(session) if is_open else _listed_in(session, ~_IS_OPEN)
            people = duty_holders_in(session)
        return tuple(
            each for each in found if any(member.id == h.id for h in handlers_of(each, people))
        )

    def about_site(self, site: str, *, but: int) -> int:
        """Return how many other reports were made about *site*."""
        with self._database.reading() as session:
            query = select(func.count()).where(ReportRow.site == site, ReportRow.id != but)
            return session.scalar(query) or 0

    def answer(self, number: int, *, by: str, answer: AnswerForm, at: datetime) -> Report:
        """Answer report *number*, or ask for the head's attention."""
        step = ReportStep(answer.state, by, at, answer.reasons, answer.answer)
        with self._database.writing() as session:
            return _take(session, report_row_in(session, number), step)

    def block(self, number: int, *, by: str, form: BlockForm, at: datetime) -> Block:
        """Block at once what report *number* is about, and answer it, in one transaction."""
        with self._database.writing() as session:
            row = report_row_in(session, number)
            made = put_block(session, form, by=member_in(session, by), at=at, report=number)
            step = ReportStep(
                ReportState.BLOCKED, by, at, form.reason, form.answer, block=made.number
            )
            _take(session, row, step)
            return made

    def make_incident(self, number: int, *, by: str, form: IncidentForm, at: datetime) -> Report:
        """Make an incident of report *number*, which answers it, in one transaction."""
        with self._database.writing() as session:
            row, people = report_row_in(session, number), members_in(session)
            report = report_of(row)
            incident = new_row(
                IncidentKind.HARMFUL_CONTENT,
                report_handlers.subject_of(report, form.audience, people),
                severity=form.severity,
                summary=report_handlers.summary_of(report),
                happened_at=report.reported_at,
                opened_by=by,
                at=at,
            )
            session.add(incident)
            session.flush()
            step = ReportStep(
                ReportState.PASSED_ON,
                by,
                at,
                f"Incident {incident.id} was made of it.",
                incident=incident.id,
            )
            after = _take(session, row, step)
            note_opened(session, incident, at=at)
            return after

    def is_about(self, number: int, person: str, *, by: str, at: datetime) -> None:
        """Record that report *number* is about *person*, who does not handle it from then on."""
        with self._database.writing() as session:
            row, people = report_row_in(session, number), members_in(session)
            before = report_of(row)
            after = report_handlers.about(
                before, member_in(session, person), by=member_in(session, by), people=people
            )
            if after.about != before.about:
                row.about.append(ReportAboutRow(person_id=person, named_by=by))
                note(session, AuditAction.REPORT_ABOUT, at=at, actor=by, on=("report", number))

    def is_not_about(self, number: int, person: str, *, by: str, at: datetime) -> None:
        """Record that report *number* is not about *person*."""
        with self._database.writing() as session:
            row, people = report_row_in(session, number), members_in(session)
            before = report_of(row)
            after = report_handlers.not_about(
                before, person, by=member_in(session, by), people=people
            )
            for each in [each for each in row.about if each.person_id not in after.about]:
                row.about.remove(each)
                session.delete(each)
                note(session, AuditAction.REPORT_NOT_ABOUT, at=at, actor=by, on=("report", number))


def open_in(session: Session) -> tuple[Report, ...]:
    """Return those that wait for an answer; many new ones must not hide one that has waited."""
    return _listed_in(session, _IS_OPEN, oldest_first=True)


def _listed_in(
    session: Session, condition: ColumnElement[bool], *, oldest_first: bool = False
) -> tuple[Report, ...]:
    order = ReportRow.id.asc() if oldest_first else ReportRow.id.desc()
    rows = session.scalars(select(ReportRow).where(condition).order_by(order).limit(MAX_PAGE))
    return tuple(map(report_of, rows))


def _take(session: Session, row: ReportRow, step: ReportStep) -> Report:
    """Take a step in the transaction of *session*, with its audit entry."""
    report = report_of(row)
    report_handlers.answered(
        report, step, by=member_in(session, step.actor), people=members_in(session)
    )
    row.state = step.state
    row.closed_at = None if step.state in OPEN_STATES else step.at
    row.steps.append(
        ReportStepRow(
            state=step.state,
            actor_id=step.actor,
            at=step.at,
            reasons=step.reasons,
            answer=step.answer,
            block=step.block,
            incident=step.incident,
        )
    )
    is_for_head = step.state is ReportState.WITH_HEAD
    note(
        session,
        AuditAction.REPORT_TO_HEAD if is_for_head else AuditAction.REPORT_ANSWERED,
        at=step.at,
        actor=step.actor,
        on=("report", row.id),
        details={"state": step.state.value},
    )
    session.flush()
    return report_of(row)
