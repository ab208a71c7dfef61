"""Stands before every endpoint: whose token it is, what it is for, and how often it asks."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool

from schoolgate_policyd.store.audit import BY_WAY_OF
from schoolgate_policyd.store.sign_in_records import ApiCaller
from schoolgate_webui.access import Who, is_for
from schoolgate_webui.api.access import Needs, needs_of
from schoolgate_webui.api.problems import ScopeMissing, TokenNeeded, TooMany
from schoolgate_webui.api.schema import Written
from schoolgate_webui.desk import Desk
from schoolgate_webui.guard import AcknowledgementNeeded, NotForYou, site_of
from schoolgate_webui.rates import Rates
from schoolgate_webui.rendering import Pages
from schoolgate_webui.site import Site, Visit
from schoolgate_webui.views.requests import Names

_BEARER = "bearer"


async def guard(request: Request) -> None:
    """
    Let a request through to its endpoint, or raise.

    Cookies are not looked at: a browser that is signed in opens nothing here, so there is nothing
    to forge. The audit names the token, but not at an endpoint that is for anybody: who reported
    something is for those alone who handle it.

    Raises TokenNeeded, ScopeMissing, NotForYou, AcknowledgementNeeded, TooMany.
    """
    site, path = site_of(request), request.scope["route"].path
    now = await run_in_threadpool(site.now)
    address = "" if request.client is None else request.client.host
    secret = _secret_of(request)
    caller = None
    if secret is not None:
        find = site.decisions.api_tokens.caller
        caller = await run_in_threadpool(find, secret, at=now.machine)
    rates: Rates = request.app.state.rates
    wait = (
        rates.of_address(address, now.machine)
        if caller is None
        else rates.of_token(caller.token.id, now.machine)
    )
    if wait:
        raise TooMany(wait)
    needs = require_right(needs_of(request.method, path), caller, is_shown=secret is not None)
    if caller is not None:
        await run_in_threadpool(_require_acknowledged, site, needs, caller, now.school)
        if needs.who is not Who.ANYBODY:
            BY_WAY_OF.set(f"api token {caller.token.id}")
    _require_known_query(request)
    request.state.caller = caller
    request.state.visit = Visit(
        now=now,
        address=address,
        session=None,
        csrf="",
        api_token=None if caller is None else caller.token.id,
    )


def _secret_of(request: Request) -> str | None:
    """Return the token that is shown; two headers are none that could be believed."""
    headers = request.headers.getlist("authorization")
    if not headers:
        return None
    scheme, _, secret = headers[0].partition(" ")
    return secret.strip() if len(headers) == 1 and scheme.lower() == _BEARER else ""


def require_right(needs: Needs | None, caller: ApiCaller | None, *, is_shown: bool) -> Needs:
    """
    Return *needs* where *caller*, None for nobody, has what an endpoint needs, else raise.

    *is_shown* says that a token was shown, be it one that opens nothing.
    """
    if needs is None:
        raise NotForYou("an endpoint that stands in no table")
    if caller is None:
        # A token that opens nothing is said to be so, also where none is needed.
        if is_shown or needs.who is not Who.ANYBODY:
            raise TokenNeeded("show a token")
        return needs
    if needs.scope is not None and needs.scope not in caller.token.scopes:
        raise ScopeMissing(needs.scope)
    if not is_for(needs.who, caller.member):
        raise NotForYou("for other duties")
    return needs


def _require_acknowledged(site: Site, needs: Needs, caller: ApiCaller, moment: datetime) -> None:
    if site.acknowledging.comes_before(needs.who, "/api", member=caller.member, moment=moment):
        raise AcknowledgementNeeded("/")


def _require_known_query(request: Request) -> None:
    """Raise for a filter that is misspelt: leaving it out would give more than was asked for."""
    if not request.query_params:
        return
    written: Written = request.app.state.written()
    known = written.parameters.get((request.method, request.scope["route"].path), frozenset())
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise RequestValidationError(
            [{"loc": ("query", name), "msg": "There is no such parameter."} for name in unknown]
        )


def _caller_of(request: Request) -> ApiCaller:
    caller = request.state.caller
    if not isinstance(caller, ApiCaller):
        raise TokenNeeded("show a token")
    return caller


CallerDep = Annotated[ApiCaller, Depends(_caller_of)]


def _desk_of(request: Request, caller: CallerDep) -> Desk:
    pages: Pages = request.app.state.pages
    visit: Visit = request.state.visit
    return Desk(request, site_of(request), visit, caller.member, pages)


DeskDep = Annotated[Desk, Depends(_desk_of)]


def names_of(desk: Desk) -> Names:
    """Return the names of people and classes, read once for a request."""
    known: Names | None = getattr(desk.request.state, "names", None)
    if known is None:
        known = desk.request.state.names = desk.site.names()
    return known
