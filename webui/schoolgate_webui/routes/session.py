"""Signing in with a password, and out. Neither changes anything for the filter."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, assert_never

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.records import SignedIn, TooSoon, WrongPassword
from schoolgate_webui.guard import EnteredDep, SiteDep, VisitDep
from schoolgate_webui.rendering import Pages, PagesDep
from schoolgate_webui.signing_in import (
    device_of,
    gone_on,
    is_second_factor_required,
    local_path,
    next_step,
    passkey_place,
    wait_words,
)
from schoolgate_webui.site import Site
from schoolgate_webui.tokens import form_token, new_secret
from schoolgate_webui.views.fields import Field

router = APIRouter()

# What is wrong with user name and password together stands beside neither.
_BOTH = ""
_NOT_TOGETHER = {
    _BOTH: "That user name and password do not belong together. Check both and try again."
}


@router.get("/sign-in")
def form(
    request: Request,
    site: SiteDep,
    visit: VisitDep,
    pages: PagesDep,
    going_on: Annotated[str, Query(alias="next")] = "/",
) -> Response:
    """Show the form; whoever is signed in already, or on the way to it, goes on."""
    going_on = local_path(going_on)
    known = visit.session or visit.part_way
    if known is not None:
        return RedirectResponse(next_step(known, going_on), status.HTTP_303_SEE_OTHER)
    return sign_in_page(request, site, pages, going_on=going_on)


@router.post("/sign-in")
def sign_in(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, entered: EnteredDep
) -> Response:
    """Open a session and go on to where they wanted to go, or to what it still lacks."""
    going_on = local_path(entered.get("next", "/"))
    username, password = entered.get("username", ""), entered.get("password", "")
    if missing := _missing(username, password):
        return sign_in_page(
            request, site, pages, going_on=going_on, username=username, wrong=missing
        )
    outcome = site.decisions.credentials.sign_in(
        username,
        password,
        address=visit.address,
        at=visit.now.machine,
        moment=visit.now.school,
        replacing=site.cookies.session_of(request),
        is_second_factor_required=is_second_factor_required(site),
        device=device_of(request),
    )
    match outcome:
        case SignedIn():
            return gone_on(request, site, outcome, going_on)
        case WrongPassword():
            return sign_in_page(
                request, site, pages, going_on=going_on, username=username, wrong=_NOT_TOGETHER
            )
        case TooSoon():
            return sign_in_page(
                request,
                site,
                pages,
                going_on=going_on,
                username=username,
                wrong={_BOTH: wait_words(outcome)},
                status_code=status.HTTP_429_TOO_MANY_REQUESTS,
            )
        case _:
            assert_never(outcome)


@router.post("/sign-out")
def sign_out(request: Request, site: SiteDep, visit: VisitDep) -> Response:
    """End the session, and with it what it said about a device."""
    known = visit.session or visit.part_way
    if known is not None:
        site.decisions.sessions.end(known.id, at=visit.now.machine, moment=visit.now.school)
        site.changed()
    response = RedirectResponse("/?done=signed-out", status.HTTP_303_SEE_OTHER)
    site.cookies.forget_session(request, response)
    # Not "cookies": that would take those of every server below the same domain.
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


def _missing(username: str, password: str) -> dict[str, str]:
    """Return what must be entered still; a password is asked for again with the user name."""
    if username.strip() and password:
        return {}
    name = {} if username.strip() else {"username": "Enter your user name"}
    return {**name, "password": "Enter your password"}


def sign_in_page(
    request: Request,
    site: Site,
    pages: Pages,
    *,
    going_on: str,
    username: str = "",
    wrong: Mapping[str, str] = MappingProxyType({}),
    status_code: int | None = None,
) -> Response:
    """Return the form, with what was *wrong* by field; "" is user name and password together."""
    secret = site.cookies.browser_of(request) or new_secret()
    if status_code is None:
        status_code = status.HTTP_422_UNPROCESSABLE_CONTENT if wrong else status.HTTP_200_OK
    response = pages.page(
        request,
        "sign_in.html",
        status_code=status_code,
        token=form_token(secret),
        mistakes=[
            {"text": text, "href": f"#{field or 'username'}"} for field, text in wrong.items()
        ],
        next=going_on,
        has_passkeys=passkey_place(site, request).is_here,
        passkey_mistake=wrong.get("passkey", ""),
        username=Field(
            "username", "username", "User name", username[:200], wrong.get("username", "")
        ),
        password=Field("password", "password", "Password", "", wrong.get("password", "")),
    )
    site.cookies.set_browser(request, response, secret)
    return response
