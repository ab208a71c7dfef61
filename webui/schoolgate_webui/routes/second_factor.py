"""Signing in further: the second factor after a password, or a passkey alone."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.passkey_ceremonies import BadPasskey, request_options
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.records import SignedIn, TooSoon, WebSession, WrongPassword
from schoolgate_policyd.store.second_factor import UsedPasskey
from schoolgate_policyd.workflow.accounts import Lack
from schoolgate_webui.challenges import Purpose
from schoolgate_webui.guard import EnteredDep, SiteDep, VisitDep
from schoolgate_webui.rendering import Pages, PagesDep
from schoolgate_webui.routes.session import sign_in_page
from schoolgate_webui.signing_in import (
    BAD_PASSKEY,
    device_of,
    gone_on,
    local_path,
    next_step,
    passkey_place,
    used_passkey,
    wait_words,
)
from schoolgate_webui.site import Site, Visit
from schoolgate_webui.views.fields import Field

router = APIRouter()

_WRONG_CODE = (
    "That code is not right, or it was used before. Codes change every 30 seconds: enter the one "
    "that your app shows now."
)

Next = Annotated[str, Query(alias="next")]


@router.get("/sign-in/passkey")
def options(request: Request, site: SiteDep, visit: VisitDep) -> Response:
    """Return what the browser asks an authenticator for: any passkey of these pages."""
    party, secret = site.relying_party, site.cookies.browser_of(request)
    if party is None or secret is None:
        raise UnknownObject("there are no passkeys here")
    challenge = site.challenges.new(Purpose.SIGN_IN, secret, visit.now.machine)
    return JSONResponse(request_options(party, challenge))


@router.post("/sign-in/passkey")
def sign_in(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, entered: EnteredDep
) -> Response:
    """Sign in by a passkey alone."""
    going_on = local_path(entered.get("next", "/"))
    secret = site.cookies.browser_of(request) or ""

    def signed(used: UsedPasskey) -> SignedIn:
        return site.decisions.second_factor.sign_in_with_passkey(
            used,
            at=visit.now.machine,
            moment=visit.now.school,
            replacing=site.cookies.session_of(request),
            device=device_of(request),
            address=visit.address,
        )

    outcome = _by_passkey(site, visit, entered, (Purpose.SIGN_IN, secret), signed)
    if isinstance(outcome, SignedIn):
        return gone_on(request, site, outcome, going_on)
    mistake, code = outcome
    return sign_in_page(
        request, site, pages, going_on=going_on, wrong={"passkey": mistake}, status_code=code
    )


@router.get("/sign-in/second")
def second(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, going_on: Next = "/"
) -> Response:
    """Ask for the second factor."""
    going_on = local_path(going_on)
    known = _lacking(visit, Lack.SECOND_FACTOR)
    if known is None:
        return _elsewhere(visit, going_on)
    return _second_page(request, site, pages, known, going_on=going_on)


@router.post("/sign-in/second")
def enter_code(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, entered: EnteredDep
) -> Response:
    """Sign in by a code of the app, or by a recovery code."""
    going_on = local_path(entered.get("next", "/"))
    known = _lacking(visit, Lack.SECOND_FACTOR)
    if known is None:
        return _elsewhere(visit, going_on)
    code = entered.get("code", "").strip()[:100]
    if not code:
        return _second_page(
            request, site, pages, known, going_on=going_on, mistake="Enter a code", status_code=422
        )
    outcome = site.decisions.second_factor.sign_in_with_code(
        known.id, code, address=visit.address, at=visit.now.machine
    )
    match outcome:
        case SignedIn():
            return gone_on(request, site, outcome, going_on)
        case WrongPassword():
            return _second_page(
                request,
                site,
                pages,
                known,
                going_on=going_on,
                mistake=_WRONG_CODE,
                status_code=422,
            )
        case TooSoon():
            return _second_page(
                request,
                site,
                pages,
                known,
                going_on=going_on,
                mistake=wait_words(outcome),
                status_code=429,
            )


@router.get("/sign-in/second/passkey")
def second_options(site: SiteDep, visit: VisitDep) -> Response:
    """Return what the browser asks an authenticator for: a passkey of whoever is part-way."""
    party, known = site.relying_party, _lacking(visit, Lack.SECOND_FACTOR)
    if party is None or known is None:
        raise UnknownObject("there are no passkeys here")
    challenge = site.challenges.new(Purpose.SECOND_FACTOR, known.csrf_secret, visit.now.machine)
    among = site.decisions.passkeys.of(known.member.id)
    return JSONResponse(request_options(party, challenge, among))


@router.post("/sign-in/second/passkey")
def use_passkey(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, entered: EnteredDep
) -> Response:
    """Sign in by a passkey after the password."""
    going_on = local_path(entered.get("next", "/"))
    known = _lacking(visit, Lack.SECOND_FACTOR)
    if known is None:
        return _elsewhere(visit, going_on)

    def signed(used: UsedPasskey) -> SignedIn:
        return site.decisions.second_factor.sign_in_with_passkey_too(
            known.id, used, at=visit.now.machine
        )

    whose = (Purpose.SECOND_FACTOR, known.csrf_secret)
    outcome = _by_passkey(site, visit, entered, whose, signed)
    if isinstance(outcome, SignedIn):
        return gone_on(request, site, outcome, going_on)
    mistake, code = outcome
    return _second_page(
        request, site, pages, known, going_on=going_on, passkey_mistake=mistake, status_code=code
    )


@router.get("/sign-in/set-up")
def set_up(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, going_on: Next = "/"
) -> Response:
    """Show what there is to choose from for whoever must have a second factor and has none."""
    known = _lacking(visit, Lack.SETTING_ONE_UP)
    if known is None:
        return _elsewhere(visit, local_path(going_on))
    return pages.page(
        request,
        "sign_in_set_up.html",
        passkeys=passkey_place(site, request),
        person_name=known.member.name,
    )


def _by_passkey(
    site: Site,
    visit: Visit,
    entered: dict[str, str],
    whose: tuple[Purpose, str],
    signed: Callable[[UsedPasskey], SignedIn],
) -> SignedIn | tuple[str, int]:
    """Return the session that a passkey opened, or what was wrong, with the answer's status."""
    purpose, secret = whose
    try:
        used = used_passkey(site, visit, entered.get("answer", ""), purpose=purpose, whose=secret)
    except BadPasskey:
        return BAD_PASSKEY, status.HTTP_422_UNPROCESSABLE_CONTENT
    if isinstance(used, TooSoon):
        return wait_words(used), status.HTTP_429_TOO_MANY_REQUESTS
    return signed(used)


