"""Reports of content: their own with the answers, and those that they handle."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from schoolgate_policyd.workflow.report_forms import parse_answer, parse_incident
from schoolgate_policyd.workflow.report_handlers import is_own, may_handle
from schoolgate_policyd.workflow.reports import Report, ReportState
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.api.guard import DeskDep, names_of
from schoolgate_webui.api.paging import part_of
from schoolgate_webui.api.shapes import (
    After,
    Entered,
    Id,
    Limit,
    Named,
    Number,
    Page,
    Shape,
    Text,
    Word,
    known,
    named,
)
from schoolgate_webui.desk import Desk
from schoolgate_webui.routes.reports import visible
from schoolgate_webui.views.reports import title_of

router = APIRouter(tags=["Reports and blocks"])


class AnswerEntry(Entered):
    """An answer: *reasons* for those who handle reports, *answer* for whoever made this one."""

    state: Word = ""
    reasons: Text = ""
    answer: Text = ""


class IncidentEntry(Entered):
    """How severe the incident is that is made of a report, and whose matter it is."""

    severity: Word = ""
    audience: Word = ""


class PersonEntry(Entered):
    """A person, by id."""

    person: Id


class ReportLine(Shape):
    """A report in a list, without who made it."""

    number: int
    state: ReportState
    title: str
    reported_at: datetime


class ReportStepShown(Shape):
    """What somebody did about a report."""

    state: ReportState
    by: Named
    at: datetime
    reasons: str
    block: int | None
    incident: int | None


class Handled(Shape):
    """What those who handle a report see of it."""

    reporter: Named | None
    name_given: str
    url: str | None
    about: list[Named]
    steps: list[ReportStepShown]


class ReportShown(ReportLine):
    """A report; *handling* is null for whoever made it and does not handle it."""

    saw: str
    answers: list[str]
    handling: Handled | None
    page: str


@router.get("/reports", summary="Reports of content")
def listed(
    desk: DeskDep,
    *,
    mine: Annotated[bool, Query(description="Their own alone.")] = False,
    is_open: Annotated[bool, Query(alias="open", description="Those that wait.")] = True,
    after: After = None,
    limit: Limit = 50,
) -> Page[ReportLine]:
    """List the reports that the token's owner handles, or else made."""
    store, number = desk.site.decisions.reports, _number
    if mine or not may(desk.member, Sight.REPORTS):
        found = store.made_by(desk.member.id)
    else:
        found = store.handled_by(desk.member, is_open=is_open)
    return part_of(desk.request, found, _line(desk), number=number, after=after, limit=limit)


@router.get("/reports/{number}", summary="One report")
def one(desk: DeskDep, number: Number) -> ReportShown:
    """Give a report as its page shows it."""
    return _shown(desk, visible(desk, number))


@router.post("/reports/{number}/answer", summary="Answer a report")
def answer(desk: DeskDep, number: Number, entered: AnswerEntry) -> ReportShown:
    """Answer a report, or ask for the head's attention."""
    visible(desk, number)
    answered = desk.site.decisions.reports.answer(
        number, by=desk.member.id, answer=parse_answer(entered.as_form()), at=desk.now.machine
    )
    return _shown(desk, answered)


@router.post("/reports/{number}/incident", summary="Make an incident of a report")
def make_incident(desk: DeskDep, number: Number, entered: IncidentEntry) -> ReportShown:
    """Make an incident of a report."""
    visible(desk, number)
    form = parse_incident(entered.as_form())
    made = desk.site.decisions.reports.make_incident(
        number, by=desk.member.id, form=form, at=desk.now.machine
    )
    return _shown(desk, made)


@router.post("/reports/{number}/about", summary="Say whom a report is about")
def is_about(desk: DeskDep, number: Number, entered: PersonEntry) -> ReportShown:
    """Record whom a report is about: they do not handle it."""
    visible(desk, number)
    desk.site.decisions.reports.is_about(
        number, entered.person, by=desk.member.id, at=desk.now.machine
    )
    return _shown(desk, visible(desk, number))


@router.post("/reports/{number}/not-about", summary="Say whom a report is not about")
def is_not_about(desk: DeskDep, number: Number, entered: PersonEntry) -> ReportShown:
    """Record that a report is not about somebody after all."""
    visible(desk, number)
    desk.site.decisions.reports.is_not_about(
        number, entered.person, by=desk.member.id, at=desk.now.machine
    )
    return _shown(desk, visible(desk, number))


def _number(report: Report) -> int:
    return report.id


def _line(desk: Desk) -> Callable[[Report], ReportLine]:
    def line(report: Report) -> ReportLine:
        return ReportLine(
            number=report.id,
            state=report.state,
            title=title_of(report),
            reported_at=desk.now.recorded(report.reported_at),
        )

    return line


def _shown(desk: Desk, report: Report) -> ReportShown:
    people = desk.site.decisions.people.members()
    is_handler = may_handle(desk.member, report, people)
    if not is_handler and not is_own(desk.member, report):
        # Whoever has just said that it is about themselves sees no more of it.
        report = visible(desk, report.id)
    return ReportShown(
        **_line(desk)(report).model_dump(),
        saw=report.form.saw,
        answers=[each.answer for each in report.steps if each.answer],
        handling=_handled(desk, report) if is_handler else None,
        page=f"/reports/{report.id}",
    )


def _handled(desk: Desk, report: Report) -> Handled:
    people, now = names_of(desk).people, desk.now
    return Handled(
        reporter=named(report.reporter, people),
        name_given=report.form.name,
        url=None if report.form.url is None else str(report.form.url),
        about=[known(each, people) for each in sorted(report.about)],
        steps=[
            ReportStepShown(
                state=each.state,
                by=known(each.actor, people),
                at=now.recorded(each.at),
                reasons=each.reasons,
                block=each.block,
                incident=each.incident,
            )
            for each in report.steps
        ],
    )
