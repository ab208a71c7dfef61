"""Requests that are not sent yet: their author's alone."""

from datetime import datetime

from fastapi import APIRouter
from starlette import status
from starlette.responses import Response

from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.request_drafts import RequestDraft
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.request_shapes import Request, RequestEntry, whole_of
from schoolgate_webui.api.shapes import Number, Page, Shape
from schoolgate_webui.desk import Desk
from schoolgate_webui.rendering import plain

router = APIRouter(tags=["Requests"])


class Draft(Shape):
    """A draft: what was entered so far, by field, hidden marks in it made visible."""

    number: int
    changed_at: datetime
    entry: dict[str, str]


@router.get("/request-drafts", summary="Their drafts of requests")
def drafts(desk: DeskDep) -> Page[Draft]:
    """List the drafts of the token's owner."""
    found = desk.site.decisions.request_drafts.of(desk.member.id)
    return Page(items=[_shown(desk, each) for each in found])


@router.get("/request-drafts/{number}", summary="One draft")
def draft(desk: DeskDep, number: Number) -> Draft:
    """Give one of their drafts."""
    return _shown(desk, desk.site.decisions.request_drafts.find(number, desk.member.id))


@router.post("/request-drafts", status_code=status.HTTP_201_CREATED, summary="Begin a draft")
def begin(desk: DeskDep, entered: RequestEntry) -> Draft:
    """Keep what was entered, for later."""
    saved = desk.site.decisions.request_drafts.save(
        desk.member.id, entered.as_form(), at=desk.now.machine
    )
    return _shown(desk, saved)


@router.put("/request-drafts/{number}", summary="Keep a draft as it is now")
def keep(desk: DeskDep, number: Number, entered: RequestEntry) -> Draft:
    """Keep what was entered in their draft, in place of what was there."""
    saved = desk.site.decisions.request_drafts.save(
        desk.member.id, entered.as_form(), at=desk.now.machine, draft=number
    )
    return _shown(desk, saved)


@router.delete(
    "/request-drafts/{number}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete a draft"
)
def delete(desk: DeskDep, number: Number) -> Response:
    """Delete their draft."""
    desk.site.decisions.request_drafts.delete(number, desk.member.id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post(
    "/request-drafts/{number}/submit", status_code=status.HTTP_201_CREATED, summary="Send a draft"
)
def submit(desk: DeskDep, number: Number) -> Request:
    """Send what stands in their draft."""
    now, decisions = desk.now, desk.site.decisions
    kept = decisions.request_drafts.find(number, desk.member.id)
    today = now.local(now.school).date()
    typed = {**kept.entry, "staff_name": desk.member.name, "date": today.isoformat()}
    form = forms.parse_form(
        typed, classes=decisions.people.classes(), moment=now.school, zone=now.zone
    )
    made = decisions.requests.submit(
        desk.member.id, form, at=now.machine, moment=now.school, draft=number
    )
    desk.site.changed()
    return whole_of(made, desk, decisions.requests.staffing(now.school))


def _shown(desk: Desk, kept: RequestDraft) -> Draft:
    changed_at = desk.now.recorded(kept.changed_at)
    # A draft is kept as it was typed, unchecked: what is hidden in it is given visibly.
    entry = {name: plain(text) for name, text in kept.entry.items()}
    return Draft(number=kept.id, changed_at=changed_at, entry=entry)
