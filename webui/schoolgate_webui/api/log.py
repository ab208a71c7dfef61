"""The log with pseudonyms, as its page shows it, and figures."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ipc.messages import Blocked
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.events import Stored, parse_place
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm, mistake_in
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.paging import next_link
from schoolgate_webui.api.shapes import Limit, Named, Page, Shape
from schoolgate_webui.looking import around, viewed_by
from schoolgate_webui.routes.figures import day_asked, span_asked, tables_of
from schoolgate_webui.routes.log import SEARCH_FOR_S, who_meant
from schoolgate_webui.views.log import LONGEST_ENTRY, Wanted, asked_of
from schoolgate_webui.views.log_rows import LogRow, rows_of
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.spans import SpanKind

router = APIRouter(tags=["Log and figures"])

Entry = Annotated[str, Query(max_length=LONGEST_ENTRY)]


class LogLine(Shape):
    """
    A line of the log: *who* is a pseudonym, or a name while the record is open to the owner.

    The pseudonym is another one for each token and each day (UTC), and the page's is yet another.
    """

    at: datetime
    count: int
    who: Named
    device: str
    network: str
    name: str
    is_allowed: bool
    rules: list[str]
    citation: str
    belongs: str
    attempt: str | None
    evidence: str | None


class LogPage(Page[LogLine]):
    """A part of the log; *searched_to* is how far back the search came in its time."""

    searched_to: datetime | None = None


class FigureTable(Shape):
    """A table of figures, without anybody's name."""

    id: str
    title: str
    headings: list[str]
    rows: list[list[str | int | float]]
    note: str


class Figures(Shape):
    """The figures of a day, a week or a term; *missing_days* are not added up yet."""

    span: SpanKind
    first: date
    last: date
    tables: list[FigureTable]
    missing_days: int


@router.get("/log", summary="What was blocked, attempted and allowed, newest first")
def log(
    desk: DeskDep,
    *,
    since: Annotated[str, Query(alias="from", max_length=40)] = "",
    until: Annotated[str, Query(alias="to", max_length=40)] = "",
    audience: Audience | None = None,
    who: Entry = "",
    person: Entry = "",
    name: Entry = "",
    rule: Entry = "",
    category: Entry = "",
    attempts: Annotated[bool, Query(description="Attempts alone.")] = False,
    allowed: Annotated[bool, Query(description="What was allowed as well.")] = False,
    after: Annotated[str, Query(max_length=300, description="What `next` has.")] = "",
    limit: Limit = 50,
) -> LogPage:
    """Search the log; a person is looked for by name only while their record is open."""
    viewed = viewed_by(desk)
    if person and person not in viewed.open_now:
        raise UnknownObject("their record is not open")
    words = "" if audience is None else audience.value
    wanted = Wanted(since, until, words, who, person, name, rule, category, attempts, allowed)
    asked = asked_of(wanted, who_meant(who, viewed, desk), desk.now)
    if asked.mistakes:
        mistakes = (FieldMistake(field, said) for field, said in asked.mistakes.items())
        raise InvalidForm(tuple(mistakes), {})
    found = desk.site.events.search(
        asked.filter,
        limit=limit,
        before=parse_place(after) if after else None,
        budget_s=SEARCH_FOR_S,
    )
    rows = rows_of(found.events, around(desk, viewed))
    place = found.searched_to
    return LogPage(
        items=[_line(each, row, desk.now) for each, row in zip(found.events, rows, strict=True)],
        next=None if place is None else next_link(desk.request, after=str(place)),
        searched_to=None if place is None else desk.now.recorded(place.at),
    )


@router.get("/figures", summary="Figures of a day, a week or a term")
def figures(
    desk: DeskDep, span: SpanKind = SpanKind.WEEK, on: Annotated[str, Query(max_length=10)] = ""
) -> Figures:
    """Give the tables of the page of figures."""
    require_day(on)
    wanted = span_asked(desk, span.value, on)
    tables, missing = tables_of(desk, wanted)
    return Figures(
        span=wanted.kind,
        first=wanted.first,
        last=wanted.last,
        tables=[
            FigureTable(
                id=each.id,
                title=each.title,
                headings=list(each.headings),
                rows=[[_cell(cell) for cell in row] for row in each.rows],
                note=each.note,
            )
            for each in tables
        ],
        missing_days=missing,
    )


def _line(stored: Stored, row: LogRow, now: Now) -> LogLine:
    event = stored.event
    rules = event.rules if isinstance(event, Blocked) else ()
    at = now.local(event.school_at) if isinstance(event, Blocked) else now.recorded(event.minute)
    return LogLine(
        at=at,
        count=event.count,
        who=Named(id=row.who.code or None, name=row.who.text),
        device=row.device,
        network=row.network,
        name=row.name,
        is_allowed=row.is_allowed,
        rules=list(rules),
        citation=row.citation,
        belongs=row.belongs,
        attempt=row.attempt or None,
        evidence=row.evidence or None,
    )


def require_day(on: str) -> None:
    """Raise InvalidForm unless *on* is a day that figures are made of, or empty."""
    if on and day_asked(on) is None:
        raise mistake_in("on", "Enter a real date, like 2026-11-20.")


def _cell(cell: object) -> str | int | float:
    return cell if isinstance(cell, (int, float)) else "" if cell is None else str(cell)
