"""Restrictions: what waits for a decision, what is in force and where, and what was."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.workflow import incident_forms as forms
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.restrictions import RestrictionState
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.views.restrictions import Invalid, RestrictionCard, restriction_card

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT
_PAST_SHOWN = 50


@router.get("/restrictions")
def listed(desk: DeskDep) -> HTMLResponse:
    """Show those that they may see: proposals first, then what is in force, then what was."""
    return _page(desk)


@router.post("/restrictions/{number}/decide")
def decide(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Decide a proposal: it is in force within a second, or never."""
    restrictions = desk.site.decisions.restrictions
    restrictions.find(number, by=desk.member.id)
    try:
        is_approved, reasons = forms.parse_decision(entered)
        restrictions.decide(
            number,
            by=desk.member.id,
            is_approved=is_approved,
            reasons=reasons,
            at=desk.now.machine,
            moment=desk.now.school,
        )
    except InvalidForm as error:
        return _page(desk, Invalid(number, "decide", entered, error))
    desk.site.changed()
    return _see("restriction-decided" if is_approved else "restriction-refused")


@router.post("/restrictions/{number}/end")
def end(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """End one before its time."""
    restrictions = desk.site.decisions.restrictions
    restrictions.find(number, by=desk.member.id)
    try:
        why = forms.parse_why(entered, "Say why it ends now.")
        restrictions.end_early(
            number,
            by=desk.member.id,
            why=why,
            at=desk.now.machine,
            moment=desk.now.school,
        )
    except InvalidForm as error:
        return _page(desk, Invalid(number, "end", entered, error))
    desk.site.changed()
    return _see("restriction-ended")


def _page(desk: Desk, invalid: Invalid | None = None) -> HTMLResponse:
    now, policy, names = desk.now, desk.site.policy_in_force.policy(), desk.site.names()
    register = desk.site.policy_in_force.source(now.school).register
    proposed: list[RestrictionCard] = []
    live: list[RestrictionCard] = []
    past: list[RestrictionCard] = []
    for record, handling in desk.site.decisions.restrictions.seen_by(desk.member.id):
        is_proposed = record.state is RestrictionState.PROPOSED
        kept = proposed if is_proposed else live if record.is_in_force_at(now.school) else past
        if kept is past and len(past) >= _PAST_SHOWN:
            continue
        kept.append(
            restriction_card(
                record,
                handling,
                member=desk.member,
                names=names,
                policy=policy,
                now=now,
                register=register,
                invalid=invalid,
            )
        )
    mistakes = [mistake for card in (*proposed, *live) for mistake in card.mistakes]
    return desk.page(
        "restrictions.html",
        status_code=status.HTTP_200_OK if invalid is None else _UNPROCESSABLE,
        proposed=proposed,
        live=live,
        past=past,
        mistakes=mistakes,
    )


def _see(done: str) -> RedirectResponse:
    return RedirectResponse(f"/restrictions?done={done}", status.HTTP_303_SEE_OTHER)
