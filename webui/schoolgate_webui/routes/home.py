"""The first page: for whoever is signed in what waits and what is open, else a welcome."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.guard import SiteDep, VisitDep
from schoolgate_webui.rendering import PagesDep
from schoolgate_webui.views import home
from schoolgate_webui.views.sources import SHOWN_FOR
from schoolgate_webui.views.standing import reminders

router = APIRouter()


@router.get("/")
def first_page(request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep) -> HTMLResponse:
    """Show home, or the welcome."""
    member = visit.member
    if member is None:
        return pages.page(request, "landing.html")
    requests = site.decisions.requests
    now, seen = visit.now, site.seen(visit)
    sees_system = may(member, Sight.SYSTEM)
    keeps_standing = may(member, Sight.STANDING_PERMISSIONS)
    shown = home.home(
        member,
        waiting=requests.waiting_for(member.id, at=now.machine, moment=now.school),
        mine=requests.of(member.id),
        in_force=requests.in_force(now.school),
        noticed=site.events.noticed(since=now.machine - SHOWN_FOR) if sees_system else (),
        network_names=site.network_names() if sees_system else {},
        seen=seen,
        to_review=(
            reminders(site.decisions.standing.permissions(), seen) if keeps_standing else ()
        ),
    )
    return pages.page(request, "home.html", home=shown)
