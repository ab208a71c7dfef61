"""Supervised sessions and assigned devices, for staff: one press in a lesson."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.core.subjects import UNKNOWN_SUBJECT, Audience, Subject
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm
from schoolgate_policyd.workflow.supervision import HowLong, assignment_end, session_end
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.views.supervised import assignments_page, supervised_page

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT
_LONGEST = 120


@router.get("/supervised")
def listed(desk: DeskDep, name: Annotated[str, Query(max_length=_LONGEST)] = "") -> HTMLResponse:
    """Show the pupils under supervised-only use, each with one press to open a session."""
    supervision, now = desk.site.decisions.supervision, desk.now
    ends_at = session_end(
        desk.site.policy_in_force.policy().school_time, subject_called(desk, None), now.school
    )
    page = supervised_page(
        name,
        desk.site.decisions.restrictions.in_force(now.school),
        supervision.sessions(now.school),
        people=desk.site.decisions.people.members(),
        names=desk.site.names(),
        register=desk.site.policy_in_force.source(now.school).register,
        ends_at=ends_at,
        now=now,
    )
    return desk.page("supervised.html", supervised=page)


@router.post("/supervised/open")
def open_session(desk: DeskDep, entered: EnteredDep) -> Response:
    """Open a supervised session for a pupil, until the bell or for an hour."""
    decisions, now = desk.site.decisions, desk.now
    pupil = entered.get("person", "")[:_LONGEST]
    subject = subject_called(desk, pupil)
    decisions.supervision.open(
        pupil,
        by=desk.member.id,
        restrictions=decisions.restrictions.in_force(now.school),
        ends_at=session_end(desk.site.policy_in_force.policy().school_time, subject, now.school),
        at=now.machine,
        moment=now.school,
    )
    desk.site.changed()
    return _see("/supervised", "supervision-opened")


@router.post("/supervised/{number}/end")
def end_session(desk: DeskDep, number: Number) -> Response:
    """End a session at once."""
    desk.site.decisions.supervision.end(number, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return _see("/supervised", "supervision-ended")


@router.get("/supervised/devices")
def devices(
    desk: DeskDep, person: Annotated[str, Query(max_length=_LONGEST)] = ""
) -> HTMLResponse:
    """Show which school devices pupils use now, with the form that assigns one."""
    return _devices(desk, {"person": person, "how_long": HowLong.LESSON.value})


@router.post("/supervised/devices")
def assign(desk: DeskDep, entered: EnteredDep) -> Response:
    """Assign a school device to a pupil for a time."""
    decisions, now = desk.site.decisions, desk.now
    try:
        device, person, how_long = _assignment(entered)
        decisions.supervision.assign(
            device,
            person,
            by=desk.member.id,
            networks=desk.site.policy_in_force.source(now.school).register.networks,
            ends_at=assignment_end(
                desk.site.policy_in_force.policy().school_time,
                subject_called(desk, person),
                now.school,
                how_long,
            ),
            at=now.machine,
            moment=now.school,
        )
    except InvalidForm as error:
        return _devices(desk, entered, error)
    desk.site.changed()
    return _see("/supervised/devices", "device-assigned")


@router.post("/supervised/devices/{number}/give-back")
def give_back(desk: DeskDep, number: Number) -> Response:
    """End an assignment at once."""
    desk.site.decisions.supervision.give_back(number, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return _see("/supervised/devices", "device-given-back")


def _assignment(entered: dict[str, str]) -> tuple[str, str, HowLong]:
    device, person = (entered.get(name, "")[:_LONGEST] for name in ("device", "person"))
    mistakes = []
    if not device:
        mistakes.append(FieldMistake("device", "Choose a device."))
    if not person:
        mistakes.append(FieldMistake("person", "Choose who uses it."))
    how_long = {each.value: each for each in HowLong}.get(entered.get("how_long", ""))
    if how_long is None:
        mistakes.append(FieldMistake("how_long", "Choose for how long."))
    if mistakes or how_long is None:
        raise InvalidForm(tuple(mistakes), {})
    return device, person, how_long


def _devices(
    desk: Desk, values: dict[str, str], invalid: InvalidForm | None = None
) -> HTMLResponse:
    now = desk.now
    page = assignments_page(
        values,
        desk.site.decisions.supervision.assignments(now.school),
        people=desk.site.decisions.people.members(),
        names=desk.site.names(),
        register=desk.site.policy_in_force.source(now.school).register,
        now=now,
        invalid=invalid,
    )
    status_code = status.HTTP_200_OK if invalid is None else _UNPROCESSABLE
    return desk.page("assignments.html", status_code=status_code, assignments=page)


def subject_called(desk: Desk, person: str | None) -> Subject:
    """Return the subject by whose timetable a lesson ends; None is any pupil."""
    if person is None:
        return UNKNOWN_SUBJECT
    register = desk.site.policy_in_force.source(desk.now.school).register
    known = next((each for each in register.people if each.id == person), None)
    if known is None:
        raise UnknownObject("there is no such pupil")
    return Subject(
        audience=Audience.PUPIL,
        person=known.id,
        classes=known.classes,
        year_group=known.year_group,
    )


def _see(path: str, done: str) -> RedirectResponse:
    return RedirectResponse(f"{path}?done={done}", status.HTTP_303_SEE_OTHER)
