"""Somebody who left is forgotten, when they ask for it and nothing speaks against it."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette import status

from schoolgate_policyd.store.retention import days_of
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_webui.desk import DeskDep
from schoolgate_webui.school_desk import form_page
from schoolgate_webui.views.school_forgetting import forgetting_form

router = APIRouter()

Person = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$")]


@router.get("/school/people/{person}/forget")
def forgetting(desk: DeskDep, person: Person) -> HTMLResponse:
    """Show what would be deleted, and what is kept and why."""
    decisions = desk.site.decisions
    naming = decisions.retention.naming(person)
    days = days_of(KINDS, desk.site.settings.retention)
    record = decisions.person_records.one(person)
    return form_page(desk, forgetting_form(record, naming, KINDS, days))


@router.post("/school/people/{person}/forget")
def forget(desk: DeskDep, person: Person) -> RedirectResponse:
    """Forget them."""
    desk.site.decisions.retention.forget(person, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    there = f"/school/people/{person}?done=forgotten"
    return RedirectResponse(there, status.HTTP_303_SEE_OTHER)
