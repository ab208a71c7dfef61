"""The form of a request: filled in, kept as a draft, sent, changed after it was sent."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.request_rights import Act
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.request_pages import UNPROCESSABLE, Number, see, visible
from schoolgate_webui.views import request_form
from schoolgate_webui.views.request_form import Purpose
from schoolgate_webui.windows import default_window

router = APIRouter()

_LONGEST_URL = 8192
_LIST = "/requests"


@router.get("/requests/new")
def new(
    desk: DeskDep,
    url: Annotated[str, Query(max_length=_LONGEST_URL)] = "",
    like: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> HTMLResponse:
    """Show the form with the address filled in, or *like* an earlier request of theirs."""
    values = _prefilled(desk, url)
    if like is not None:
        values |= request_form.repeated(visible(desk, like).form, desk.now)
    return _page(desk, values, Purpose.NEW)


@router.post("/requests/new")
def submit(desk: DeskDep, entered: EnteredDep) -> Response:
    """Submit the form, or keep it for later; else show it again with every mistake."""
    if "save" in entered:
        return _saved(desk, entered)
    return _submitted(desk, entered, Purpose.NEW)


@router.get("/requests/drafts/{number}")
def draft(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show their own draft in the form."""
    kept = desk.site.decisions.request_drafts.find(number, desk.member.id)
    return _page(desk, {**_prefilled(desk, ""), **kept.entry}, Purpose.DRAFT, number)


@router.post("/requests/drafts/{number}")
def go_on(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Submit their draft, or keep it as it is now."""
    desk.site.decisions.request_drafts.find(number, desk.member.id)
    if "save" in entered:
        return _saved(desk, entered, number)
    return _submitted(desk, entered, Purpose.DRAFT, number)


@router.post("/requests/drafts/{number}/delete")
def delete(desk: DeskDep, number: Number) -> Response:
    """Delete their draft."""
    desk.site.decisions.request_drafts.delete(number, desk.member.id)
    return RedirectResponse(f"{_LIST}?done=deleted-draft", status.HTTP_303_SEE_OTHER)


@router.get("/requests/{number}/change")
def change_form(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show the form of a request that was sent, to change it."""
    asked = visible(desk, number, Act.CHANGE)
    return _page(desk, request_form.filled(asked.form, desk.now), Purpose.CHANGE, number)


@router.post("/requests/{number}/change")
def change(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Send the changed form as the next version; what was confirmed or signed is void."""
    visible(desk, number)
    typed = {**entered, "staff_name": desk.member.name}
    now, classes = desk.now, desk.site.decisions.people.classes()
    try:
        form, why = forms.parse_change(typed, classes=classes, moment=now.school, zone=now.zone)
        desk.site.decisions.requests.change(
            number, by=desk.member.id, form=form, why=why, at=now.machine, moment=now.school
        )
    except InvalidForm as error:
        return _page(desk, typed, Purpose.CHANGE, number, error)
    desk.site.changed()
    return see(number, "changed-request")


def _saved(desk: Desk, entered: Mapping[str, str], number: int | None = None) -> Response:
    desk.site.decisions.request_drafts.save(
        desk.member.id, entered, at=desk.now.machine, draft=number
    )
    return RedirectResponse(f"{_LIST}?done=kept", status.HTTP_303_SEE_OTHER)


def _submitted(
    desk: Desk, entered: Mapping[str, str], purpose: Purpose, number: int | None = None
) -> Response:
    # The name on the form is that of whoever is signed in, whatever was typed.
    typed = {**entered, "staff_name": desk.member.name}
    now, classes = desk.now, desk.site.decisions.people.classes()
    try:
        parsed = forms.parse_form(typed, classes=classes, moment=now.school, zone=now.zone)
        made = desk.site.decisions.requests.submit(
            desk.member.id, parsed, at=now.machine, moment=now.school, draft=number
        )
    except InvalidForm as error:
        return _page(desk, typed, purpose, number, error)
    desk.site.changed()
    return see(made.id, "sent")


def _prefilled(desk: Desk, url: str) -> dict[str, str]:
    window = default_window(desk.site.policy_in_force.policy().school_time, desk.now.school)
    return request_form.prefilled(desk.member, desk.now, window, url)


def _page(
    desk: Desk,
    values: Mapping[str, str],
    purpose: Purpose,
    number: int | None = None,
    invalid: InvalidForm | None = None,
) -> HTMLResponse:
    page = request_form.request_page(
        values,
        desk.site.decisions.people.classes(),
        desk.member,
        invalid,
        purpose=purpose,
        number=number,
    )
    status_code = status.HTTP_200_OK if invalid is None else UNPROCESSABLE
    return desk.page("request_new.html", status_code=status_code, form=page)
