"""Standing permissions: seen, asked for, checked, signed, withdrawn."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.standing import DUTY_FOR
from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_policyd.workflow.standing_requests import parse_standing
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.request_pages import UNPROCESSABLE, Number
from schoolgate_webui.signed_forms import go_and_sign, kept_entry
from schoolgate_webui.views.signing import proof_words
from schoolgate_webui.views.standing import abouts_of, ask_page, asked_page, standing_page

router = APIRouter()


@router.get("/standing")
def listed(desk: DeskDep) -> HTMLResponse:
    """Show what is permitted, until when, and what is asked for."""
    permissions = desk.site.decisions.standing.permissions()
    records = [r for each in permissions for r in (each.permission, each.controls) if r]
    withdrawable = frozenset(r.id for r in records if desk.member.holds(DUTY_FOR[r.kind]))
    page = standing_page(
        permissions,
        desk.site.decisions.standing_requests.every(),
        desk.seen(),
        withdrawable=withdrawable,
    )
    return desk.page("standing.html", standing=page)


@router.get("/standing/new")
def new(desk: DeskDep, name: Annotated[str, Query(max_length=80)] = "") -> HTMLResponse:
    """Show the form that asks for one."""
    return desk.page("standing_new.html", form=ask_page({"name": name}, desk.seen()))


@router.post("/standing/new")
def ask(desk: DeskDep, entered: EnteredDep) -> Response:
    """Ask for one."""
    now, seen = desk.now, desk.seen()
    names = {name: name for name in abouts_of(seen)}
    try:
        form = parse_standing(entered, names=names, moment=now.school, zone=now.zone)
        asked = desk.site.decisions.standing_requests.ask(desk.member.id, form, at=now.machine)
    except InvalidForm as error:
        page = ask_page(entered, seen, error)
        return desk.page("standing_new.html", status_code=UNPROCESSABLE, form=page)
    return _see(asked.id, "sent")


@router.get("/standing/requests/{number}")
def one(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show one that was asked for."""
    return _page(desk, number, kept_entry(desk, SignedKind.STANDING, str(number)))


@router.post("/standing/requests/{number}/controls")
def check(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Confirm or refuse the controls."""
    try:
        answer = forms.parse_review(entered)
        desk.site.decisions.standing_requests.check(
            number, by=desk.member.id, answer=answer, at=desk.now.machine
        )
    except InvalidForm as error:
        return _page(desk, number, entered, error)
    desk.site.changed()
    return _see(number, "checked")


@router.post("/standing/requests/{number}/decision")
def decide(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Go on to signing the decision; once signed, a permission is in force within a second."""
    typed = {**entered, "staff_name": desk.member.name}
    try:
        return go_and_sign(desk, SignedKind.STANDING, str(number), typed)
    except InvalidForm as error:
        return _page(desk, number, typed, error)


@router.post("/standing/requests/{number}/withdraw")
def withdraw_request(desk: DeskDep, number: Number) -> Response:
    """Withdraw what was asked for and not decided."""
    desk.site.decisions.standing_requests.withdraw(
        number, by=desk.member.id, why="No longer asked for.", at=desk.now.machine
    )
    return _see(number, "withdrawn")


@router.post("/standing/records/{number}/withdraw")
def withdraw_record(desk: DeskDep, number: Number) -> Response:
    """Withdraw one of the two records: the permission is in force no longer, at once."""
    desk.site.decisions.standing.withdraw(number, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return RedirectResponse("/standing?done=withdrawn", status.HTTP_303_SEE_OTHER)


def _page(
    desk: Desk,
    number: int,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
) -> HTMLResponse:
    store = desk.site.decisions.standing_requests
    asked = store.find(number)
    seen = desk.seen()
    signed = desk.site.decisions.signings.of(SignedKind.STANDING, str(asked.id))
    page = asked_page(
        asked,
        store.turn_of(asked),
        desk.member,
        seen,
        entered=entered,
        invalid=invalid,
        proofs=tuple(proof_words(each, seen.names, seen.now) for each in signed),
    )
    status_code = status.HTTP_200_OK if invalid is None else UNPROCESSABLE
    return desk.page("standing_request.html", status_code=status_code, asked=page)


def _see(number: int, done: str) -> RedirectResponse:
    return RedirectResponse(f"/standing/requests/{number}?done={done}", status.HTTP_303_SEE_OTHER)
