"""Classes and devices of the school: listed, added, changed, removed."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.workflow.errors import InvalidForm, Stale, WrongState
from schoolgate_policyd.workflow.register_lines import parse_class, parse_device
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.school_desk import configured_networks, form_page, version_of
from schoolgate_webui.views import school_lines as views

router = APIRouter()

Line = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,40}$")]

_CLASSES, _DEVICES = "/school/classes", "/school/devices"
_PAGE = 50


@router.get("/school/classes")
def classes(desk: DeskDep) -> HTMLResponse:
    """Show every class with how many are in it."""
    page = views.classes_page(desk.site.decisions.classes.every(), desk.member)
    return desk.page("school_classes.html", classes=page)


@router.get("/school/classes/new")
def new_class(desk: DeskDep) -> HTMLResponse:
    """Show the form of a new class."""
    return form_page(desk, views.class_form(None))


@router.post("/school/classes/new")
def add_class(desk: DeskDep, entered: EnteredDep) -> Response:
    """Add a class."""
    try:
        added = parse_class(entered)
        desk.site.decisions.classes.add(added, by=desk.member.id, at=desk.now.machine)
    except InvalidForm as error:
        return form_page(desk, views.class_form(None, entered=entered, invalid=error))
    desk.site.changed()
    return _see(_CLASSES, "added")


@router.get("/school/classes/{line}")
def one_class(desk: DeskDep, line: Line) -> HTMLResponse:
    """Show one class and who is in it."""
    return _class_page(desk, line)


@router.post("/school/classes/{line}")
def rename_class(desk: DeskDep, line: Line, entered: EnteredDep) -> Response:
    """Give a class another name."""
    try:
        named = parse_class(entered, known=line)
        desk.site.decisions.classes.rename(
            line,
            named.name,
            version=version_of(entered),
            by=desk.member.id,
            at=desk.now.machine,
        )
    except InvalidForm as error:
        return _class_page(desk, line, entered=entered, invalid=error)
    except Stale:
        return _class_page(desk, line, entered=entered, is_stale=True)
    desk.site.changed()
    return _see(f"{_CLASSES}/{line}", "saved")


@router.post("/school/classes/{line}/remove")
def remove_class(desk: DeskDep, line: Line, entered: EnteredDep) -> Response:
    """Remove a class that nobody is in."""
    try:
        desk.site.decisions.classes.remove(
            line, version=version_of(entered), by=desk.member.id, at=desk.now.machine
        )
    except (Stale, WrongState) as error:
        return _class_page(desk, line, refusal=str(error))
    desk.site.changed()
    return _see(_CLASSES, "removed")


@router.get("/school/devices")
def devices(
    desk: DeskDep,
    words: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """Show the device register, and addresses that were seen lately and are not in it."""
    decisions = desk.site.decisions
    found = decisions.devices.search(words, skip=(page - 1) * _PAGE, limit=_PAGE)
    query = {
        number: f"{_DEVICES}?{urlencode({'words': words, 'page': number})}"
        for number in (page - 1, page + 1)
    }
    shown = views.devices_page(
        found,
        desk.site.names(),
        desk.member,
        words=words,
        page=page,
        page_size=_PAGE,
        query=query,
    )
    return desk.page("school_devices.html", devices=shown)


@router.get("/school/devices/new")
def new_device(desk: DeskDep, address: Annotated[str, Query(max_length=45)] = "") -> HTMLResponse:
    """Show the form of a new device."""
    networks = desk.site.decisions.networks.records(configured_networks(desk))
    values = {"address": address}
    return form_page(desk, views.device_form(None, networks, desk.site.names(), values=values))


@router.post("/school/devices/new")
def add_device(desk: DeskDep, entered: EnteredDep) -> Response:
    """Register a device."""
    decisions = desk.site.decisions
    try:
        device = parse_device(
            entered, people=decisions.people.members(), classes=decisions.people.classes()
        )
        decisions.devices.add(device, by=desk.member.id, at=desk.now.machine)
    except InvalidForm as error:
        networks = decisions.networks.records(configured_networks(desk))
        form = views.device_form(None, networks, desk.site.names(), entered=entered, invalid=error)
        return form_page(desk, form)
    desk.site.changed()
    return _see(_DEVICES, "added")


@router.get("/school/devices/{line}")
def one_device(desk: DeskDep, line: Line) -> HTMLResponse:
    """Show one line of the register, with its form where they may change it."""
    return _device_page(desk, line)


@router.post("/school/devices/{line}")
def change_device(desk: DeskDep, line: Line, entered: EnteredDep) -> Response:
    """Change a line of the register."""
    decisions = desk.site.decisions
    try:
        device = parse_device(
            entered,
            people=decisions.people.members(),
            classes=decisions.people.classes(),
            known=line,
        )
        decisions.devices.change(
            device, version=version_of(entered), by=desk.member.id, at=desk.now.machine
        )
    except InvalidForm as error:
        return _device_page(desk, line, entered=entered, invalid=error)
    except Stale:
        return _device_page(desk, line, entered=entered, is_stale=True)
    desk.site.changed()
    return _see(f"{_DEVICES}/{line}", "saved")


@router.post("/school/devices/{line}/remove")
def remove_device(desk: DeskDep, line: Line, entered: EnteredDep) -> Response:
    """Take a device out of the register."""
    try:
        desk.site.decisions.devices.remove(
            line, version=version_of(entered), by=desk.member.id, at=desk.now.machine
        )
    except Stale:
        return _device_page(desk, line, is_stale=True)
    desk.site.changed()
    return _see(_DEVICES, "removed")


def _class_page(
    desk: Desk,
    line: str,
    *,
    entered: dict[str, str] | None = None,
    invalid: InvalidForm | None = None,
    is_stale: bool = False,
    refusal: str = "",
) -> HTMLResponse:
    decisions = desk.site.decisions
    record = decisions.classes.one(line)
    _, members = decisions.person_records.search(in_class=line, limit=200)
    page = views.class_page(
        record,
        members,
        desk.member,
        views.class_form(record, entered=entered, invalid=invalid, is_stale=is_stale),
        refusal=refusal,
    )
    return desk.page("school_class.html", status_code=_status(page.mistakes), line=page)


def _device_page(
    desk: Desk,
    line: str,
    *,
    entered: dict[str, str] | None = None,
    invalid: InvalidForm | None = None,
    is_stale: bool = False,
) -> HTMLResponse:
    decisions = desk.site.decisions
    record = decisions.devices.one(line)
    networks = decisions.networks.records(configured_networks(desk))
    names = desk.site.names()
    form = views.device_form(
        record, networks, names, entered=entered, invalid=invalid, is_stale=is_stale
    )
    page = views.device_page(record, networks, names, desk.member, form)
    return desk.page("school_class.html", status_code=_status(page.mistakes), line=page)


def _status(mistakes: tuple[dict[str, str], ...]) -> int:
    return status.HTTP_422_UNPROCESSABLE_CONTENT if mistakes else status.HTTP_200_OK


def _see(path: str, done: str) -> RedirectResponse:
    return RedirectResponse(f"{path}?done={done}", status.HTTP_303_SEE_OTHER)
