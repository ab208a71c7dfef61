"""Puts the API together: `api_app` returns it as an application to be mounted at `/api/v1`."""

import functools

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from schoolgate_policyd.store.audit import BY_WAY_OF
from schoolgate_webui.api import (
    blocks,
    exports,
    incidents,
    legal_holds,
    log,
    looks,
    people,
    policy,
    policy_drafts,
    policy_steps,
    public,
    records,
    reporting,
    reports,
    request_drafts,
    requests,
    restrictions,
    school,
    school_own,
    school_year,
    signed,
    standing,
    told,
    waiting,
)
from schoolgate_webui.api.guard import guard
from schoolgate_webui.api.problems import handle_problems
from schoolgate_webui.api.schema import Written, written_of
from schoolgate_webui.rates import Rates, for_programs
from schoolgate_webui.rendering import Pages
from schoolgate_webui.site import Site

ROUTERS = (
    # Files come first: `/incidents/record.csv` is no number of an incident.
    exports.router,
    public.router,
    public.own,
    waiting.router,
    reporting.router,
    requests.router,
    request_drafts.router,
    standing.router,
    reports.router,
    blocks.router,
    incidents.router,
    restrictions.router,
    log.router,
    looks.router,
    records.router,
    legal_holds.router,
    told.router,
    people.router,
    school.router,
    school_own.router,
    school_year.router,
    policy.router,
    policy_drafts.router,
    policy_steps.router,
    signed.router,
)


def endpoints(site: Site | None, pages: Pages | None, rates: Rates) -> FastAPI:
    """Return the endpoints, each behind the guard; without *site* only to be looked at."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(guard)],
    )
    app.state.site = site
    app.state.pages = pages
    app.state.rates = rates
    for router in ROUTERS:
        app.include_router(router)
    app.state.written = written
    handle_problems(app)
    return app


@functools.cache
def written() -> Written:
    """Return the OpenAPI document, made once and when it is first wanted."""
    return written_of(endpoints(None, None, for_programs()))


def api_app(site: Site, pages: Pages, rates: Rates | None = None) -> ASGIApp:
    """Return the API over *site*."""
    return ByWayOfApi(endpoints(site, pages, rates or for_programs()))


class ByWayOfApi:
    """Has the audit say of each change that a program made it; the guard may add the token."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and leave nothing behind for whatever the same task does next."""
        before = BY_WAY_OF.set("api")
        try:
            await self._app(scope, receive, send)
        finally:
            BY_WAY_OF.reset(before)
