"""Signing in and out. Neither changes anything for the filter, but that a claim ends."""

from typing import Annotated, assert_never

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.records import SignedIn, TooSoon, WrongPassword
from schoolgate_webui.guard import EnteredDep, SiteDep, VisitDep
from schoolgate_webui.rendering import Pages, PagesDep
from schoolgate_webui.site import Site
from schoolgate_webui.tokens import form_token, new_secret
from schoolgate_webui.views.fields import Field
from schoolgate_webui.views.moments import in_words

router = APIRouter()

_LONGEST_NEXT = 12_000


@router.get("/sign-in")
def form(
    request: Request,
    site: SiteDep,
    visit: VisitDep,
    pages: PagesDep,
    going_on: Annotated[str, Query(alias="next")] = "/",
) -> Response:
    """Show the form; whoever is signed in already goes on."""
    if visit.member is not None:
        return RedirectResponse(local_path(going_on), status.HTTP_303_SEE_OTHER)
    return _form(request, site, pages, going_on=local_path(going_on))


@router.post("/sign-in")
def sign_in(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, entered: EnteredDep
) -> Response:
    """Open a session and go on to where they wanted to go."""
    going_on = local_path(entered.get("next", "/"))
    username, password = entered.get("username", ""), entered.get("password", "")
    if not username.strip() or not password:
        return _form(request, site, pages, going_on=going_on, username=username, is_empty=True)
    outcome = site.decisions.credentials.sign_in(
        username,
        password,
        address=visit.address,
        at=visit.now.machine,
        moment=visit.now.school,
        replacing=site.cookies.session_of(request),
    )
    match outcome:
        case SignedIn():
            response = RedirectResponse(going_on, status.HTTP_303_SEE_OTHER)
            site.cookies.set_session(request, response, outcome.token)
            return response
        case WrongPassword():
            wrong = "That user name and password do not belong together. Check both and try again."
            return _form(request, site, pages, going_on=going_on, username=username, mistake=wrong)
        case TooSoon():
            wait = (
                f"That was wrong a few times. Wait {in_words(outcome.wait)}, then try again: "
                "nobody is locked out for good."
            )
            return _form(
                request,
                site,
                pages,
                going_on=going_on,
                username=username,
                mistake=wait,
                status_code=status.HTTP_429_TOO_MANY_REQUESTS,
            )
        case _:
            assert_never(outcome)


@router.post("/sign-out")
def sign_out(request: Request, site: SiteDep, visit: VisitDep) -> Response:
    """End the session, and with it what it said about a device."""
    if visit.session is not None:
        site.decisions.sessions.end(
            visit.session.id, at=visit.now.machine, moment=visit.now.school
        )
        site.changed()
    response = RedirectResponse("/?done=signed-out", status.HTTP_303_SEE_OTHER)
    site.cookies.forget_session(request, response)
    return response


def local_path(text: str) -> str:
    """Return *text* if it is a path of these pages, else the first page: no way out by a link."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\"))
    if not is_path or not text.isprintable() or "\\" in text or len(text) > _LONGEST_NEXT:
        return "/"
    return text


def _form(
    request: Request,
    site: Site,
    pages: Pages,
    *,
    going_on: str,
    username: str = "",
    mistake: str = "",
    is_empty: bool = False,
    status_code: int = status.HTTP_200_OK,
) -> Response:
    secret = site.cookies.browser_of(request) or new_secret()
    name_missing = "Enter your user name" if is_empty and not username.strip() else ""
    password_missing = "Enter your password" if is_empty else ""
    mistakes = [
        {"text": text, "href": f"#{field}"}
        for field, text in (
            ("username", name_missing),
            ("password", password_missing),
            ("username", mistake),
        )
        if text
    ]
    if mistakes and status_code == status.HTTP_200_OK:
        status_code = status.HTTP_422_UNPROCESSABLE_CONTENT
    response = pages.page(
        request,
        "sign_in.html",
        status_code=status_code,
        token=form_token(secret),
        mistakes=mistakes,
        next=going_on,
        username=Field("username", "username", "User name", username[:200], name_missing),
        password=Field("password", "password", "Password", "", password_missing),
    )
    site.cookies.set_browser(request, response, secret)
    return response
