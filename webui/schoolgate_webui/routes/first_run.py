"""The first-run guide: opened with a code from the machine, saved step by step, ended once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, Stale
from schoolgate_policyd.workflow.first_people import parse_first_people
from schoolgate_policyd.workflow.networks import NetworkRecord, parse_network
from schoolgate_policyd.workflow.school_record import parse_school
from schoolgate_webui.guard import EnteredDep, SiteDep, VisitDep
from schoolgate_webui.rendering import Pages, PagesDep
from schoolgate_webui.site import Site, Visit
from schoolgate_webui.tokens import form_token, new_secret
from schoolgate_webui.views import first_run as views
from schoolgate_webui.views.school_fields import SchoolForm

router = APIRouter()

NetworkId = Annotated[str, Path(max_length=80)]

_GUIDE = "/first-run"
_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT
_WRONG_CODE = (
    "This code does not open the guide: it was used, is too old, or was mistyped. The machine "
    "prints another with `schoolgate first-run`."
)


def _token_of(request: Request, site: SiteDep, visit: VisitDep) -> str:
    """Return the token of the browser in which the guide is open; for others it is nowhere."""
    token = site.cookies.first_run_of(request)
    if token is None or not site.decisions.first_run.holds(token, at=visit.now.machine):
        raise UnknownObject("the first-run guide is not open here")
    return token


TokenDep = Annotated[str, Depends(_token_of)]


@router.get("/first-run")
def guide(request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep) -> Response:
    """Show how far the guide is, or ask for the code."""
    token = site.cookies.first_run_of(request)
    if site.decisions.first_run.holds(token, at=visit.now.machine):
        return _guide_page(request, site, pages)
    if not site.decisions.first_run.is_due():
        raise UnknownObject("the first run is over")
    return _code_page(request, site, visit, pages)


@router.post("/first-run")
def open_guide(
    *, request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, entered: EnteredDep
) -> Response:
    """Open the guide in this browser with the code."""
    token = site.decisions.first_run.open(entered.get("code", ""), at=visit.now.machine)
    if token is None:
        if not site.decisions.first_run.is_due():
            raise UnknownObject("the first run is over")
        return _code_page(request, site, visit, pages, mistake=_WRONG_CODE)
    response = _see()
    site.cookies.set_first_run(request, response, token)
    return response


@router.get("/first-run/school")
def school_form(request: Request, site: SiteDep, token: TokenDep, pages: PagesDep) -> Response:
    """Show the form of the school's name and policy."""
    del token
    return _form_page(request, pages, views.school_form(site.settings, _presets(site)))


@router.post("/first-run/school")
def name_school(
    *,
    request: Request,
    site: SiteDep,
    visit: VisitDep,
    token: TokenDep,
    pages: PagesDep,
    entered: EnteredDep,
) -> Response:
    """Save the school's name and the policy that it starts from."""
    presets = _presets(site)
    try:
        name, preset = parse_school(entered, presets)
    except InvalidForm as error:
        form = views.school_form(site.settings, presets, entered=entered, invalid=error)
        return _form_page(request, pages, form)
    site.decisions.first_run.name_school(token, name, preset, at=visit.now.machine)
    site.follow_school()
    site.changed()
    return _see()


@router.get("/first-run/networks/{network}")
def network_form(
    *, request: Request, site: SiteDep, token: TokenDep, pages: PagesDep, network: NetworkId
) -> Response:
    """Show the form of one network."""
    del token
    return _form_page(request, pages, views.network_form(_network(site, network)))


@router.post("/first-run/networks/{network}")
def save_network(
    *,
    request: Request,
    site: SiteDep,
    visit: VisitDep,
    token: TokenDep,
    pages: PagesDep,
    entered: EnteredDep,
    network: NetworkId,
) -> Response:
    """Save what the school says of one network."""
    del token
    record = _network(site, network)
    try:
        site.decisions.networks.change(
            record.configured,
            parse_network({**entered, "reasons": "First run"}),
            version=record.version,
            by=None,
            at=visit.now.machine,
        )
    except InvalidForm as error:
        form = views.network_form(record, entered=entered, invalid=error)
        return _form_page(request, pages, form)
    except Stale:
        return _form_page(request, pages, views.network_form(_network(site, network)))
    site.changed()
    return _see()


