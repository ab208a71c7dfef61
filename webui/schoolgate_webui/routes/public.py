"""Pages for anybody: where to get help, and what is filtered and monitored, in three formats."""

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.store.retention import days_of
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.workflow.policy_versions import PolicyVersion, in_force_at
from schoolgate_policyd.workflow.suggested_sites import may_list
from schoolgate_webui.guard import SiteDep, VisitDep
from schoolgate_webui.paper.plain_text import plain_text
from schoolgate_webui.rendering import PagesDep
from schoolgate_webui.site import Site, Visit
from schoolgate_webui.views import public
from schoolgate_webui.views.filtering import SaidOfSchool, filtering_page
from schoolgate_webui.views.public_parts import PublicPage

router = APIRouter()

log = structlog.get_logger(__name__)


@router.get("/help")
def help_lines(request: Request, site: SiteDep, pages: PagesDep) -> HTMLResponse:
    """Show where to get help."""
    lines = public.help_lines(site.policy_in_force.policy())
    return pages.page(request, "help.html", lines=lines)


@router.get("/filtering")
def filtering(request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep) -> HTMLResponse:
    """Show what is filtered and monitored, from the policy in force."""
    keeps_list = visit.member is not None and may_list(visit.member)
    page = page_of(site, visit)
    return pages.page(request, "filtering.html", page=page, keeps_list=keeps_list)


@router.get("/filtering.txt")
def filtering_text(site: SiteDep, visit: VisitDep) -> Response:
    """Give the same as plain text."""
    settings = site.settings
    text = plain_text(
        page_of(site, visit), school_name=settings.school_name, where=settings.web.public_url
    )
    return PlainTextResponse(text)


@router.get("/filtering.pdf")
def filtering_pdf(site: SiteDep, visit: VisitDep) -> Response:
    """Give the same on paper."""
    octets = site.public_papers.of(page_of(site, visit), visit.now.machine)
    headers = {"content-disposition": 'attachment; filename="what-we-filter-and-monitor.pdf"'}
    return Response(octets, media_type="application/pdf", headers=headers)


def page_of(site: Site, visit: Visit) -> PublicPage:
    """Return the page about what is filtered, as the school stands now."""
    policy = site.policy_in_force.policy()
    versions = site.decisions.acknowledgements.directed(site.settings.school)
    current = in_force_at(versions, visit.now.school)
    said = SaidOfSchool(
        policy=policy,
        preset=None if current is None else _preset(site, current),
        versions=versions,
        sites=tuple(each.site for each in site.decisions.suggested_sites.listed()),
        kinds=KINDS,
        days=days_of(KINDS, site.settings.retention),
        now=visit.now,
    )
    return filtering_page(said)


def _preset(site: Site, current: PolicyVersion) -> Preset | None:
    try:
        return site.presets_read.of(current, site.policy_in_force.policy())
    except SchoolgateError as error:
        log.error("the policy's notes cannot be read", number=current.number, cause=str(error))  # noqa: TRY400 - the cause says all
        return None
