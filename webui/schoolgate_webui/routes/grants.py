"""Permissions in force."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from schoolgate_webui.guard import MemberDep, SiteDep, VisitDep
from schoolgate_webui.rendering import PagesDep
from schoolgate_webui.views.grants import grants

router = APIRouter()


@router.get("/grants")
def in_force(
    request: Request, site: SiteDep, visit: VisitDep, member: MemberDep, pages: PagesDep
) -> HTMLResponse:
    """Show everything that is open beyond the policy, with a form to withdraw each."""
    requests = site.decisions.requests.in_force(visit.now.school)
    staffing = site.decisions.requests.staffing(visit.now.school)
    shown = grants(requests, member, staffing, site.seen(visit))
    return pages.page(request, "grants.html", grants=shown)
