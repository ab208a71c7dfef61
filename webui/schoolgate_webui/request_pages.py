"""The page of one request, as every handler that changes the request shows it again."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Path
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette import status

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.workflow.effects import Effects, effects_of
from schoolgate_policyd.workflow.request_rights import Act, acts_of
from schoolgate_policyd.workflow.requests import AccessRequest
from schoolgate_policyd.workflow.scopes import grant_for
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_webui.desk import Desk
from schoolgate_webui.views.effects import outcome
from schoolgate_webui.views.request_page import Invalid, asked_page
from schoolgate_webui.views.requests import Seen, decision_of
from schoolgate_webui.views.signing import proof_words

Number = Annotated[int, Path(ge=1, le=2**53)]

UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT


def visible(desk: Desk, number: int, act: Act = Act.SEE) -> AccessRequest:
    """Return request *number*; for those who may not see it, or not do *act*, there is none."""
    asked = desk.site.decisions.requests.find(number)
    staffing = desk.site.decisions.requests.staffing(desk.now.school)
    if act not in acts_of(asked, desk.member, staffing):
        raise UnknownObject(f"there is no request {number} for them")
    return asked


def would_open(desk: Desk, asked: AccessRequest) -> Effects:
    """Return what a signature under *asked* would do."""
    source = desk.site.policy_in_force.source(desk.now.school)
    grant = grant_for(asked, source.policy.catalogue)
    names = desk.site.policy_in_force.names_of(source)
    return effects_of(grant, source, asked.form.url, moment=desk.now.school, names=names)


def proof_of(desk: Desk, asked: AccessRequest, seen: Seen) -> str:
    """Return by what means the decision on *asked* as it is now was signed, "" without one."""
    step = decision_of(asked)
    if step is None or step.signature is None or step.signature.number is None:
        return ""
    signed = desk.site.decisions.signings.of(SignedKind.DECISION, str(asked.id))
    ours = next((each for each in signed if each.id == step.signature.number), None)
    return "" if ours is None else proof_words(ours, seen.names, seen.now)


def shown_page(
    desk: Desk,
    asked: AccessRequest,
    invalid: Invalid | None = None,
    kept: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """
    Show *asked* with what may be done about it.

    *invalid* is a form that came back, *kept* a decision that its signer came back to change.
    """
    seen = desk.seen()
    staffing = desk.site.decisions.requests.staffing(desk.now.school)
    acts = acts_of(asked, desk.member, staffing)
    shown = None
    if Act.DECIDE in acts:
        shown = outcome(would_open(desk, asked), seen.names, seen.policy)
    page = asked_page(
        asked,
        staffing.turn(asked),
        desk.member,
        seen,
        acts=acts,
        outcome=shown,
        invalid=invalid,
        kept=kept,
        proof=proof_of(desk, asked, seen),
    )
    status_code = status.HTTP_200_OK if invalid is None else UNPROCESSABLE
    return desk.page("request.html", status_code=status_code, asked=page)


def see(number: int, done: str) -> RedirectResponse:
    """Go on to the page of request *number*, which says what was *done*."""
    return RedirectResponse(f"/requests/{number}?done={done}", status.HTTP_303_SEE_OTHER)
