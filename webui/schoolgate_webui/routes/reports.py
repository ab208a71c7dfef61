"""Reports for whoever is signed in: their own and the answers, and those that they handle."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.explaining import explained
from schoolgate_policyd.questions import Question
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.workflow.blockable import site_of
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.report_forms import parse_answer, parse_incident
from schoolgate_policyd.workflow.report_handlers import handlers_of, is_own, may_handle
from schoolgate_policyd.workflow.reports import Report
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.views import reports as views
from schoolgate_webui.views.at_once import said_of_rules
from schoolgate_webui.views.reports import FoundNow
from schoolgate_webui.views.why import TAGS
from schoolgate_webui.views.words import AUDIENCES

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT
_LONGEST_ID = 40
# A report says what a pupil at a school computer and a member of staff would get.
_ASKED = (
    (Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER),
    (Audience.STAFF, DeviceKind.SCHOOL_COMPUTER),
)


@router.get("/reports")
def listed(desk: DeskDep) -> HTMLResponse:
    """Show their own reports, and to those who handle reports what waits."""
    store, now = desk.site.decisions.reports, desk.now
    is_handler = may(desk.member, Sight.REPORTS)
    handled = [
        store.handled_by(desk.member, is_open=is_open) if is_handler else ()
        for is_open in (True, False)
    ]
    waiting, answered, mine = (
        tuple(views.card_of(each, now) for each in some)
        for some in (*handled, store.made_by(desk.member.id))
    )
    page = views.ReportsPage(
        is_handler, may(desk.member, Sight.BLOCK_AT_ONCE), waiting, answered, mine
    )
    return desk.page("reports.html", reports=page)


@router.get("/reports/{number}")
def one(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show one report."""
    return _page(desk, visible(desk, number))


@router.post("/reports/{number}/answer")
def answer(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Answer a report, or ask for the head's attention."""
    report = visible(desk, number)
    try:
        parsed = parse_answer(entered)
    except InvalidForm as error:
        return _page(desk, report, entered, error)
    desk.site.decisions.reports.answer(
        number, by=desk.member.id, answer=parsed, at=desk.now.machine
    )
    return _see(desk, number, "answered")


@router.post("/reports/{number}/incident")
def make_incident(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Make an incident of a report."""
    report = visible(desk, number)
    try:
        parsed = parse_incident(entered)
    except InvalidForm as error:
        return _page(desk, report, entered, error)
    desk.site.decisions.reports.make_incident(
        number, by=desk.member.id, form=parsed, at=desk.now.machine
    )
    return _see(desk, number, "answered")


@router.post("/reports/{number}/about")
def is_about(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Record whom a report is about: they do not handle it."""
    visible(desk, number)
    desk.site.decisions.reports.is_about(
        number,
        entered.get("person", "")[:_LONGEST_ID],
        by=desk.member.id,
        at=desk.now.machine,
    )
    return _see(desk, number, "recorded")


@router.post("/reports/{number}/not-about")
def is_not_about(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Record that a report is not about somebody after all."""
    visible(desk, number)
    desk.site.decisions.reports.is_not_about(
        number,
        entered.get("person", "")[:_LONGEST_ID],
        by=desk.member.id,
        at=desk.now.machine,
    )
    return _see(desk, number, "recorded")


def visible(desk: Desk, number: int) -> Report:
    """Return report *number*; for those who may not see it there is none."""
    report = desk.site.decisions.reports.find(number)
    people = desk.site.decisions.people.members()
    if not is_own(desk.member, report) and not may_handle(desk.member, report, people):
        raise UnknownObject(f"there is no report {number} for them")
    return report


def _page(
    desk: Desk,
    report: Report,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
) -> HTMLResponse:
    people = desk.site.decisions.people.members()
    handling = None
    if may_handle(desk.member, report, people):
        handling = _handling(desk, report, people, entered or {}, invalid)
    page = views.page_of(report, own=is_own(desk.member, report), handling=handling, now=desk.now)
    status_code = status.HTTP_200_OK if invalid is None else _UNPROCESSABLE
    return desk.page("report_one.html", status_code=status_code, report=page)


def _handling(
    desk: Desk,
    report: Report,
    people: tuple[Member, ...],
    entered: Mapping[str, str],
    invalid: InvalidForm | None,
) -> views.Handling:
    url = report.form.url
    others = 0
    if url is not None:
        others = desk.site.decisions.reports.about_site(site_of(url.host).text, but=report.id)
    return views.handling_of(
        report,
        desk.member,
        handlers=handlers_of(report, people),
        possible=[each for each in people if may(each, Sight.REPORTS)],
        others=others,
        found=_found(desk, report),
        names=desk.site.names(),
        now=desk.now,
        may_block=may(desk.member, Sight.BLOCK_AT_ONCE),
        entered=entered,
        invalid=invalid,
    )


def _found(desk: Desk, report: Report) -> tuple[FoundNow, ...]:
    """Return what the filter does now with the address, for a pupil and for staff."""
    if report.form.url is None:
        return ()
    site, now, url = desk.site, desk.now, str(report.form.url)
    snapshot = site.policy_in_force.snapshot(now.school)
    said = said_of_rules(site.decisions.blocks.in_force(), site.names(), now)
    found = []
    for audience, device in _ASKED:
        answered = explained(
            Question(url=url, audience=audience, device=device), lambda _: snapshot, now.school
        ).answer
        asked = {"url": url, "audience": audience.value, "device": device.value}
        further = tuple(said[rule] for rule in answered.rules if rule in said)
        found.append(
            FoundNow(
                AUDIENCES[audience],
                answered.verdict,
                TAGS[answered.verdict],
                (*answered.explanation[1:], *further),
                f"/why?{urlencode(asked)}" if may(desk.member, Sight.REASONS) else "",
            )
        )
    return tuple(found)


def _see(desk: Desk, number: int, done: str) -> RedirectResponse:
    """Go on to the report, or to the list where it is not theirs to see any more."""
    report = desk.site.decisions.reports.find(number)
    people = desk.site.decisions.people.members()
    is_theirs = is_own(desk.member, report) or may_handle(desk.member, report, people)
    path = f"/reports/{number}" if is_theirs else "/reports"
    return RedirectResponse(f"{path}?done={done}", status.HTTP_303_SEE_OTHER)