@router.get("/first-run/people")
def people_form(request: Request, site: SiteDep, token: TokenDep, pages: PagesDep) -> Response:
    """Show the form of the first people."""
    del token
    form = views.people_form(site.decisions.person_records.everybody())
    return _form_page(request, pages, form)


@router.post("/first-run/people")
def save_people(
    *,
    request: Request,
    site: SiteDep,
    visit: VisitDep,
    token: TokenDep,
    pages: PagesDep,
    entered: EnteredDep,
) -> Response:
    """Save the first people with their duties."""
    try:
        people = parse_first_people(entered)
    except InvalidForm as error:
        known = site.decisions.person_records.everybody()
        form = views.people_form(known, entered=entered, invalid=error)
        return _form_page(request, pages, form)
    site.decisions.first_run.put_members(token, people, at=visit.now.machine)
    site.changed()
    return _see()


@router.post("/first-run/end")
def end(
    *, request: Request, site: SiteDep, visit: VisitDep, token: TokenDep, pages: PagesDep
) -> Response:
    """End the guide, and show this once the codes with which the first people sign in."""
    decisions = site.decisions
    try:
        decisions.first_run.end(token, at=visit.now.machine)
    except NotAllowed as error:
        return _guide_page(request, site, pages, mistake=str(error))
    people = decisions.person_records.everybody()
    invited = tuple(
        (each, decisions.setup_codes.invite(each.id, by=None, at=visit.now.machine))
        for each in people
        if each.entry.username is not None and each.duties
    )
    site.changed()
    page = views.ended_page(site.settings, site.policy_in_force.policy(), invited, visit.now)
    return pages.page(request, "first_run_ended.html", ended=page)


def _guide_page(request: Request, site: Site, pages: Pages, mistake: str = "") -> HTMLResponse:
    page = views.guide_page(
        site.decisions.school.record(),
        site.decisions.networks.records(networks_of(site.settings)),
        site.decisions.person_records.everybody(),
    )
    return pages.page(
        request,
        "first_run.html",
        status_code=_UNPROCESSABLE if mistake else status.HTTP_200_OK,
        guide=page,
        mistakes=[{"text": mistake, "href": "#main-content"}] if mistake else [],
    )


def _code_page(
    request: Request, site: Site, visit: Visit, pages: Pages, mistake: str = ""
) -> Response:
    secret = site.cookies.browser_of(request) or new_secret()
    response = pages.page(
        request,
        "first_run_code.html",
        status_code=_UNPROCESSABLE if mistake else status.HTTP_200_OK,
        token=form_token(secret) if visit.session is None else visit.csrf,
        mistakes=[{"text": mistake, "href": "#code"}] if mistake else [],
    )
    site.cookies.set_browser(request, response, secret)
    return response


def _form_page(request: Request, pages: Pages, form: SchoolForm) -> HTMLResponse:
    code = _UNPROCESSABLE if form.mistakes else status.HTTP_200_OK
    return pages.page(request, "school_form.html", status_code=code, form=form)


def _network(site: Site, id_: str) -> NetworkRecord:
    for each in site.decisions.networks.records(networks_of(site.settings)):
        if each.network.id == id_:
            return each
    raise UnknownObject("there is no such network")


def _presets(site: Site) -> tuple[str, ...]:
    folder = site.settings.rules_dir / "schools"
    return tuple(sorted(each.stem for each in folder.glob("*.yaml")))


def _see() -> RedirectResponse:
    return RedirectResponse(_GUIDE, status.HTTP_303_SEE_OTHER)
