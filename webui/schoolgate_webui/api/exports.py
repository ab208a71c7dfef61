"""Files to keep, as pages give them; the audit notes as an export each that is about people."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from schoolgate_policyd.workflow.incidents import IncidentKind, Severity
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.log import require_day
from schoolgate_webui.api.looks import require_open
from schoolgate_webui.api.shapes import Number, PersonId
from schoolgate_webui.guard import SiteDep
from schoolgate_webui.routes import figures, incidents, log_people, public, request_talk
from schoolgate_webui.site import Visit
from schoolgate_webui.views.incidents import Wanted
from schoolgate_webui.views.spans import SpanKind

router = APIRouter(tags=["Files"])

TableName = Annotated[str, Path(pattern=r"^[a-z-]{1,30}$", description="The id of a table.")]


def _file(media_type: str, *, is_text: bool = True) -> dict[int | str, dict[str, Any]]:
    """Return what the document says of an endpoint that gives a file."""
    schema = {"type": "string"} if is_text else {"type": "string", "format": "binary"}
    return {200: {"description": "The file.", "content": {media_type: {"schema": schema}}}}


_CSV = _file("text/csv")
_PDF = _file("application/pdf", is_text=False)
_TEXT = _file("text/plain")


@router.get(
    "/filtering.txt",
    response_class=Response,
    responses=_TEXT,
    summary="What is filtered and monitored, as text",
)
def filtering_text(request: Request, site: SiteDep) -> Response:
    """Give the public page about what is filtered as plain text."""
    visit: Visit = request.state.visit
    return public.filtering_text(site, visit)


@router.get(
    "/filtering.pdf",
    response_class=Response,
    responses=_PDF,
    summary="What is filtered and monitored, on paper",
)
def filtering_pdf(request: Request, site: SiteDep) -> Response:
    """Give the public page about what is filtered as PDF."""
    visit: Visit = request.state.visit
    return public.filtering_pdf(site, visit)


@router.get(
    "/requests/{number}/form.pdf",
    response_class=Response,
    responses=_PDF,
    summary="The form of a request, on paper",
)
def request_form(desk: DeskDep, number: Number) -> Response:
    """Give the form of a request as PDF."""
    return request_talk.paper(desk, number)


@router.get(
    "/incidents/record.csv",
    response_class=Response,
    responses=_CSV,
    summary="Incidents for the safeguarding record, as a table",
)
def incidents_csv(
    desk: DeskDep,
    *,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    severity: Severity | None = None,
    kind: IncidentKind | None = None,
    person: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Give the incidents that the token's owner may see as CSV, narrowed like the list."""
    state = "" if is_open is None else "open" if is_open else "closed"
    wanted = Wanted(
        state,
        "" if severity is None else severity.value,
        "" if kind is None else kind.value,
        person,
    )
    return incidents.list_record(desk, wanted)


@router.get(
    "/incidents/{number}/record.csv",
    response_class=Response,
    responses=_CSV,
    summary="One incident for the safeguarding record, as a table",
)
def incident_csv(desk: DeskDep, number: Number) -> Response:
    """Give one incident as CSV."""
    return incidents.csv_record(desk, number)


@router.get(
    "/incidents/{number}/record.pdf",
    response_class=Response,
    responses=_PDF,
    summary="One incident for the safeguarding record, on paper",
)
def incident_pdf(desk: DeskDep, number: Number) -> Response:
    """Give one incident as PDF."""
    return incidents.pdf_record(desk, number)


@router.get(
    "/log/people/{person}/records.csv",
    response_class=Response,
    responses=_CSV,
    summary="Everything that the log keeps about somebody, as a table",
)
def record_csv(desk: DeskDep, person: PersonId) -> Response:
    """Give everything that the log keeps about somebody whose record is open."""
    require_open(desk, person)
    return log_people.whole_log(desk, person)


@router.get(
    "/figures/{table}.csv",
    response_class=Response,
    responses=_CSV,
    summary="A table of figures as a file",
)
def figures_csv(
    desk: DeskDep,
    table: TableName,
    span: SpanKind = SpanKind.WEEK,
    on: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Give one of the tables of figures as CSV."""
    require_day(on)
    return figures.one(desk, f"{table}.csv", span.value, on)
