"""Sites that pupils are asked to use, training that was given, mail, and one's own address."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.workflow.email_addresses import FIELD
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.suggested_sites import read_site
from schoolgate_policyd.workflow.training import may_record, read_training
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.views import told as views
from schoolgate_webui.views.mail import mail_page

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/filtering/sites")
def sites(desk: DeskDep) -> HTMLResponse:
    """Show the list, to change it."""
    return _sites(desk, {})


@router.post("/filtering/sites")
def list_site(desk: DeskDep, entered: EnteredDep) -> Response:
    """Put a site on the list."""
    try:
        site = read_site(entered)
        desk.site.decisions.suggested_sites.add(site, by=desk.member.id, at=desk.now.machine)
    except InvalidForm as error:
        return _sites(desk, entered, error)
    return _see("/filtering/sites?done=site-listed")


@router.post("/filtering/sites/{number}/remove")
def unlist_site(desk: DeskDep, number: Number) -> Response:
    """Take a site off the list."""
    desk.site.decisions.suggested_sites.remove(number, by=desk.member.id, at=desk.now.machine)
    return _see("/filtering/sites?done=site-removed")


@router.get("/records/training")
def training(desk: DeskDep) -> HTMLResponse:
    """Show what was given."""
    return _training(desk, {})


@router.post("/records/training")
def record_training(desk: DeskDep, entered: EnteredDep) -> Response:
    """Write down what was given."""
    today = desk.now.local(desk.now.school).date()
    try:
        given = read_training(entered, today=today)
    except InvalidForm as error:
        return _training(desk, entered, error)
    desk.site.decisions.training.record(given, by=desk.member.id, at=desk.now.machine)
    return _see("/records/training?done=training-recorded")


@router.get("/records/mail")
def mail(desk: DeskDep) -> HTMLResponse:
    """Show what was mailed, what waits, and since when nothing leaves."""
    outbox = desk.site.decisions.outbox
    has_server = desk.site.settings.mail is not None
    page = mail_page(
        outbox.listed(), outbox.state(), desk.now, viewer=desk.member.id, has_server=has_server
    )
    return desk.page("mail.html", mail=page)


@router.get("/account/email")
def email(desk: DeskDep) -> HTMLResponse:
    """Show where one's own alerts go."""
    known = desk.site.decisions.email_addresses.of(desk.member.id)
    return _email(desk, {FIELD: known or ""})


@router.post("/account/email")
def set_email(desk: DeskDep, entered: EnteredDep) -> Response:
    """Change where one's own alerts go."""
    person, at = desk.member.id, desk.now.machine
    try:
        desk.site.decisions.email_addresses.set_email(
            person, entered.get(FIELD, ""), by=person, at=at
        )
    except InvalidForm as error:
        return _email(desk, entered, error)
    return _see("/account?done=email-set")


def _sites(desk: Desk, values: dict[str, str], invalid: InvalidForm | None = None) -> HTMLResponse:
    listed = desk.site.decisions.suggested_sites.listed()
    page = views.sites_page(listed, values, invalid)
    return desk.page("suggested_sites.html", status_code=_code(invalid), sites=page)


def _training(
    desk: Desk, values: dict[str, str], invalid: InvalidForm | None = None
) -> HTMLResponse:
    decisions = desk.site.decisions
    page = views.training_page(
        decisions.training.every(),
        decisions.people.names(),
        today=desk.now.local(desk.now.school).date(),
        may_record=may_record(desk.member),
        values=values,
        invalid=invalid,
    )
    return desk.page("training.html", status_code=_code(invalid), training=page)


def _email(desk: Desk, values: dict[str, str], invalid: InvalidForm | None = None) -> HTMLResponse:
    page = views.email_page(values, invalid)
    return desk.page("account_email.html", status_code=_code(invalid), email=page)


def _code(invalid: InvalidForm | None) -> int:
    return status.HTTP_200_OK if invalid is None else status.HTTP_422_UNPROCESSABLE_CONTENT


def _see(where: str) -> RedirectResponse:
    return RedirectResponse(where, status.HTTP_303_SEE_OTHER)