def _lacking(visit: Visit, lack: Lack) -> WebSession | None:
    known = visit.part_way
    return known if known is not None and known.lacks is lack else None


def _elsewhere(visit: Visit, going_on: str) -> Response:
    """Return the way to where this session belongs."""
    known = visit.session or visit.part_way
    where = "/sign-in" if known is None else next_step(known, going_on)
    return RedirectResponse(where, status.HTTP_303_SEE_OTHER)


def _second_page(
    request: Request,
    site: Site,
    pages: Pages,
    known: WebSession,
    *,
    going_on: str,
    mistake: str = "",
    passkey_mistake: str = "",
    status_code: int = status.HTTP_200_OK,
) -> Response:
    has = site.decisions.second_factor.of(known.member.id)
    place = passkey_place(site, request)
    found = (("code", mistake), ("passkey", passkey_mistake))
    return pages.page(
        request,
        "sign_in_second.html",
        status_code=status_code,
        mistakes=[{"text": text, "href": f"#{field}"} for field, text in found if text],
        next=going_on,
        has_codes=has.codes_since is not None,
        has_recovery_codes=has.recovery_codes_left > 0,
        has_passkey=has.passkeys > 0 and place.is_here,
        has_passkey_elsewhere=has.passkeys > 0 and not place.is_here,
        passkeys=place,
        passkey_mistake=passkey_mistake,
        person_name=known.member.name,
        code=Field("code", "code", "Code", "", mistake),
    )
