"""Records: the audit, its checkpoints, how long what is kept, and legal holds."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.retention import days_of
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.legal_holds import may_see, parse_hold, parse_lifting
from schoolgate_policyd.workflow.record_search import SEARCH_FIELDS, parse_search
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.views import keeping, records

router = APIRouter()

Number = Annotated[int, Path(ge=0, le=2**53)]

_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT
_CHECKPOINTS = 60
_LONGEST_ENTRY = 1000


@router.get("/records")
def listed(
    desk: DeskDep,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> HTMLResponse:
    """Show entries of the audit, newest first, those that are looked for."""
    asked = desk.request.query_params
    raw = {name: asked.get(name, "")[:_LONGEST_ENTRY] for name in SEARCH_FIELDS}
    people = desk.site.decisions.people.members()
    names = records.names_shown(people)
    try:
        search = parse_search(raw, actions=AuditAction, people=people)
    except InvalidForm as error:
        page = records.records_page((), raw, names, desk.now, error)
        return desk.page("records.html", status_code=_UNPROCESSABLE, records=page)
    wanted = records.filter_of(search, desk.now, desk.member.id)
    found = desk.site.decisions.audit.search(wanted, limit=records.PAGE, before=before)
    page = records.records_page(found, raw, names, desk.now)
    return desk.page("records.html", records=page)


@router.get("/records/checkpoints")
def checkpoints(desk: DeskDep) -> HTMLResponse:
    """Show the newest checkpoints, and who outside has them."""
    found = desk.site.decisions.checkpoints.recent(limit=_CHECKPOINTS)
    lines = tuple(keeping.checkpoint_line(each, desk.now) for each in found)
    return desk.page("records_checkpoints.html", lines=lines)


@router.post("/records/checkpoints")
def want_checkpoint(desk: DeskDep) -> RedirectResponse:
    """Ask policyd, which has the key, for a checkpoint."""
    desk.site.decisions.checkpoints.want(by=desk.member.id, at=desk.now.machine)
    return _see("/records/checkpoints", "checkpoint-wanted")


@router.get("/records/checkpoints/{number}")
def checkpoint(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show one checkpoint, to print it."""
    found = desk.site.decisions.checkpoints.find(number)
    if found is None:
        raise UnknownObject(f"there is no checkpoint of {number} entries")
    page = keeping.checkpoint_page(found, desk.now)
    return desk.page("records_checkpoint.html", checkpoint=page)


@router.get("/records/retention")
def retention(desk: DeskDep) -> HTMLResponse:
    """Show how long what is kept, and what was deleted."""
    store, now = desk.site.decisions, desk.now
    days = days_of(KINDS, desk.site.settings.retention)
    return desk.page(
        "records_retention.html",
        kinds=keeping.kind_lines(KINDS, days, store.legal_holds.held().kinds),
        runs=keeping.run_lines(store.retention.runs(), KINDS, now),
    )


@router.get("/records/holds")
def holds(desk: DeskDep) -> HTMLResponse:
    """Show the legal holds."""
    return _holds(desk)


@router.get("/records/holds/new")
def hold_form(desk: DeskDep) -> HTMLResponse:
    """Show the form that places a legal hold."""
    return desk.page("records_hold_new.html", form=keeping.hold_form({}, KINDS))


@router.post("/records/holds/new")
def place(desk: DeskDep, entered: EnteredDep) -> Response:
    """Place a legal hold."""
    store = desk.site.decisions
    kinds = [each.name for each in KINDS]
    try:
        new = parse_hold(entered, people=store.people.members(), kinds=kinds)
        store.legal_holds.place(new, by=desk.member.id, at=desk.now.machine)
    except InvalidForm as error:
        form = keeping.hold_form(entered, KINDS, error)
        return desk.page("records_hold_new.html", status_code=_UNPROCESSABLE, form=form)
    return _see("/records/holds", "hold-placed")


@router.post("/records/holds/{number}/lift")
def lift(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Lift a legal hold."""
    kept = desk.site.decisions.legal_holds
    if not any(each.id == number and may_see(desk.member, each) for each in kept.every()):
        raise UnknownObject(f"there is no legal hold {number} for them")
    try:
        why = parse_lifting(entered)
    except InvalidForm as error:
        return _holds(desk, (number, error))
    kept.lift(number, why=why, by=desk.member.id, at=desk.now.machine)
    return _see("/records/holds", "hold-lifted")


def _holds(desk: Desk, invalid: tuple[int, InvalidForm] | None = None) -> HTMLResponse:
    store = desk.site.decisions
    names = {each.id: each.name for each in store.people.members()}
    lines = keeping.hold_lines(store.legal_holds.every(), names, desk.member, desk.now, invalid)
    status_code = status.HTTP_200_OK if invalid is None else _UNPROCESSABLE
    return desk.page("records_holds.html", status_code=status_code, lines=lines)


def _see(where: str, done: str) -> RedirectResponse:
    return RedirectResponse(f"{where}?done={done}", status.HTTP_303_SEE_OTHER)
