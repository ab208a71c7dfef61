"""Staff read the policy in force and say so, before anything else; the head sees who has not."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.workflow.policy_versions import PolicyVersion
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.routes.public import page_of
from schoolgate_webui.signing_in import local_path
from schoolgate_webui.views import acknowledgements as views

router = APIRouter()

log = structlog.get_logger(__name__)


@router.get("/policy/acknowledge")
def form(desk: DeskDep, going_on: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Show what is in force; whoever has nothing to acknowledge goes on."""
    version = desk.site.acknowledging.missing(desk.member, desk.now.school)
    if version is None:
        return RedirectResponse(local_path(going_on), status.HTTP_303_SEE_OTHER)
    return _form(desk, version, local_path(going_on))


@router.post("/policy/acknowledge")
def acknowledge(desk: DeskDep, entered: EnteredDep) -> Response:
    """Record that they read it and know that they are monitored."""
    going_on = local_path(entered.get("next", "/"))
    version = desk.site.acknowledging.missing(desk.member, desk.now.school)
    if version is None:
        return RedirectResponse(going_on, status.HTTP_303_SEE_OTHER)
    is_shown = entered.get("version") == str(version.number)
    lacking = [each for each in views.STATEMENTS if entered.get(each) != "yes"]
    if lacking or not is_shown:
        return _form(desk, version, going_on, lacking=lacking, is_newer=not is_shown)
    desk.site.decisions.acknowledgements.acknowledge(
        desk.member.id,
        version.number,
        school=desk.site.settings.school,
        at=desk.now.machine,
        moment=desk.now.school,
    )
    where = "/?done=acknowledged" if going_on == "/" else going_on
    return RedirectResponse(where, status.HTTP_303_SEE_OTHER)


@router.get("/policy/acknowledgements")
def who_has_not(desk: DeskDep) -> HTMLResponse:
    """Show who of the staff has acknowledged what is in force, and who has not."""
    site = desk.site
    shown = views.acknowledgements_page(
        site.acknowledging.in_force(desk.now.school),
        site.decisions.people.members(),
        site.decisions.acknowledgements.newest(),
        desk.now,
    )
    return desk.page("acknowledgements.html", acknowledged=shown)


def _form(
    desk: Desk,
    version: PolicyVersion,
    going_on: str,
    *,
    lacking: list[str] | None = None,
    is_newer: bool = False,
) -> HTMLResponse:
    before = desk.site.decisions.acknowledgements.newest_of(desk.member.id)
    changed = None
    if before is not None and before.version != version.number:
        changed = _changes(desk, before.version, version.number)
    shown = views.acknowledge_page(
        version,
        page_of(desk.site, desk.visit),
        before=None if before is None else before.version,
        changed=changed,
        lacking=tuple(lacking or ()),
        is_newer=is_newer,
        now=desk.now,
    )
    code = status.HTTP_422_UNPROCESSABLE_CONTENT if lacking or is_newer else status.HTTP_200_OK
    return desk.page("acknowledge.html", status_code=code, form=shown, next=going_on)


def _changes(desk: Desk, earlier: int, later: int) -> tuple[str, ...] | None:
    """Return what *later* says otherwise; None where one of the two cannot be read any more."""
    try:
        return desk.site.workshop.compare(earlier, later)
    except SchoolgateError as error:
        log.info("versions are not compared", earlier=earlier, later=later, cause=str(error))
        return None
