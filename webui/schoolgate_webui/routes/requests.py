"""Requests: the list, seeing how far one is, checking its measures, deciding, withdrawing."""

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.errors import InvalidForm, OpensNothing, mistake_in
from schoolgate_policyd.workflow.requests import AccessRequest
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.request_pages import Number, see, shown_page, visible, would_open
from schoolgate_webui.signed_forms import go_and_sign, kept_entry
from schoolgate_webui.views import home
from schoolgate_webui.views.effects import outcome
from schoolgate_webui.views.request_page import Invalid

router = APIRouter()


@router.get("/requests")
def listed(desk: DeskDep) -> HTMLResponse:
    """Show what waits for them, what they asked for, and everybody's where they may see it."""
    store, now = desk.site.decisions.requests, desk.now
    shown = home.listed(
        desk.member,
        waiting=store.waiting_for(desk.member.id, at=now.machine, moment=now.school),
        drafts=desk.site.decisions.request_drafts.of(desk.member.id),
        mine=store.of(desk.member.id),
        every=store.every() if may(desk.member, Sight.ALL_REQUESTS) else (),
        seen=desk.seen(),
    )
    return desk.page("requests.html", listed=shown)


@router.get("/requests/{number}")
def one(
    desk: DeskDep,
    number: Number,
) -> HTMLResponse:
    """Show one request."""
    kept = kept_entry(desk, SignedKind.DECISION, str(number))
    return shown_page(desk, visible(desk, number), kept=kept)


@router.post("/requests/{number}/measures")
def check_measures(
    desk: DeskDep,
    entered: EnteredDep,
    number: Number,
) -> Response:
    """Record whether the control measures are in place."""
    asked = visible(desk, number)
    now = desk.now
    try:
        answer = forms.parse_review(entered)
        desk.site.decisions.requests.review(
            number, by=desk.member.id, answer=answer, at=now.machine, moment=now.school
        )
    except InvalidForm as error:
        return shown_page(desk, asked, Invalid("measures", entered, error))
    desk.site.changed()
    return see(number, "checked")


@router.post("/requests/{number}/decision")
def decide(
    desk: DeskDep,
    entered: EnteredDep,
    number: Number,
) -> Response:
    """Go on to signing the decision; once signed, an approval is in force within a second."""
    asked = visible(desk, number)
    now = desk.now
    typed = {**entered, "staff_name": desk.member.name}
    try:
        decision = forms.parse_decision(typed, moment=now.school, zone=now.zone)
        if decision.is_approved:
            _require_shown(desk, asked, entered)
        return go_and_sign(desk, SignedKind.DECISION, str(number), typed)
    except InvalidForm as error:
        return shown_page(desk, asked, Invalid("decision", typed, error))
    except OpensNothing as error:
        nothing = mistake_in("approved", str(error))
        return shown_page(desk, asked, Invalid("decision", typed, nothing))


@router.post("/requests/{number}/withdraw")
def withdraw(
    desk: DeskDep,
    entered: EnteredDep,
    number: Number,
) -> Response:
    """Withdraw the request, and what it opened at once."""
    asked = visible(desk, number)
    now = desk.now
    try:
        why = forms.parse_withdrawal(entered)
        desk.site.decisions.requests.withdraw(
            number, by=desk.member.id, why=why, at=now.machine, moment=now.school
        )
    except InvalidForm as error:
        return shown_page(desk, asked, Invalid("withdraw", entered, error))
    desk.site.changed()
    return see(number, "withdrawn")


def _require_shown(desk: Desk, asked: AccessRequest, entered: Mapping[str, str]) -> None:
    """Raise InvalidForm unless what would open now is what the signer's page listed."""
    effects, names = would_open(desk, asked), desk.seen().names
    listed = outcome(effects, names, desk.site.policy_in_force.policy())
    if entered.get("shown") != listed.digest:
        mistake = "What would open has changed since you opened this page: look again, then sign."
        raise mistake_in("approved", mistake)
