"""Requests: asking, seeing how far one is, checking its measures, deciding, withdrawing."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.actors import Task, next_turn
from schoolgate_policyd.workflow.effects import Effects, effects_of
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm, OpensNothing
from schoolgate_policyd.workflow.requests import AccessRequest, Stage, stage_at
from schoolgate_policyd.workflow.scopes import grant_for
from schoolgate_policyd.workflow.visibility import Sight, may, may_see
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.views import home, request_form
from schoolgate_webui.views.effects import Outcome, outcome
from schoolgate_webui.views.request_page import Invalid, asked_page
from schoolgate_webui.views.requests import turn_is_of
from schoolgate_webui.windows import default_window

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

_LONGEST_URL = 8192
_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT


@router.get("/requests")
def listed(desk: DeskDep) -> HTMLResponse:
    """Show what waits for them, what they asked for, and everybody's where they may see it."""
    store, now = desk.site.decisions.requests, desk.now
    shown = home.listed(
        desk.member,
        waiting=store.waiting_for(desk.member.id, at=now.machine, moment=now.school),
        mine=store.of(desk.member.id),
        every=store.every() if may(desk.member, Sight.ALL_REQUESTS) else (),
        seen=desk.seen(),
    )
    return desk.page("requests.html", listed=shown)


@router.get("/requests/new")
def form(
    desk: DeskDep,
    url: Annotated[str, Query(max_length=_LONGEST_URL)] = "",
) -> HTMLResponse:
    """Show the form with the address filled in."""
    window = default_window(desk.site.policy_in_force.policy().school_time, desk.now.school)
    values = request_form.prefilled(desk.member, desk.now, window, url)
    page = request_form.request_page(values, desk.site.decisions.people.classes(), desk.member)
    return desk.page("request_new.html", form=page)


@router.post("/requests/new")
def submit(
    desk: DeskDep,
    entered: EnteredDep,
) -> Response:
    """Submit the form, or show it again with every entry and every mistake."""
    # The name on the form is that of whoever is signed in, whatever was typed.
    typed = {**entered, "staff_name": desk.member.name}
    classes = desk.site.decisions.people.classes()
    now = desk.now
    try:
        parsed = forms.parse_form(typed, classes=classes, moment=now.school, zone=now.zone)
        made = desk.site.decisions.requests.submit(
            desk.member.id, parsed, at=now.machine, moment=now.school
        )
    except InvalidForm as error:
        page = request_form.request_page(typed, classes, desk.member, error)
        return desk.page("request_new.html", status_code=_UNPROCESSABLE, form=page)
    desk.site.changed()
    return _see(made.id, "sent")


@router.get("/requests/{number}")
def one(
    desk: DeskDep,
    number: Number,
) -> HTMLResponse:
    """Show one request."""
    return _page(desk, _visible(desk, number))


@router.post("/requests/{number}/measures")
def check_measures(
    desk: DeskDep,
    entered: EnteredDep,
    number: Number,
) -> Response:
    """Record whether the control measures are in place."""
    asked = _visible(desk, number)
    now = desk.now
    try:
        answer = forms.parse_review(entered)
        desk.site.decisions.requests.review(
            number, by=desk.member.id, answer=answer, at=now.machine, moment=now.school
        )
    except InvalidForm as error:
        invalid = Invalid("measures", entered, error)
        return _page(desk, asked, invalid)
    desk.site.changed()
    return _see(number, "checked")


@router.post("/requests/{number}/decision")
def decide(
    desk: DeskDep,
    entered: EnteredDep,
    number: Number,
) -> Response:
    """Record the signed decision; an approval is in force within a second."""
    asked = _visible(desk, number)
    now = desk.now
    typed = {**entered, "staff_name": desk.member.name}
    effects = _effects(desk, asked)
    try:
        decision = forms.parse_decision(typed, moment=now.school, zone=now.zone)
        shown = outcome(effects, desk.seen().names, desk.site.policy_in_force.policy())
        if decision.is_approved:
            _require_shown(shown, entered)
        desk.site.decisions.requests.decide(
            number,
            by=desk.member.id,
            decision=decision,
            effects=effects,
            address=desk.visit.address,
            at=now.machine,
            moment=now.school,
        )
    except InvalidForm as error:
        invalid = Invalid("decision", typed, error)
        return _page(desk, asked, invalid)
    except OpensNothing as error:
        nothing = InvalidForm((FieldMistake("approved", str(error)),), {})
        invalid = Invalid("decision", typed, nothing)
        return _page(desk, asked, invalid)
    desk.site.changed()
    return _see(number, "signed")


@router.post("/requests/{number}/withdraw")
def withdraw(
    desk: DeskDep,
    entered: EnteredDep,
    number: Number,
) -> Response:
    """Withdraw the request, and what it opened at once."""
    asked = _visible(desk, number)
    now = desk.now
    try:
        why = forms.parse_withdrawal(entered)
        desk.site.decisions.requests.withdraw(
            number, by=desk.member.id, why=why, at=now.machine, moment=now.school
        )
    except InvalidForm as error:
        invalid = Invalid("withdraw", entered, error)
        return _page(desk, asked, invalid)
    desk.site.changed()
    return _see(number, "withdrawn")


def _require_shown(listed: Outcome, entered: Mapping[str, str]) -> None:
    """Raise InvalidForm unless what is *listed* now is what the signer's page listed."""
    if entered.get("shown") != listed.digest:
        mistake = "What would open has changed since you opened this page: look again, then sign."
        raise InvalidForm((FieldMistake("approved", mistake),), {})


def _visible(desk: Desk, number: int) -> AccessRequest:
    """Return request *number*; for those who may not see it there is none."""
    asked = desk.site.decisions.requests.find(number)
    if not may_see(desk.member, asked):
        raise UnknownObject(f"there is no request {number} for them")
    return asked


def _effects(desk: Desk, asked: AccessRequest) -> Effects:
    source = desk.site.policy_in_force.source(desk.now.school)
    grant = grant_for(asked, source.policy.catalogue)
    names = desk.site.policy_in_force.names_of(source)
    return effects_of(grant, source, asked.form.url, moment=desk.now.school, names=names)


def _page(
    desk: Desk,
    asked: AccessRequest,
    invalid: Invalid | None = None,
) -> HTMLResponse:
    seen = desk.seen()
    turn = next_turn(asked, desk.site.decisions.people.members())
    is_lapsed = stage_at(asked, desk.now.school) is Stage.LAPSED
    shown = None
    if turn_is_of(turn, desk.member.id, Task.DECIDE) and not is_lapsed:
        shown = outcome(_effects(desk, asked), seen.names, seen.policy)
    page = asked_page(asked, turn, desk.member, seen, outcome=shown, invalid=invalid)
    status_code = status.HTTP_200_OK if invalid is None else _UNPROCESSABLE
    return desk.page("request.html", status_code=status_code, asked=page)


def _see(number: Number, done: str) -> RedirectResponse:
    return RedirectResponse(f"/requests/{number}?done={done}", status.HTTP_303_SEE_OTHER)
