"""Reporting something that was seen, by anybody, and hearing back by a code."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette import status

from schoolgate_policyd.workflow.reports import form_of
from schoolgate_webui.guard import EnteredDep, SiteDep, VisitDep
from schoolgate_webui.rendering import PagesDep
from schoolgate_webui.site import Site, Visit
from schoolgate_webui.tokens import form_token, new_secret
from schoolgate_webui.views import report_public

router = APIRouter()

_LONGEST_URL = 2000
_SHORTEST_ONCE, _LONGEST_ONCE = 32, 200
_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT


@router.get("/report")
def form(
    request: Request,
    site: SiteDep,
    visit: VisitDep,
    pages: PagesDep,
    url: Annotated[str, Query()] = "",
) -> Response:
    """Show the form, with an address in it where one was given."""
    token, secret = _token(visit)
    page = report_public.form_page(
        site.policy_in_force.policy(),
        token=token,
        once=new_secret(),
        entered={"saw": url[:_LONGEST_URL]},
    )
    response = pages.page(request, "report.html", report=page)
    return _with_browser(request, site, response, secret)


@router.post("/report")
def send(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, entered: EnteredDep
) -> Response:
    """
    Record a report and show its code.

    The page is the answer to the form itself: a code in an address would stay in the history of
    a shared computer. A form that is sent again is the same report.
    """
    policy = site.policy_in_force.policy()
    token, secret = _token(visit)
    once = entered.get("once", "")
    if not _SHORTEST_ONCE <= len(once) <= _LONGEST_ONCE:
        once = new_secret()
    said = form_of(entered.get("saw", ""), entered.get("name", ""))
    wait = timedelta()
    if said.saw:
        wait = site.decisions.reports.try_from(visit.address, is_look=False, at=visit.now.machine)
    if not said.saw or wait > timedelta():
        page = report_public.form_page(
            policy, token=token, once=once, entered=entered, is_empty=not said.saw, wait=wait
        )
        status_code = status.HTTP_429_TOO_MANY_REQUESTS if said.saw else _UNPROCESSABLE
        response = pages.page(request, "report.html", status_code=status_code, report=page)
        return _with_browser(request, site, response, secret)
    member = visit.member
    _, code = site.decisions.reports.make(
        said, once=once, reporter=None if member is None else member.id, at=visit.now.machine
    )
    sent = report_public.SentPage(
        "" if member is not None else code, report_public.first_help_lines(policy)
    )
    return pages.page(request, "report_sent.html", sent=sent)


@router.get("/report/answer")
def ask(request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep) -> Response:
    """Show the form for a code."""
    token, secret = _token(visit)
    page = report_public.answer_page(site.policy_in_force.policy(), token=token)
    response = pages.page(request, "report_answer.html", page=page)
    return _with_browser(request, site, response, secret)


@router.post("/report/answer")
def look_up(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, entered: EnteredDep
) -> Response:
    """Show the answer to the report whose code was typed."""
    policy, now = site.policy_in_force.policy(), visit.now
    token, _ = _token(visit)
    code = entered.get("code", "")
    reports = site.decisions.reports
    wait = reports.try_from(visit.address, is_look=True, at=now.machine)
    if wait > timedelta():
        page = report_public.answer_page(policy, token=token, code=code, wait=wait)
        status_code = status.HTTP_429_TOO_MANY_REQUESTS
    elif (found := reports.with_code(code)) is None:
        page = report_public.answer_page(policy, token=token, code=code, is_unknown=True)
        status_code = _UNPROCESSABLE
    else:
        page = report_public.answer_page(
            policy, token=token, found=report_public.answer_to(found, now)
        )
        status_code = status.HTTP_200_OK
    return pages.page(request, "report_answer.html", status_code=status_code, page=page)


def _token(visit: Visit) -> tuple[str, str | None]:
    """Return the token of the form, and a secret that the browser is to keep for it, if new."""
    if visit.csrf:
        return visit.csrf, None
    secret = new_secret()
    return form_token(secret), secret


def _with_browser(
    request: Request, site: Site, response: Response, secret: str | None
) -> Response:
    if secret is not None:
        site.cookies.set_browser(request, response, secret)
    return response
