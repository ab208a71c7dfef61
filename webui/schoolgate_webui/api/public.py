"""What anybody may read, who the token's owner is, and how the gateway is."""

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_webui.api.guard import CallerDep, DeskDep
from schoolgate_webui.api.schema import Written
from schoolgate_webui.api.shapes import Named, Shape
from schoolgate_webui.guard import SiteDep
from schoolgate_webui.routes.public import page_of
from schoolgate_webui.site import Visit
from schoolgate_webui.views import public
from schoolgate_webui.views.sources import SHOWN_FOR

router = APIRouter(tags=["For anybody"])
own = APIRouter(tags=["Token and gateway"])


class LinkShown(Shape):
    """Somewhere to go."""

    text: str
    href: str
    about: str


class TableShown(Shape):
    """Rows of short texts under headings."""

    headings: list[str]
    rows: list[list[str]]


class PartShown(Shape):
    """A heading and what stands under it."""

    id: str
    title: str
    paragraphs: list[str]
    bullets: list[str]
    table: TableShown | None
    links: list[LinkShown]


class Filtering(Shape):
    """What is filtered and monitored, from the policy in force."""

    school: str
    title: str
    lead: list[str]
    parts: list[PartShown]


class HelpLineShown(Shape):
    """Somebody to turn to; their site always opens."""

    name: str
    about: str
    phone: str
    site: str


class HelpLines(Shape):
    """Where to get help."""

    items: list[HelpLineShown]


class Me(Shape):
    """Whom the token acts for, what it was made for, and until when."""

    owner: Named
    duties: list[str]
    token: int
    token_name: str
    scopes: list[str]
    ends_at: datetime


class PointShown(Shape):
    """A part of the gateway and what it has in force."""

    kind: PointKind
    name: str
    is_connected: bool
    acknowledged: int
    unacknowledged_for_s: float


class NoticedShown(Shape):
    """What the filter noticed by itself in the last days."""

    kind: str
    at: datetime
    client: str
    network: str
    evidence: str


class StatusShown(Shape):
    """
    How the gateway is; *is_answering* says whether policyd answered in time.

    *is_in_force* says that every connected point has what was last decided.
    """

    is_answering: bool
    is_in_force: bool
    revision: int | None
    faults: list[str]
    points: list[PointShown]
    noticed: list[NoticedShown]


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> Response:
    """Give the OpenAPI document."""
    written: Written = request.app.state.written()
    return Response(written.octets, media_type="application/json")


@router.get("/filtering", summary="What is filtered and monitored")
def filtering(request: Request, site: SiteDep) -> Filtering:
    """Give the public page about what is filtered, as the school stands now."""
    visit: Visit = request.state.visit
    page = page_of(site, visit)
    return Filtering(
        school=site.settings.school_name,
        title=page.title,
        lead=list(page.lead),
        parts=[
            PartShown(
                id=part.id,
                title=part.title,
                paragraphs=list(part.paragraphs),
                bullets=list(part.bullets),
                table=None
                if part.table is None
                else TableShown(
                    headings=list(part.table.headings), rows=[list(row) for row in part.table.rows]
                ),
                links=[
                    LinkShown(text=each.text, href=each.href, about=each.about)
                    for each in part.links
                ],
            )
            for part in page.parts
        ],
    )


@router.get("/help-lines", summary="Where to get help")
def help_lines(site: SiteDep) -> HelpLines:
    """List the help lines, whose sites always open."""
    found = public.help_lines(site.policy_in_force.policy())
    return HelpLines(
        items=[
            HelpLineShown(name=each.name, about=each.about, phone=each.phone, site=each.site)
            for each in found
        ]
    )


@own.get("/me", summary="The token and its owner")
def me(desk: DeskDep, caller: CallerDep) -> Me:
    """Say whom the token acts for and what it was made for."""
    return Me(
        owner=Named(id=desk.member.id, name=desk.member.name),
        duties=sorted(desk.member.duties),
        token=caller.token.id,
        token_name=caller.token.name,
        scopes=sorted(caller.token.scopes),
        ends_at=desk.now.recorded(caller.token.ends_at),
    )


@own.get("/status", summary="How the gateway is")
def status(desk: DeskDep) -> StatusShown:
    """Say what is in force where, and what is not as it should be."""
    found, version = desk.site.status(), desk.site.decisions.version()
    noticed = desk.site.events.noticed(since=desk.now.machine - SHOWN_FOR)
    return StatusShown(
        is_answering=found is not None,
        is_in_force=found is not None and found.in_force_version >= version,
        revision=None if found is None else found.number,
        faults=[] if found is None else list(found.faults),
        points=[
            PointShown(
                kind=each.kind,
                name=each.name,
                is_connected=each.is_connected,
                acknowledged=each.acknowledged,
                unacknowledged_for_s=each.unacknowledged_for_s,
            )
            for each in (() if found is None else found.points)
        ],
        noticed=[
            NoticedShown(
                kind=each.kind,
                at=desk.now.recorded(each.at),
                client=each.client,
                network=each.network,
                evidence=each.evidence,
            )
            for each in noticed
        ],
    )
