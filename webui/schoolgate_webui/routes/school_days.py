"""The school's day and year: timetables, terms, days that are different, overtime."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.store.signed_days import CALENDAR
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.errors import InvalidForm, WrongState
from schoolgate_policyd.workflow.policy_acts import Act
from schoolgate_policyd.workflow.policy_acts import may as may_with_policy
from schoolgate_policyd.workflow.register_acts import RegisterAct
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_webui import school_desk
from schoolgate_webui.changing.kinds import Kind
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.school_desk import form_page, today
from schoolgate_webui.signed_forms import go_and_sign, kept_entry
from schoolgate_webui.views import school_day_forms as forms
from schoolgate_webui.views import school_days as views

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

_CALENDAR = "/school/calendar"


@router.get("/school/calendar")
def calendar(desk: DeskDep) -> HTMLResponse:
    """Show the school's day and year as they are in force."""
    return _calendar_page(desk)


@router.get("/school/calendar/different")
def different_form(desk: DeskDep) -> HTMLResponse:
    """Show the form with which the head says that a day is different."""
    register_acts.require(desk.member, RegisterAct.DIRECT_DAYS)
    kept = kept_entry(desk, SignedKind.DIFFERENT_DAY, CALENDAR)
    return form_page(desk, forms.different_form(today(desk), entered=kept or None))


@router.post("/school/calendar/different")
def direct_day(desk: DeskDep, entered: EnteredDep) -> Response:
    """Go on to signing that days go otherwise."""
    try:
        return go_and_sign(desk, SignedKind.DIFFERENT_DAY, CALENDAR, entered)
    except InvalidForm as error:
        shown = forms.different_form(today(desk), entered=entered, invalid=error)
        return form_page(desk, shown)


@router.post("/school/calendar/different/{number}/withdraw")
def withdraw_day(desk: DeskDep, number: Number) -> Response:
    """Have the days go as usual again."""
    desk.site.decisions.different_days.withdraw(number, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return _see("withdrawn")


@router.get("/school/calendar/overtime")
def overtime_form(desk: DeskDep) -> HTMLResponse:
    """Show the form that puts people on overtime."""
    register_acts.require(desk.member, RegisterAct.KEEP)
    return form_page(desk, forms.overtime_form(_staff(desk), today(desk)))


@router.post("/school/calendar/overtime")
def put_on_overtime(desk: DeskDep, entered: EnteredDep) -> Response:
    """Put somebody on overtime for a day, or take them off it."""
    try:
        school_desk.put_on_overtime(desk, entered)
    except InvalidForm as error:
        shown = forms.overtime_form(_staff(desk), today(desk), entered=entered, invalid=error)
        return form_page(desk, shown)
    return _see("saved")


@router.post("/school/calendar/draft/{kind}")
def draft(desk: DeskDep, kind: Kind) -> Response:
    """Begin a draft and go on to the form of *kind* in it."""
    try:
        made = desk.site.workshop.begin(
            by=desk.member.id,
            summary=views.SUMMARIES.get(kind, "The school’s day and year"),
            at=desk.now.machine,
            moment=desk.now.school,
        )
    except ChangeRefused as error:
        raise WrongState(str(error)) from error
    where = f"/policy/drafts/{made.number}/changes/{kind.value}"
    return RedirectResponse(where, status.HTTP_303_SEE_OTHER)


def _calendar_page(desk: Desk) -> HTMLResponse:
    days = desk.site.decisions.different_days.from_day(today(desk))
    names = desk.site.names()
    page = views.calendar_page(
        desk.site.policy_in_force.policy(),
        days,
        desk.site.decisions.person_records.everybody(),
        member=desk.member,
        now=desk.now,
        names=names,
        may_draft=may_with_policy(desk.member, Act.DRAFT),
    )
    return desk.page("school_calendar.html", calendar=page)


def _staff(desk: Desk) -> tuple[tuple[str, str], ...]:
    return tuple(
        (each.id, each.name)
        for each in desk.site.decisions.people.members()
        if each.audience.value == "staff" and each.id != desk.member.id
    )


def _see(done: str) -> RedirectResponse:
    return RedirectResponse(f"{_CALENDAR}?done={done}", status.HTTP_303_SEE_OTHER)
