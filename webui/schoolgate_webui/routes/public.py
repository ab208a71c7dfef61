"""Pages for anybody: where to get help, and what is filtered and monitored."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from schoolgate_webui.guard import SiteDep
from schoolgate_webui.rendering import PagesDep
from schoolgate_webui.views import public

router = APIRouter()


@router.get("/help")
def help_lines(request: Request, site: SiteDep, pages: PagesDep) -> HTMLResponse:
    """Show where to get help."""
    lines = public.help_lines(site.policy_in_force.policy())
    return pages.page(request, "help.html", lines=lines)


@router.get("/filtering")
def filtering(request: Request, site: SiteDep, pages: PagesDep) -> HTMLResponse:
    """Show what is filtered and monitored, from the policy in force."""
    shown = public.filtering(site.policy_in_force.policy())
    return pages.page(request, "filtering.html", filtering=shown)
