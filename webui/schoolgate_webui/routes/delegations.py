"""Deputies: who decides while the head is away."""

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.request_pages import UNPROCESSABLE, Number
from schoolgate_webui.signed_forms import go_and_sign, kept_entry
from schoolgate_webui.views.delegations import delegations_page

router = APIRouter()


@router.get("/delegations")
def listed(desk: DeskDep) -> HTMLResponse:
    """Show who decides in whose name; the head names a deputy here."""
    return _page(desk, entered=kept_entry(desk, SignedKind.DELEGATION, desk.member.id))


@router.post("/delegations")
def name(desk: DeskDep, entered: EnteredDep) -> Response:
    """Go on to signing the delegation with which the head names a deputy."""
    try:
        return go_and_sign(desk, SignedKind.DELEGATION, desk.member.id, entered)
    except InvalidForm as error:
        return _page(desk, entered=entered, invalid=error)


@router.post("/delegations/{number}/withdraw")
def withdraw(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Withdraw a delegation at once."""
    now = desk.now
    try:
        why = forms.parse_withdrawal(entered)
        desk.site.decisions.delegations.end(
            number, by=desk.member.id, why=why, at=now.machine, moment=now.school
        )
    except InvalidForm as error:
        return _page(desk, invalid=error, ending=number)
    return _listed("withdrawn")


def _page(
    desk: Desk,
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
    ending: int | None = None,
) -> HTMLResponse:
    page = delegations_page(
        desk.site.decisions.delegations.every(),
        desk.member,
        desk.site.decisions.people.members(),
        desk.site.names(),
        desk.now,
        entered=entered,
        invalid=invalid,
        ending=ending,
    )
    status_code = status.HTTP_200_OK if invalid is None else UNPROCESSABLE
    return desk.page("delegations.html", status_code=status_code, delegations=page)


def _listed(done: str) -> RedirectResponse:
    return RedirectResponse(f"/delegations?done={done}", status.HTTP_303_SEE_OTHER)
