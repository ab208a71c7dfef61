"""What is done about an incident: taken up, noted, acted on, closed, and what is proposed."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.workflow import incident_forms as forms
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.incidents import Incident
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.routes.incidents import shown
from schoolgate_webui.views import incident_form
from schoolgate_webui.views.incident_page import Invalid
from schoolgate_webui.views.restrictions import withdrawable

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT


@router.post("/incidents/{number}/take-up")
def take_up(desk: DeskDep, number: Number) -> Response:
    """Record that they look into it."""
    desk.site.decisions.incidents.take_up(number, by=desk.member.id, at=desk.now.machine)
    return _see(number, "incident-taken-up")


@router.post("/incidents/{number}/note")
def note(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Add a note."""

    def add(desk: Desk, _: Incident) -> None:
        text = forms.parse_text(entered, "Write the note.")
        desk.site.decisions.incidents.note(
            number, by=desk.member.id, text=text, at=desk.now.machine
        )

    return _done(desk, entered, number, "note", add)


@router.post("/incidents/{number}/action")
def act(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Record an action that was taken."""

    def add(desk: Desk, _: Incident) -> None:
        text = forms.parse_text(entered, "Say which action was taken.")
        desk.site.decisions.incidents.act(
            number, by=desk.member.id, text=text, at=desk.now.machine
        )

    return _done(desk, entered, number, "action", add)


@router.post("/incidents/{number}/name")
def name(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Record who it was; from then on it is handled by whoever handles matters about them."""

    def record(desk: Desk, _: Incident) -> None:
        person, how = forms.parse_name(entered, desk.site.decisions.people.members())
        desk.site.decisions.incidents.name(
            number, by=desk.member.id, person=person, how=how, at=desk.now.machine
        )

    answer = _done(desk, entered, number, "name", record)
    try:
        desk.site.decisions.incidents.find(number, by=desk.member.id)
    except UnknownObject:
        # It is somebody else's matter now, and no longer theirs to see.
        return RedirectResponse("/incidents?done=incident-passed-on", status.HTTP_303_SEE_OTHER)
    return answer


@router.post("/incidents/{number}/close")
def close(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Close it with an action and an outcome."""

    def finish(desk: Desk, incident: Incident) -> None:
        action, outcome = forms.parse_close(entered, has_action=bool(incident.actions))
        desk.site.decisions.incidents.close(
            number, by=desk.member.id, action=action, outcome=outcome, at=desk.now.machine
        )

    return _done(desk, entered, number, "close", finish)


@router.post("/incidents/{number}/reopen")
def reopen(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Open it again, with a reason."""

    def again(desk: Desk, _: Incident) -> None:
        why = forms.parse_why(entered, "Say why it is opened again.")
        desk.site.decisions.incidents.reopen(
            number, by=desk.member.id, why=why, at=desk.now.machine
        )

    return _done(desk, entered, number, "reopen", again)


@router.get("/incidents/{number}/propose")
def proposing(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show the form that proposes what follows from it."""
    return _proposal(desk, number, {})


@router.post("/incidents/{number}/propose")
def propose(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Propose a restriction: nothing is in force by that."""
    decisions, now = desk.site.decisions, desk.now
    incident, _ = decisions.incidents.find(number, by=desk.member.id)
    policy = desk.site.policy_in_force.policy()
    try:
        proposal = forms.parse_proposal(
            entered,
            person=_person_of(incident),
            incident=number,
            services=frozenset(dict(withdrawable(policy))),
            document=policy.document.title,
            moment=now.school,
            zone=now.zone,
        )
        decisions.restrictions.propose(proposal, by=desk.member.id, at=now.machine)
    except InvalidForm as error:
        return _proposal(desk, number, entered, error)
    return _see(number, "restriction-proposed")


def _proposal(
    desk: Desk, number: int, entered: dict[str, str], invalid: InvalidForm | None = None
) -> HTMLResponse:
    incident, _ = desk.site.decisions.incidents.find(number, by=desk.member.id)
    _person_of(incident)
    page = incident_form.proposal_page(
        incident,
        entered or incident_form.proposal_values(_section(desk), desk.now),
        desk.site.policy_in_force.policy(),
        desk.site.names(),
        invalid,
    )
    status_code = status.HTTP_200_OK if invalid is None else _UNPROCESSABLE
    return desk.page("incident_propose.html", status_code=status_code, form=page)


def _section(desk: Desk) -> str:
    """Return the section of the school's policy by which attempts lead to a restriction."""
    try:
        version = desk.site.workshop.in_force(desk.now.school)
        notes = desk.site.presets_read.of(version, desk.site.policy_in_force.policy()).notes
    except SchoolgateError:
        # The field stays empty, and whoever proposes says which section it is.
        return ""
    attempts = notes.attempts
    is_asked = attempts is not None and attempts.restriction is not None
    return attempts.cite.section if attempts is not None and is_asked else ""


def _person_of(incident: Incident) -> str:
    if incident.subject.person is None:
        raise UnknownObject("nobody can be restricted before it is known who it was")
    return incident.subject.person


def _done(
    desk: Desk,
    entered: dict[str, str],
    number: int,
    form: str,
    do: Callable[[Desk, Incident], None],
) -> Response:
    """Do it, or show the page again with the mistakes of *form*."""
    incident, _ = desk.site.decisions.incidents.find(number, by=desk.member.id)
    try:
        do(desk, incident)
    except InvalidForm as error:
        return shown(desk, number, Invalid(form, entered, error))
    return _see(number, f"incident-{form}")


def _see(number: int, done: str) -> RedirectResponse:
    return RedirectResponse(f"/incidents/{number}?done={done}", status.HTTP_303_SEE_OTHER)
