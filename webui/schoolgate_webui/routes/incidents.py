"""Incidents: the list of what needs somebody, one of them, and the safeguarding record."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.incidents import NewIncident
from schoolgate_policyd.workflow import incident_forms as forms
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.incidents import may_handle_any
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.paper.csv_text import csv_download
from schoolgate_webui.views import incident_form, incident_page, incident_record
from schoolgate_webui.views.incidents import Wanted, filter_of, incidents_page
from schoolgate_webui.views.restrictions import restriction_card

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT
_LONGEST_WORD = 40


def _wanted(state: str = "open", severity: str = "", kind: str = "", person: str = "") -> Wanted:
    words = (state, severity, kind, person)
    return Wanted(*(each[:_LONGEST_WORD] for each in words))


WantedDep = Annotated[Wanted, Depends(_wanted)]


@router.get("/incidents")
def listed(desk: DeskDep, wanted: WantedDep) -> HTMLResponse:
    """Show those that they may see, the most severe first."""
    store = desk.site.decisions.incidents
    page = incidents_page(
        wanted,
        store.seen_by(desk.member.id, filter_of(wanted)),
        store.counts(desk.member.id),
        names=desk.site.names(),
        policy=desk.site.policy_in_force.policy(),
        now=desk.now,
    )
    return desk.page("incidents.html", incidents=page)


@router.get("/incidents/new")
def form(desk: DeskDep, person: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    """Show the form with which a member of staff reports a concern."""
    values = incident_form.prefilled(desk.now, person)
    people = desk.site.decisions.people.members()
    return desk.page(
        "incident_new.html", form=incident_form.new_page(values, people, desk.member.id)
    )


@router.post("/incidents/new")
def open_one(desk: DeskDep, entered: EnteredDep) -> Response:
    """Open an incident by hand, or show the form again with every mistake."""
    people = desk.site.decisions.people.members()
    now = desk.now
    try:
        typed = forms.parse_new(entered, people=people, moment=now.school, zone=now.zone)
    except InvalidForm as error:
        page = incident_form.new_page(entered, people, desk.member.id, error)
        return desk.page("incident_new.html", status_code=_UNPROCESSABLE, form=page)
    # The register of incidents is machine time; what people type is the school's clock.
    happened_at = typed.happened_at - (now.school - now.machine)
    new = NewIncident(typed.kind, typed.severity, typed.subject, typed.summary, happened_at)
    made = desk.site.decisions.incidents.open(new, by=desk.member.id, at=now.machine)
    if may_handle_any(desk.member) and _is_seen(desk, made.id):
        return _see(made.id, "incident-opened")
    # Whoever reports a concern does not see what comes of it, unless they handle it.
    return RedirectResponse("/incidents/new?done=incident-reported", status.HTTP_303_SEE_OTHER)


@router.get("/incidents/record.csv")
def list_record(desk: DeskDep, wanted: WantedDep) -> Response:
    """Give what is listed for the safeguarding record, as CSV."""
    store = desk.site.decisions.incidents
    found = store.seen_by(desk.member.id, filter_of(wanted))
    with_evidence = [(each, store.evidence(each.id, by=desk.member.id)) for each in found]
    numbers = tuple(each.id for each in found)
    store.exported(numbers, by=desk.member.id, at=desk.now.machine, as_what="csv")
    text = incident_record.record_csv(
        with_evidence,
        names=desk.site.names(),
        policy=desk.site.policy_in_force.policy(),
        now=desk.now,
    )
    return csv_download("incidents.csv", text)


@router.get("/incidents/{number}")
def one(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show one incident, and record that they looked."""
    return shown(desk, number)


@router.get("/incidents/{number}/record.csv")
def csv_record(desk: DeskDep, number: Number) -> Response:
    """Give one incident for the safeguarding record, as CSV."""
    store = desk.site.decisions.incidents
    incident, _ = store.find(number, by=desk.member.id)
    evidence = store.evidence(number, by=desk.member.id)
    store.exported((number,), by=desk.member.id, at=desk.now.machine, as_what="csv")
    text = incident_record.record_csv(
        [(incident, evidence)],
        names=desk.site.names(),
        policy=desk.site.policy_in_force.policy(),
        now=desk.now,
    )
    return csv_download(f"incident-{number}.csv", text)


@router.get("/incidents/{number}/record.pdf")
def pdf_record(desk: DeskDep, number: Number) -> Response:
    """Give one incident for the safeguarding record, as PDF."""
    decisions, now = desk.site.decisions, desk.now
    incident, _ = decisions.incidents.find(number, by=desk.member.id)
    names, policy = desk.site.names(), desk.site.policy_in_force.policy()
    restrictions = decisions.restrictions.seen_by(desk.member.id, incident=number)
    evidence = decisions.incidents.evidence(number, by=desk.member.id)
    decisions.incidents.exported((number,), by=desk.member.id, at=now.machine, as_what="pdf")
    octets = incident_record.record_pdf(
        incident,
        evidence,
        tuple(
            restriction_card(
                record, handling, member=desk.member, names=names, policy=policy, now=now
            )
            for record, handling in restrictions
        ),
        school=desk.site.settings.school_name,
        names=names,
        policy=policy,
        now=now,
    )
    attachment = {"content-disposition": f'attachment; filename="incident-{number}.pdf"'}
    return Response(octets, media_type="application/pdf", headers=attachment)


def shown(desk: Desk, number: int, invalid: incident_page.Invalid | None = None) -> HTMLResponse:
    """Return the page of incident *number*, with the mistakes of the form that came back."""
    decisions = desk.site.decisions
    incident, handling = decisions.incidents.find(number, by=desk.member.id)
    decisions.incidents.looked_at(number, by=desk.member.id, at=desk.now.machine)
    page = incident_page.incident_page(
        incident,
        handling,
        decisions.incidents.evidence(number, by=desk.member.id),
        decisions.restrictions.seen_by(desk.member.id, incident=number),
        member=desk.member,
        people=decisions.people.members(),
        names=desk.site.names(),
        policy=desk.site.policy_in_force.policy(),
        now=desk.now,
        invalid=invalid,
    )
    status_code = status.HTTP_200_OK if invalid is None else _UNPROCESSABLE
    return desk.page("incident.html", status_code=status_code, incident=page)


def _is_seen(desk: Desk, number: int) -> bool:
    found = desk.site.decisions.incidents.seen_by(desk.member.id)
    return any(each.id == number for each in found)


def _see(number: int, done: str) -> RedirectResponse:
    return RedirectResponse(f"/incidents/{number}?done={done}", status.HTTP_303_SEE_OTHER)
