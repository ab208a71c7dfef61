"""The log: what was blocked and attempted, and what was allowed; live, and searchable."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.events import Found, parse_place
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.looking import around, viewed_by
from schoolgate_webui.views.log import (
    LONGEST_ENTRY,
    MAX_ROWS,
    LogPage,
    Results,
    Wanted,
    Who,
    asked_of,
    log_page,
)
from schoolgate_webui.views.log_rows import rows_of
from schoolgate_webui.views.pseudonyms import Viewed

router = APIRouter()

LIVE_FOR_S = 15 * 60
# A search that takes longer says how far it came; the page has a second in all.
SEARCH_FOR_S = 0.25
# htmx takes this answer as "do not ask again"; it is no status of HTTP's own.
_STOP_POLLING = 286


def _wanted(desk: DeskDep) -> Wanted:
    asked = desk.request.query_params
    # Longer entries fit nothing; they are cut so that the page's own addresses stay short.
    entry = {name: asked[name][: LONGEST_ENTRY + 1] for name in asked}
    return Wanted(
        since=entry.get("from", ""),
        until=entry.get("to", ""),
        audience=entry.get("audience", ""),
        who=entry.get("who", ""),
        person=entry.get("person", ""),
        name=entry.get("name", ""),
        rule=entry.get("rule", ""),
        category=entry.get("category", ""),
        only_attempts=entry.get("attempts") == "yes",
        with_allowed=entry.get("allowed") == "yes",
    )


WantedDep = Annotated[Wanted, Depends(_wanted)]
Until = Annotated[int, Query(ge=0, le=2**40)]


@router.get("/attempts")
def attempts(desk: DeskDep) -> RedirectResponse:
    """Go on to the log, which the address of old stood for."""
    query = desk.request.url.query.replace("circumvention=", "attempts=")
    return RedirectResponse(f"/log?{query}" if query else "/log", status.HTTP_303_SEE_OTHER)


@router.get("/log")
def log(
    desk: DeskDep, wanted: WantedDep, before: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """Show the newest, which the page then asks for again every two seconds, or older ones."""
    viewed = viewed_by(desk)
    if wanted.person and wanted.person not in viewed.open_now:
        # Whoever is not open is not looked for by name either.
        return RedirectResponse("/log/people", status.HTTP_303_SEE_OTHER)
    live_until = int(desk.now.machine.timestamp()) + LIVE_FOR_S
    page = _page(desk, viewed, wanted, before=before, live_until=live_until)
    is_wrong = bool(page.mistakes)
    return desk.page(
        "log.html",
        status_code=status.HTTP_422_UNPROCESSABLE_CONTENT if is_wrong else status.HTTP_200_OK,
        log=page,
    )


@router.get("/log/rows")
def rows(desk: DeskDep, wanted: WantedDep, until: Until = 0) -> HTMLResponse:
    """
    Give the rows alone.

    After a quarter of an hour the page stops asking: one that was left open is no use of it, and
    must not keep somebody signed in.
    """
    viewed = viewed_by(desk)
    is_open = not wanted.person or wanted.person in viewed.open_now
    page = _page(desk, viewed, wanted, before="", live_until=until if is_open else 0)
    return desk.page(
        "log_rows.html",
        status_code=status.HTTP_200_OK if page.is_live else _STOP_POLLING,
        log=page,
    )


def _page(desk: Desk, viewed: Viewed, wanted: Wanted, *, before: str, live_until: int) -> LogPage:
    who = who_meant(wanted.who, viewed, desk)
    asked = asked_of(wanted, who, desk.now)
    place = parse_place(before) if before else None
    is_closed = bool(wanted.person) and wanted.person not in viewed.open_now
    found = Found((), None)
    if not (asked.mistakes or is_closed):
        found = desk.site.events.search(
            asked.filter, limit=MAX_ROWS, before=place, budget_s=SEARCH_FOR_S
        )
    here = around(desk, viewed)
    named = viewed.people.get(wanted.person)
    results = Results(
        found,
        rows_of(found.events, here),
        is_first=place is None,
        person_name="" if named is None or is_closed else named.name,
    )
    return log_page(wanted, asked, results, here.policy, desk.now, live_until=live_until)


def who_meant(entered: str, viewed: Viewed, desk: Desk) -> Who:
    """Return what the entry says: an address, a pseudonym of this session, a device's id."""
    entry = entered.strip()
    if not entry:
        return Who()
    if "." in entry or ":" in entry:
        return Who(client=entry)
    person = viewed.person_called(entry)
    if person is not None:
        return Who(person=person)
    devices = {each.id: each.address for each in desk.site.decisions.people.devices()}
    return Who(device=entry, client=devices.get(entry))
