"""Puts the pages together: `create_app` takes every collaborator and reads nothing itself."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from schoolgate_policyd.clock import Clock
from schoolgate_policyd.config import Settings
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.events import EventStore
from schoolgate_webui.api.app import api_app
from schoolgate_webui.api.schema import PREFIX
from schoolgate_webui.checks import Checks
from schoolgate_webui.frame import Frame
from schoolgate_webui.guard import guard
from schoolgate_webui.problems import handle_problems
from schoolgate_webui.rates import Rates, for_pages
from schoolgate_webui.rendering import Pages
from schoolgate_webui.routes import (
    account,
    account_factors,
    account_setup,
    account_tokens,
    acknowledgements,
    api_page,
    blocks,
    delegations,
    devices,
    draft_checks,
    draft_steps,
    drafts,
    figures,
    first_run,
    grants,
    home,
    incident_moves,
    incidents,
    log,
    log_people,
    policy,
    public,
    records,
    report,
    reports,
    request_forms,
    request_talk,
    requests,
    restrictions,
    school,
    school_days,
    school_forgetting,
    school_lines,
    school_networks,
    school_people,
    second_factor,
    session,
    sign,
    standing,
    supervised,
    told,
    why,
)
from schoolgate_webui.security import BoundedBodies, KnownHostsOnly, SecureHeaders, known_hosts
from schoolgate_webui.site import Policyd, Site
from schoolgate_webui.tokens import Cookies, RotatedSessions

STATIC_DIR = Path(__file__).parent / "static"
_SENDS_FILES = "http.response.pathsend"

ROUTERS = (
    home.router,
    session.router,
    second_factor.router,
    account.router,
    account_factors.router,
    account_tokens.router,
    account_setup.router,
    public.router,
    api_page.router,
    acknowledgements.router,
    told.router,
    request_forms.router,
    requests.router,
    sign.router,
    request_talk.router,
    delegations.router,
    standing.router,
    grants.router,
    log.router,
    log_people.router,
    figures.router,
    why.router,
    policy.router,
    records.router,
    drafts.router,
    draft_checks.router,
    draft_steps.router,
    school.router,
    school_forgetting.router,
    school_people.router,
    school_lines.router,
    school_networks.router,
    school_days.router,
    first_run.router,
    devices.router,
    report.router,
    reports.router,
    blocks.router,
    incidents.router,
    incident_moves.router,
    restrictions.router,
    supervised.router,
)


def create_app(
    settings: Settings,
    *,
    decisions: DecisionStore,
    events: EventStore,
    admin: Policyd,
    school_clock: Clock,
    machine_clock: Clock,
    checks: Checks | None = None,
    rates: Rates | None = None,
) -> ASGIApp:
    """
    Return the pages as an ASGI application; *checks* None: proofs run in processes of their own.

    *rates* say how often somebody may ask for pages, where not as often as `rates.for_pages`.

    The wrappers stand outside of the framework, so that its own error page has their headers too.
    """
    site = Site(
        settings,
        decisions=decisions,
        events=events,
        admin=admin,
        school_clock=school_clock,
        machine_clock=machine_clock,
        checks=checks,
    )
    return application(site, settings, rates)


def application(site: Site, settings: Settings, rates: Rates | None = None) -> ASGIApp:
    """Return the pages over *site* as an ASGI application."""
    return _wrapped(routed(site, rates), settings)


def routed(site: Site, rates: Rates | None = None) -> FastAPI:
    """Return the routes alone, each behind the guard."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(guard)])
    app.state.site = site
    app.state.rates = rates or for_pages()
    app.state.pages = Pages(Frame(site))
    for router in ROUTERS:
        app.include_router(router)
    app.mount(PREFIX, api_app(site, app.state.pages), name="api")
    # Only files are compressed: pages hold secrets beside what others may choose (BREACH).
    app.mount("/static", _packed(StaticFiles(directory=STATIC_DIR)), name="static")
    handle_problems(app, app.state.pages)
    return app


def _packed(files: ASGIApp) -> ASGIApp:
    packing = GZipMiddleware(files)

    async def without_shortcut(scope: Scope, receive: Receive, send: Send) -> None:
        # A server that sends files by itself (granian does) sends them as they lie on the disk.
        extensions = scope.get("extensions") or {}
        kept = {name: each for name, each in extensions.items() if name != _SENDS_FILES}
        await packing({**scope, "extensions": kept}, receive, send)

    return without_shortcut


def _wrapped(app: ASGIApp, settings: Settings) -> ASGIApp:
    is_https = urlsplit(settings.web.public_url).scheme == "https"
    wrappers: tuple[Callable[[ASGIApp], ASGIApp], ...] = (
        lambda inner: RotatedSessions(inner, Cookies(settings)),
        BoundedBodies,
        lambda inner: KnownHostsOnly(inner, known_hosts(settings)),
        lambda inner: SecureHeaders(inner, is_https=is_https),
    )
    for wrap in wrappers:
        app = wrap(app)
    return app
