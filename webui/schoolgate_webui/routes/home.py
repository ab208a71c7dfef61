"""The first page: for whoever is signed in what waits and what is open, else a welcome."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.guard import SiteDep, VisitDep
from schoolgate_webui.rendering import PagesDep
from schoolgate_webui.views import home
from schoolgate_webui.views.sources import SHOWN_FOR

router = APIRouter()


@router.get("/")
def first_page(request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep) -> HTMLResponse:
    """Show home, or the welcome."""
    member = visit.member
    if member is None:
        return pages.page(request, "landing.html")
    requests = site.decisions.requests
    now = visit.now
    shown = home.home(
        member,
        waiting=requests.waiting_for(member.id, at=now.machine, moment=now.school),
        mine=requests.of(member.id),
        in_force=requests.in_force(now.school),
        noticed=(
            site.events.noticed(since=now.machine - SHOWN_FOR) if may(member, Sight.SYSTEM) else ()
        ),
        seen=site.seen(visit),
    )
    return pages.page(request, "home.html", home=shown)
