"""Setting an account up with a code, new or afresh: nobody else knows the password."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette import status

from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.guard import EnteredDep, SiteDep, VisitDep
from schoolgate_webui.rendering import Pages, PagesDep
from schoolgate_webui.routes.account import mistakes_in
from schoolgate_webui.signing_in import device_of, gone_on, is_second_factor_required
from schoolgate_webui.site import Site
from schoolgate_webui.tokens import form_token, new_secret
from schoolgate_webui.views.fields import Field

router = APIRouter()

_LONGEST_CODE = 100


@router.get("/account/setup")
def enter_code(request: Request, pages: PagesDep, code: Annotated[str, Query()] = "") -> Response:
    """Ask for the code that somebody was given on paper."""
    typed = code.strip()[:_LONGEST_CODE]
    if typed:
        return RedirectResponse(
            f"/account/setup/{quote(typed, safe='')}", status.HTTP_303_SEE_OTHER
        )
    return pages.page(
        request, "account_setup_code.html", code=Field("code", "code", "Code"), mistakes=[]
    )


@router.get("/account/setup/{code}")
def form(request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, code: str) -> Response:
    """Ask for a password, where the code is good."""
    member = site.decisions.setup_codes.who(code, at=visit.now.machine)
    if member is None:
        return _no_such_code(request, pages)
    return _page(request, site, pages, member, code=code)


@router.post("/account/setup/{code}")
def set_up(
    request: Request,
    site: SiteDep,
    visit: VisitDep,
    pages: PagesDep,
    *,
    entered: EnteredDep,
    code: str,
) -> Response:
    """Begin the account anew and sign its person in."""
    member = site.decisions.setup_codes.who(code, at=visit.now.machine)
    if member is None:
        return _no_such_code(request, pages)
    own_words = (member.name, member.username or "", site.settings.school_name)
    new = entered.get("new_password", "")
    mistakes = mistakes_in(new, entered.get("new_password_again", ""), own_words)
    if mistakes:
        return _page(request, site, pages, member, code=code, mistakes=mistakes)
    signed = site.decisions.setup_codes.set_up(
        code,
        new,
        at=visit.now.machine,
        moment=visit.now.school,
        is_second_factor_required=is_second_factor_required(site),
        device=device_of(request),
        address=visit.address,
    )
    if signed is None:
        return _no_such_code(request, pages)
    site.changed()
    return gone_on(request, site, signed, "/?done=account-set-up")


def _no_such_code(request: Request, pages: Pages) -> Response:
    text = (
        "This code does not work: it was used, its time is over, or it was typed wrongly. Ask "
        "whoever gave it to you for another."
    )
    return pages.page(
        request,
        "account_setup_code.html",
        status_code=status.HTTP_404_NOT_FOUND,
        code=Field("code", "code", "Code", "", text),
        mistakes=[{"text": text, "href": "#code"}],
    )


def _page(
    request: Request,
    site: Site,
    pages: Pages,
    member: Member,
    *,
    code: str,
    mistakes: dict[str, str] | None = None,
) -> Response:
    labels = {"new_password": "New password", "new_password_again": "New password again"}
    wrong = mistakes or {}
    # Whoever is signed in here has forms of their session; this one is of the browser.
    secret = site.cookies.browser_of(request) or new_secret()
    response = pages.page(
        request,
        "account_setup.html",
        status_code=422 if wrong else 200,
        token=form_token(secret),
        code=code,
        name=member.name,
        username=member.username or "",
        mistakes=[{"text": wrong[name], "href": f"#{name}"} for name in labels if name in wrong],
        fields={
            name: Field(name, name, label, "", wrong.get(name, ""))
            for name, label in labels.items()
        },
    )
    site.cookies.set_browser(request, response, secret)
    return response
