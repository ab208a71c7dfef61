"""Incidents: those that the token's owner may see, and what is done about them."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette import status

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.incidents import IncidentFilter, NewIncident
from schoolgate_policyd.workflow import incident_forms as forms
from schoolgate_policyd.workflow.incidents import IncidentKind, Severity
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.incident_shapes import (
    CloseEntry,
    IncidentLine,
    IncidentShown,
    NameEntry,
    NewIncidentEntry,
    ProposalEntry,
    TextEntry,
    line_of,
    whole_of,
)
from schoolgate_webui.api.paging import part_of
from schoolgate_webui.api.request_shapes import Why
from schoolgate_webui.api.restrictions import RestrictionShown, restriction_shown
from schoolgate_webui.api.shapes import After, Limit, Number, Page, Shape
from schoolgate_webui.desk import Desk
from schoolgate_webui.views.restrictions import withdrawable

router = APIRouter(tags=["Incidents"])


class Opened(Shape):
    """What became of a concern: its number for those who may see it."""

    number: int | None


class Moved(Shape):
    """An incident after a move; null where it is somebody else's matter now."""

    incident: IncidentShown | None


@router.get("/incidents", summary="Incidents, the most severe first")
def listed(
    desk: DeskDep,
    *,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    severity: Severity | None = None,
    kind: IncidentKind | None = None,
    person: Annotated[str, Query(max_length=40, description="Whom they are about.")] = "",
    after: After = None,
    limit: Limit = 50,
) -> Page[IncidentLine]:
    """List the incidents that the token's owner may see: never one about themselves."""
    wanted = IncidentFilter(is_open=is_open, severity=severity, kind=kind, person=person or None)
    return part_of(
        desk.request,
        desk.site.decisions.incidents.seen_by(desk.member.id, wanted),
        lambda each: line_of(each, desk),
        number=lambda each: each.id,
        after=after,
        limit=limit,
    )


@router.get("/incidents/{number}", summary="One incident")
def one(desk: DeskDep, number: Number) -> IncidentShown:
    """Give an incident, and record that they looked."""
    desk.site.decisions.incidents.find(number, by=desk.member.id)
    desk.site.decisions.incidents.looked_at(number, by=desk.member.id, at=desk.now.machine)
    return _shown(desk, number)


@router.post("/incidents", status_code=status.HTTP_201_CREATED, summary="Report a concern")
def open_one(desk: DeskDep, entered: NewIncidentEntry) -> Opened:
    """Open an incident by hand; whoever does not handle it does not see what comes of it."""
    people, now = desk.site.decisions.people.members(), desk.now
    form = forms.parse_new(entered.as_form(), people=people, moment=now.school, zone=now.zone)
    # The register of incidents is machine time; what is entered is the school's clock.
    happened_at = form.happened_at - (now.school - now.machine)
    new = NewIncident(form.kind, form.severity, form.subject, form.summary, happened_at)
    made = desk.site.decisions.incidents.open(new, by=desk.member.id, at=now.machine)
    return Opened(number=made.id if _is_seen(desk, made.id) else None)


@router.post("/incidents/{number}/take-up", summary="Look into an incident")
def take_up(desk: DeskDep, number: Number) -> Moved:
    """Record that they look into it."""
    desk.site.decisions.incidents.take_up(number, by=desk.member.id, at=desk.now.machine)
    return _moved(desk, number)


@router.post("/incidents/{number}/note", summary="Add a note")
def note(desk: DeskDep, number: Number, entered: TextEntry) -> Moved:
    """Add a note."""
    text = forms.parse_text(entered.as_form(), "Write the note.")
    store = desk.site.decisions.incidents
    store.note(number, by=desk.member.id, text=text, at=desk.now.machine)
    return _moved(desk, number)


@router.post("/incidents/{number}/action", summary="Record an action")
def act(desk: DeskDep, number: Number, entered: TextEntry) -> Moved:
    """Record an action that was taken."""
    text = forms.parse_text(entered.as_form(), "Say which action was taken.")
    store = desk.site.decisions.incidents
    store.act(number, by=desk.member.id, text=text, at=desk.now.machine)
    return _moved(desk, number)


@router.post("/incidents/{number}/name", summary="Say who it was")
def name(desk: DeskDep, number: Number, entered: NameEntry) -> Moved:
    """Record who it was; from then on it is handled by whoever handles matters about them."""
    decisions = desk.site.decisions
    person, how = forms.parse_name(entered.as_form(), decisions.people.members())
    decisions.incidents.name(
        number, by=desk.member.id, person=person, how=how, at=desk.now.machine
    )
    return _moved(desk, number)


@router.post("/incidents/{number}/close", summary="Close an incident")
def close(desk: DeskDep, number: Number, entered: CloseEntry) -> Moved:
    """Close it with an action and an outcome."""
    store = desk.site.decisions.incidents
    found, _ = store.find(number, by=desk.member.id)
    action, outcome = forms.parse_close(entered.as_form(), has_action=bool(found.actions))
    store.close(number, by=desk.member.id, action=action, outcome=outcome, at=desk.now.machine)
    return _moved(desk, number)


@router.post("/incidents/{number}/reopen", summary="Open an incident again")
def reopen(desk: DeskDep, number: Number, entered: Why) -> Moved:
    """Open it again, with a reason."""
    why = forms.parse_why(entered.as_form(), "Say why it is opened again.")
    store = desk.site.decisions.incidents
    store.reopen(number, by=desk.member.id, why=why, at=desk.now.machine)
    return _moved(desk, number)


@router.post(
    "/incidents/{number}/propose",
    status_code=status.HTTP_201_CREATED,
    summary="Propose what follows from an incident",
)
def propose(desk: DeskDep, number: Number, entered: ProposalEntry) -> RestrictionShown:
    """Propose a restriction: nothing is in force before a person has decided it."""
    decisions, now = desk.site.decisions, desk.now
    found, _ = decisions.incidents.find(number, by=desk.member.id)
    if found.subject.person is None:
        raise UnknownObject("nobody can be restricted before it is known who it was")
    policy = desk.site.policy_in_force.policy()
    proposal = forms.parse_proposal(
        entered.as_form(),
        person=found.subject.person,
        incident=number,
        services=frozenset(dict(withdrawable(policy))),
        document=policy.document.title,
        moment=now.school,
        zone=now.zone,
    )
    made = decisions.restrictions.propose(proposal, by=desk.member.id, at=now.machine)
    return restriction_shown(made, desk)


def _shown(desk: Desk, number: int) -> IncidentShown:
    store = desk.site.decisions.incidents
    found, handling = store.find(number, by=desk.member.id)
    return whole_of(found, handling, store.evidence(number, by=desk.member.id), desk)


def _moved(desk: Desk, number: int) -> Moved:
    return Moved(incident=_shown(desk, number) if _is_seen(desk, number) else None)


def _is_seen(desk: Desk, number: int) -> bool:
    try:
        desk.site.decisions.incidents.find(number, by=desk.member.id)
    except UnknownObject:
        return False
    return True
