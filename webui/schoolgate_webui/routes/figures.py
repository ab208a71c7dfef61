"""Figures of a day, a week or a term: drawings with their tables, and each table as a file."""

from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, Response

from schoolgate_policyd.core.subjects import OLDEST_YEAR, YOUNGEST_YEAR
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.workflow.requests import AccessRequest
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.looking import sums_of, viewed_by
from schoolgate_webui.paper.csv_text import csv_download, csv_text
from schoolgate_webui.views.figure_requests import asked_twice, requests_over_time
from schoolgate_webui.views.figure_tables import (
    Table,
    blocked_over_time,
    by_attempt,
    by_category,
    by_year_group,
)
from schoolgate_webui.views.figure_use import use_table
from schoolgate_webui.views.figures import figures_page
from schoolgate_webui.views.pseudonyms import year_words
from schoolgate_webui.views.spans import Span, SpanKind, span_of
from schoolgate_webui.views.use_minutes import person_days

router = APIRouter()

_REQUESTS_AT_ONCE = 200
_MAX_REQUESTS = 2_000
# Beyond these no calendar goes, and reckoning with days must not run out of them.
_YEARS = range(2000, 2200)

KindQuery = Annotated[str, Query(max_length=10)]
DayQuery = Annotated[str, Query(max_length=10)]


@router.get("/figures")
def figures(desk: DeskDep, span: KindQuery = "", on: DayQuery = "") -> HTMLResponse:
    """Show the figures."""
    wanted = span_asked(desk, span, on)
    tables, missing = tables_of(desk, wanted)
    calendar = desk.site.policy_in_force.policy().school_time.calendar
    page = figures_page(wanted, tables, calendar, desk.now, missing)
    return desk.page("figures.html", figures=page)


@router.get("/figures/{table}")
def one(
    desk: DeskDep,
    table: Annotated[str, Path(max_length=40)],
    span: KindQuery = "",
    on: DayQuery = "",
) -> Response:
    """Give one of the tables as a file (`blocked.csv`)."""
    wanted = span_asked(desk, span, on)
    tables, _ = tables_of(desk, wanted)
    found = next((each for each in tables if f"{each.id}.csv" == table), None)
    if found is None:
        raise UnknownObject("there is no such table")
    if found.id == "minutes":
        desk.site.decisions.looks.figures_exported(
            wanted.first, by=desk.member.id, at=desk.now.machine
        )
    name = f"{found.id}-{wanted.kind}-{wanted.first.isoformat()}.csv"
    return csv_download(name, csv_text(found.headings, found.rows))


def span_asked(desk: Desk, kind: str, on: str) -> Span:
    """Return the span that is asked for; of what makes no sense, this week's."""
    kinds = {each.value: each for each in SpanKind}
    day = day_asked(on) or desk.now.local(desk.now.school).date()
    calendar = desk.site.policy_in_force.policy().school_time.calendar
    return span_of(kinds.get(kind, SpanKind.WEEK), day, calendar)


def day_asked(on: str) -> date | None:
    """Return the day that *on* says; None where it is none, or none that a calendar reaches."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def tables_of(desk: Desk, span: Span) -> tuple[tuple[Table, ...], int]:
    """Return every table of *span*, and how many days are not added up yet."""
    # Figures say no names, also to whom a record is open: they are printed and passed on.
    viewed = msgspec.structs.replace(viewed_by(desk), open_now={})
    now = desk.now
    policy = desk.site.policy_in_force.policy()
    days, missing = sums_of(desk, viewed, span.utc_days(now))
    requests = _requests(desk, span)
    years = [year_words(each) for each in range(YOUNGEST_YEAR, OLDEST_YEAR + 1)]
    tables = [
        blocked_over_time(days, span, now),
        by_category(days, policy),
        by_year_group(days, policy, years),
        by_attempt(days, span, now),
        requests_over_time(requests, span, now),
        asked_twice(requests),
    ]
    if may(desk.member, Sight.RECORDS_OF_PEOPLE):
        services = policy.catalogue.services_by_id
        tables.append(use_table(person_days(days, now), span, viewed, services))
    return tuple(tables), len(missing)


def _requests(desk: Desk, span: Span) -> list[AccessRequest]:
    """Return the requests that were sent in *span*, newest first."""
    found: list[AccessRequest] = []
    before: int | None = None
    for _ in range(_MAX_REQUESTS // _REQUESTS_AT_ONCE):
        page = desk.site.decisions.requests.every(before=before, limit=_REQUESTS_AT_ONCE)
        days = [desk.now.recorded(each.submitted_at).date() for each in page]
        found += (each for each, day in zip(page, days, strict=True) if span.holds(day))
        if not page or days[-1] < span.first:
            break
        before = page[-1].id
    return found
