"""Puts the pages together: `create_app` takes every collaborator and reads nothing itself."""

from collections.abc import Callable
from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from schoolgate_policyd.clock import Clock
from schoolgate_policyd.config import Settings
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.events import EventStore
from schoolgate_webui.checks import Checks
from schoolgate_webui.frame import Frame
from schoolgate_webui.guard import guard
from schoolgate_webui.problems import handle_problems
from schoolgate_webui.rendering import Pages
from schoolgate_webui.routes import (
    attempts,
    devices,
    draft_checks,
    draft_steps,
    drafts,
    grants,
    home,
    policy,
    public,
    requests,
    session,
    why,
)
from schoolgate_webui.security import BoundedBodies, KnownHostsOnly, SecureHeaders, known_hosts
from schoolgate_webui.site import Policyd, Site

STATIC_DIR = Path(__file__).parent / "static"

ROUTERS = (
    home.router,
    session.router,
    public.router,
    requests.router,
    grants.router,
    attempts.router,
    why.router,
    policy.router,
    drafts.router,
    draft_checks.router,
    draft_steps.router,
    devices.router,
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
) -> ASGIApp:
    """
    Return the pages as an ASGI application; *checks* None: proofs run in processes of their own.

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
    return _wrapped(routed(site), settings)


def routed(site: Site) -> FastAPI:
    """Return the routes alone, each behind the guard."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(guard)])
    app.state.site = site
    app.state.pages = Pages(Frame(site))
    for router in ROUTERS:
        app.include_router(router)
    # Only files are compressed: pages hold secrets beside what others may choose (BREACH).
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC_DIR)), name="static")
    handle_problems(app, app.state.pages)
    return app


def _wrapped(app: ASGIApp, settings: Settings) -> ASGIApp:
    wrappers: tuple[Callable[[ASGIApp], ASGIApp], ...] = (
        BoundedBodies,
        lambda inner: KnownHostsOnly(inner, known_hosts(settings)),
        SecureHeaders,
    )
    for wrap in wrappers:
        app = wrap(app)
    return app
