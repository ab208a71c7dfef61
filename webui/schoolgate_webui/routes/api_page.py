"""The page that says what programs can ask for, and with which tokens."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from schoolgate_webui.api.app import written
from schoolgate_webui.guard import SiteDep
from schoolgate_webui.rendering import PagesDep
from schoolgate_webui.views.api_page import api_page

router = APIRouter()


@router.get("/api")
def documentation(request: Request, site: SiteDep, pages: PagesDep) -> HTMLResponse:
    """Show the endpoints, an example and the problems."""
    page = api_page(written().schema, site.settings.web.public_url)
    return pages.page(request, "api.html", api=page)
